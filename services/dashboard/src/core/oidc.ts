/** OpenID Connect as far as a page needs it: the code flow with PKCE (RFC 6749, 7636), without I/O. */

import { ROLES, type Instant, type Person, type Role } from './domain.ts';
import { Fields } from './parse.ts';

/** Where people log in, as `/config.json` says. */
export interface Oidc {
  readonly issuer: string;
  readonly clientId: string;
  readonly scope: string;
  /** Where the roles are in the token: a claim, or a dotted path to one. */
  readonly rolesClaim: string;
}

/** From the issuer's discovery document. */
export interface Provider {
  readonly authorize: string;
  readonly token: string;
  readonly endSession: string | null;
}

export interface Tokens {
  readonly access: string;
  readonly refresh: string | null;
  readonly id: string | null;
  /** By this device's clock. */
  readonly expiresAt: Instant;
}

/** What is kept while the person is away logging in. */
export interface Attempt {
  readonly state: string;
  readonly verifier: string;
}

/** A token is renewed this long before its end. */
export const AHEAD_MS = 30_000;
const DEFAULT_LIFETIME_S = 300;

export class LoginFailed extends Error {
  override readonly name = 'LoginFailed';
}

export function provider(document: unknown, issuer: string): Provider {
  const of = new Fields(document, 'openid-configuration');
  // RFC 8414, 3.3: a document of another issuer must not be used.
  if (of.text('issuer').replace(/\/$/, '') !== issuer.replace(/\/$/, '')) {
    throw new LoginFailed(`the issuer calls itself ${of.text('issuer')}`);
  }
  return {
    authorize: of.text('authorization_endpoint'),
    token: of.text('token_endpoint'),
    endSession: of.textOrNull('end_session_endpoint'),
  };
}

/** Where to send the person. challenge: base64url of the verifier's SHA-256. */
export function loginUrl(
  oidc: Oidc,
  at: Provider,
  redirect: string,
  attempt: Attempt,
  challenge: string,
  language: string,
): string {
  const url = new URL(at.authorize);
  const asked = {
    response_type: 'code',
    client_id: oidc.clientId,
    redirect_uri: redirect,
    scope: oidc.scope,
    state: attempt.state,
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ui_locales: language,
  };
  for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
  return url.href;
}

/** Where the person is sent to end the provider's session too. */
export function logoutUrl(oidc: Oidc, at: Provider, redirect: string, id: string | null): string | null {
  if (at.endSession === null) return null;
  const url = new URL(at.endSession);
  url.searchParams.set('client_id', oidc.clientId);
  url.searchParams.set('post_logout_redirect_uri', redirect);
  if (id !== null) url.searchParams.set('id_token_hint', id);
  return url.href;
}

/**
 * What the provider sent the person back with: a code; null where they come from elsewhere.
 *
 * @throws LoginFailed the provider refuses, or the answer is not to our question
 */
export function returned(query: URLSearchParams, attempt: Attempt | null): string | null {
  const state = query.get('state');
  if (state === null || (!query.has('code') && !query.has('error'))) return null;
  if (attempt === null || state !== attempt.state) {
    throw new LoginFailed('the answer belongs to another log-in; please try again');
  }
  const error = query.get('error');
  if (error !== null) throw new LoginFailed(query.get('error_description') ?? error);
  return query.get('code');
}

/** The form that exchanges a code. */
export function exchange(oidc: Oidc, code: string, redirect: string, verifier: string): URLSearchParams {
  return new URLSearchParams({
    grant_type: 'authorization_code',
    client_id: oidc.clientId,
    code,
    redirect_uri: redirect,
    code_verifier: verifier,
  });
}

/** The form that renews a token. */
export function renewal(oidc: Oidc, refresh: string): URLSearchParams {
  return new URLSearchParams({ grant_type: 'refresh_token', client_id: oidc.clientId, refresh_token: refresh });
}

/** A token endpoint's answer. before: what a renewal need not repeat. */
export function tokens(answer: unknown, now: Instant, before: Tokens | null): Tokens {
  const of = new Fields(answer, 'token');
  const lifetime = 'expires_in' in (answer as object) ? of.number('expires_in') : DEFAULT_LIFETIME_S;
  return {
    access: of.text('access_token'),
    refresh: of.textOrNull('refresh_token') ?? before?.refresh ?? null,
    id: of.textOrNull('id_token') ?? before?.id ?? null,
    expiresAt: now + lifetime * 1_000,
  };
}

export function isFresh(tokens: Tokens, now: Instant): boolean {
  return now < tokens.expiresAt - AHEAD_MS;
}

/** What a token says, unchecked: only for showing a name and hiding buttons; the services check it. */
export function claims(token: string): Readonly<Record<string, unknown>> {
  try {
    const middle = (token.split('.')[1] ?? '').replace(/-/g, '+').replace(/_/g, '/');
    const bytes = Uint8Array.from(atob(middle), (one) => one.charCodeAt(0));
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {}; // an opaque token, which only the services can read
  }
}

/** Who has logged in, as far as the tokens tell. */
export function personOf(of: Tokens, rolesClaim: string): Person {
  const said = { ...claims(of.id ?? ''), ...claims(of.access) };
  const text = (name: string): string | null => (typeof said[name] === 'string' ? said[name] : null);
  const user = text('sub');
  const names = rolesClaim
    .split('.')
    .reduce<unknown>((at, name) => (at as Record<string, unknown> | null | undefined)?.[name], said);
  const roles = Array.isArray(names) ? ROLES.filter((role) => (names as unknown[]).includes(role)) : null;
  const role: readonly Role[] | null = roles && [...new Set<Role>(['member', ...roles])];
  return {
    user,
    name: text('name') ?? text('preferred_username') ?? user ?? '',
    organizations: null,
    roles: role,
  };
}

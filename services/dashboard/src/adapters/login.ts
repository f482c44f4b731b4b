/** Logging in at the organisation's own provider, and keeping the token fresh. */

import type { Person } from '../core/domain.ts';
import * as oidc from '../core/oidc.ts';
import { Failed, getJson } from './http.ts';
import { keepAttempt, keepTokens, keptAttempt, keptTokens } from './kept.ts';

/** The session is over: only the person can begin another. */
const OVER = new Failed({ status: 401, detail: 'the session has ended' });

export class Login {
  readonly #oidc: oidc.Oidc;
  #tokens: oidc.Tokens | null;
  #provider: Promise<oidc.Provider> | null = null;
  #renewing: Promise<oidc.Tokens> | null = null;

  constructor(settings: oidc.Oidc) {
    this.#oidc = settings;
    this.#tokens = keptTokens();
  }

  /**
   * Take what the provider sent the person back with. Whether somebody is logged in.
   *
   * @throws LoginFailed, Failed
   */
  async resume(): Promise<boolean> {
    const query = new URLSearchParams(location.search);
    const attempt = keptAttempt();
    if (query.has('state')) history.replaceState(null, '', pageAddress());
    const code = oidc.returned(query, attempt);
    keepAttempt(null);
    if (code !== null && attempt) {
      this.#keep(await this.#ask(oidc.exchange(this.#oidc, code, pageAddress(), attempt.verifier)));
    }
    if (this.#tokens === null) return false;
    return await this.token().then(
      () => true,
      (error: unknown) => {
        if (error instanceof Failed && error.problem.status === 401) return false;
        throw error;
      },
    );
  }

  /** Send the person to the provider. */
  async begin(language: string): Promise<void> {
    if (!globalThis.crypto?.subtle) throw new oidc.LoginFailed('this page has to be opened by https');
    const attempt = { state: random(), verifier: random() };
    const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(attempt.verifier));
    const url = oidc.loginUrl(
      this.#oidc,
      await this.#at(),
      pageAddress(),
      attempt,
      base64url(new Uint8Array(hash)),
      language,
    );
    keepAttempt(attempt);
    location.assign(url);
  }

  async end(): Promise<void> {
    const id = this.#tokens?.id ?? null;
    this.#keep(null);
    const at = await this.#at().catch(() => null);
    location.assign((at && oidc.logoutUrl(this.#oidc, at, pageAddress(), id)) ?? pageAddress());
  }

  person(): Person {
    if (!this.#tokens) throw OVER;
    return oidc.personOf(this.#tokens, this.#oidc.rolesClaim);
  }

  /**
   * A token that is good for a while, renewed where it has to be.
   *
   * @param isRefused whether the services did not take the last one
   * @throws Failed 401: only the person can go on, by logging in
   */
  readonly token = async (isRefused = false): Promise<string> => {
    const now = this.#tokens;
    if (now && !isRefused && oidc.isFresh(now, Date.now())) return now.access;
    if (!now?.refresh) {
      if (now && !isRefused && Date.now() < now.expiresAt) return now.access;
      throw OVER;
    }
    this.#renewing ??= this.#renew(now).finally(() => (this.#renewing = null));
    return (await this.#renewing).access;
  };

  async #renew(before: oidc.Tokens): Promise<oidc.Tokens> {
    try {
      const tokens = await this.#ask(oidc.renewal(this.#oidc, before.refresh ?? ''), before);
      this.#keep(tokens);
      return tokens;
    } catch (error) {
      // 400 and 401 are the provider's word that the session is over; all else may pass.
      if (error instanceof Failed && [400, 401].includes(error.problem.status)) throw OVER;
      throw error;
    }
  }

  async #ask(form: URLSearchParams, before: oidc.Tokens | null = null): Promise<oidc.Tokens> {
    const { token } = await this.#at();
    const now = Date.now(); // the lifetime begins when the provider answers at the latest
    return oidc.tokens(await getJson(token, { method: 'POST', body: form }), now, before);
  }

  #at(): Promise<oidc.Provider> {
    const { issuer } = this.#oidc;
    this.#provider ??= getJson(`${issuer}/.well-known/openid-configuration`).then(
      (found) => oidc.provider(found, issuer),
      (error: unknown) => {
        this.#provider = null; // asked again the next time
        throw error;
      },
    );
    return this.#provider;
  }

  #keep(tokens: oidc.Tokens | null): void {
    this.#tokens = tokens;
    keepTokens(tokens);
  }
}

/** The page's own address, which the provider has to know as the redirect address. */
function pageAddress(): string {
  return location.origin + location.pathname;
}

function random(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .replace(/=+$/, '');
}

/** What the backend tells its pages, at `config.json` beside the page. */

import type { Oidc } from '../core/oidc.ts';
import { Fields } from '../core/parse.ts';
import { getJson } from './http.ts';

export interface Configuration {
  readonly apiBase: string;
  readonly webSocketUrl: string;
  /** `none`: development; whoever comes may be anyone. */
  readonly auth: 'jwt' | 'none';
  readonly oidc: Oidc | null;
}

export async function loadConfiguration(): Promise<Configuration> {
  return configuration(await getJson(new URL('config.json', document.baseURI).href));
}

/** @throws BadAnswer */
export function configuration(answer: unknown): Configuration {
  const of = new Fields(answer, 'config.json');
  const said = (answer as { oidc?: object | null }).oidc ?? null;
  const oidc = said === null ? null : ofOidc(of.object('oidc'));
  return {
    apiBase: of.text('apiBase').replace(/\/+$/, ''),
    webSocketUrl: of.text('webSocketUrl'),
    auth: of.textOrNull('auth') === null ? (oidc ? 'jwt' : 'none') : of.oneOf('auth', ['jwt', 'none']),
    oidc,
  };
}

function ofOidc(of: Fields): Oidc | null {
  const clientId = of.textOrNull('clientId');
  if (clientId === null) return null;
  return {
    issuer: of.text('issuer').replace(/\/+$/, ''),
    clientId,
    scope: of.textOrNull('scope') ?? 'openid profile',
    rolesClaim: of.textOrNull('rolesClaim') ?? 'roles',
  };
}

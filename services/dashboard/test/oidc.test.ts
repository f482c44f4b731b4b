/** Logging in, without a provider: what is asked, what is taken, what is refused. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { configuration } from '../src/adapters/configuration.ts';
import * as oidc from '../src/core/oidc.ts';
import { BadAnswer } from '../src/core/parse.ts';
import { START } from './world.ts';

const SETTINGS: oidc.Oidc = {
  issuer: 'https://id.example/realms/u',
  clientId: 'dashboard',
  scope: 'openid',
  rolesClaim: 'realm_access.roles',
};
const PROVIDER: oidc.Provider = {
  authorize: 'https://id.example/auth?x=1',
  token: 'https://id.example/token',
  endSession: 'https://id.example/end',
};
const ATTEMPT: oidc.Attempt = { state: 's', verifier: 'v' };

function jwt(claims: object): string {
  return `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`;
}

describe('the configuration', () => {
  it('is read as the backend writes it', () => {
    const base = { apiBase: 'https://a.example/u/', webSocketUrl: 'wss://a.example/u/ws/dashboard' };
    assert.deepEqual(configuration({ ...base, auth: 'none', oidc: null }), {
      ...base,
      apiBase: 'https://a.example/u',
      auth: 'none',
      oidc: null,
    });
    const told = configuration({ ...base, auth: 'jwt', oidc: { issuer: 'https://id.example/', clientId: 'd' } });
    assert.deepEqual(told.oidc, {
      issuer: 'https://id.example',
      clientId: 'd',
      scope: 'openid profile',
      rolesClaim: 'roles',
    });
    assert.equal(
      configuration({ ...base, auth: 'jwt', oidc: { issuer: 'https://id.example', clientId: null } }).oidc,
      null,
    );
    assert.throws(() => configuration({ ...base, auth: 'maybe', oidc: null }), BadAnswer);
    assert.throws(() => configuration('<html>'), BadAnswer);
  });
});

describe('a log-in', () => {
  it('asks for a code with a challenge, and keeps what the address has already', () => {
    const url = new URL(oidc.loginUrl(SETTINGS, PROVIDER, 'https://a.example/u/', ATTEMPT, 'c', 'fr'));
    assert.deepEqual(Object.fromEntries(url.searchParams), {
      x: '1',
      response_type: 'code',
      client_id: 'dashboard',
      redirect_uri: 'https://a.example/u/',
      scope: 'openid',
      state: 's',
      code_challenge: 'c',
      code_challenge_method: 'S256',
      ui_locales: 'fr',
    });
  });

  it('takes only the answer to its own question', () => {
    const back = (query: string, attempt: oidc.Attempt | null = ATTEMPT) =>
      oidc.returned(new URLSearchParams(query), attempt);
    assert.equal(back('code=c&state=s'), 'c');
    assert.equal(back('lang=fr'), null);
    assert.throws(() => back('code=c&state=other'), oidc.LoginFailed);
    assert.throws(() => back('code=c&state=s', null), oidc.LoginFailed);
    assert.throws(() => back('error=access_denied&error_description=No&state=s'), /No/);
  });

  it('trusts only a discovery document of the issuer itself', () => {
    const document = { issuer: SETTINGS.issuer, authorization_endpoint: 'a', token_endpoint: 't' };
    assert.deepEqual(oidc.provider(document, `${SETTINGS.issuer}/`), { authorize: 'a', token: 't', endSession: null });
    assert.throws(
      () => oidc.provider({ ...document, issuer: 'https://evil.example' }, SETTINGS.issuer),
      oidc.LoginFailed,
    );
  });

  it('keeps what a renewal does not repeat, and renews ahead of the end', () => {
    const first = oidc.tokens({ access_token: 'a', refresh_token: 'r', id_token: 'i', expires_in: 60 }, START, null);
    const next = oidc.tokens({ access_token: 'b' }, START, first);
    assert.deepEqual(next, { access: 'b', refresh: 'r', id: 'i', expiresAt: START + 300_000 });
    assert.deepEqual(
      [0, 29_999, 30_000].map((ms) => oidc.isFresh(first, START + ms)),
      [true, true, false],
    );
    assert.throws(() => oidc.tokens({ error: 'x' }, START, null), BadAnswer);
  });

  it('finds the roles where the backend finds them, and leaves it to the services where it cannot', () => {
    const access = jwt({ sub: 'u1', name: 'Aïssatou Bâ', realm_access: { roles: ['treasurer', 'offline_access'] } });
    const of = { access, refresh: null, id: null, expiresAt: 0 };
    assert.deepEqual(oidc.personOf(of, SETTINGS.rolesClaim), {
      user: 'u1',
      name: 'Aïssatou Bâ',
      organizations: null,
      roles: ['member', 'treasurer'],
    });
    assert.equal(oidc.personOf(of, 'roles').roles, null);
    assert.deepEqual(oidc.personOf({ ...of, access: 'opaque' }, 'roles'), {
      user: null,
      name: '',
      organizations: null,
      roles: null,
    });
  });
});

/** What the device keeps: choices of the person, never data of a society. */

import type { Attempt, Tokens } from '../core/oidc.ts';
import { ROLES, type Person, type Role } from '../core/domain.ts';

export type Theme = 'auto' | 'light' | 'dark';
export const THEMES: readonly Theme[] = ['auto', 'light', 'dark'];

const PREFIX = 'unionflow.';

/** A device may refuse to keep anything; then a choice holds as long as the page is open. */
function read(store: () => Storage, name: string): string | null {
  try {
    return store().getItem(PREFIX + name);
  } catch {
    return null;
  }
}

function write(store: () => Storage, name: string, value: string | null): void {
  try {
    if (value === null) store().removeItem(PREFIX + name);
    else store().setItem(PREFIX + name, value);
  } catch {
    // full, or not allowed
  }
}

const lasting = (): Storage => localStorage;
const ofTab = (): Storage => sessionStorage;

function json(text: string | null): unknown {
  try {
    return text === null ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

export const keptLanguage = (): string | null => read(lasting, 'language');
export const keepLanguage = (language: string): void => write(lasting, 'language', language);
export const keptTheme = (): Theme | null => THEMES.find((one) => one === read(lasting, 'theme')) ?? null;
export const keepTheme = (theme: Theme): void => write(lasting, 'theme', theme);
export const keptOrganization = (): string | null => read(lasting, 'organization');
export const keepOrganization = (id: string): void => write(lasting, 'organization', id);

/** Of this tab alone, so that two windows may be two people. */
export function keptPerson(): Person | null {
  const kept = json(read(ofTab, 'person')) as Person | null;
  return kept && typeof kept.name === 'string' ? kept : null;
}

export const keepPerson = (person: Person | null): void => {
  write(ofTab, 'person', person && JSON.stringify(person));
};

/** Tokens live as long as the tab, and a reload of it. */
export function keptTokens(): Tokens | null {
  const kept = json(read(ofTab, 'tokens')) as Tokens | null;
  return kept && typeof kept.access === 'string' ? kept : null;
}

export const keepTokens = (tokens: Tokens | null): void => write(ofTab, 'tokens', tokens && JSON.stringify(tokens));

export function keptAttempt(): Attempt | null {
  const kept = json(read(ofTab, 'attempt')) as Attempt | null;
  return kept && typeof kept.state === 'string' ? kept : null;
}

export const keepAttempt = (attempt: Attempt | null): void =>
  write(ofTab, 'attempt', attempt && JSON.stringify(attempt));

/** `?user=awa-ndiaye&organization=mutuelle-dakar&roles=treasurer`: development's short way in. */
export function personOfAddress(query: URLSearchParams): Person | null {
  const user = query.get('user');
  if (user === null) return null;
  const organization = query.get('organization');
  const roles = query
    .get('roles')
    ?.split(',')
    .filter((one): one is Role => (ROLES as readonly string[]).includes(one));
  return { user, name: '', organizations: organization === null ? null : [organization], roles: roles ?? null };
}

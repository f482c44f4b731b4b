/**
 * A line of activity taken apart, so that each language says it in its own words. The services write
 * a sentence in English beside a line's kind; what it does not tell apart is shown as it is.
 */

import type { Activity, Amount } from './domain.ts';

export interface Line {
  /** Of the catalogue's `lines`; null where the page has no words for it. */
  readonly says: string | null;
  /** What it is about, in the services' own words. */
  readonly what: string;
  readonly transactionType: string | null;
  readonly amount: Amount | null;
  readonly currency: string | null;
}

const APPROVAL = /^([A-Z][A-Z0-9_]*) of (\d+(?:\.\d+)?) ([A-Z]{3}) was (granted in part|\w+)/;
const ASKED = /^asked for an? ([a-z_]+)$/;
const PAID = /^(.*): (\d+(?:\.\d+)?) ([A-Z]{3}) paid$/;
const REMINDED = /^(.*) of \d+(?:\.\d+)? [A-Z]{3} was reminded of$/;
const MEMBER: readonly [RegExp, string][] = [
  [/ joined$/, 'MEMBER_CREATED'],
  [/ left$/, 'MEMBER_LEFT'],
  [/ came back$/, 'MEMBER_BACK'],
  [/ (was changed|has other roles)$/, 'MEMBER_UPDATED'],
];
const EVENT: readonly [RegExp, string][] = [
  [/ was scheduled$/, 'EVENT_SCHEDULED'],
  [/ was cancelled$/, 'EVENT_CANCELLED'],
  [/ was changed$/, 'EVENT_UPDATED'],
];

export function read(activity: Activity): Line {
  const { kind, text } = activity;
  if (kind.startsWith('APPROVAL_')) return ofApproval(kind, text);
  if (kind === 'CONTRIBUTION_PAID') {
    const [, what = text, amount = null, currency = null] = PAID.exec(text) ?? [];
    return line(amount === null ? null : kind, what, null, amount, currency);
  }
  if (kind === 'CONTRIBUTION_REMINDED') return line(kind, REMINDED.exec(text)?.[1] ?? text);
  if (kind === 'MEMBER_CREATED' || kind === 'MEMBER_UPDATED') return ofEnding(MEMBER, text);
  if (kind === 'EVENT_UPDATED') return ofEnding(EVENT, text);
  return line(kind === 'BROADCAST_NOTIFICATION' ? kind : null, text);
}

function ofApproval(kind: string, text: string): Line {
  const [, asked] = ASKED.exec(text) ?? [];
  if (asked) return line(kind, '', asked.toUpperCase());
  const [, type = null, amount = null, currency = null, done] = APPROVAL.exec(text) ?? [];
  if (type === null) return line(null, text);
  return line(done === 'granted in part' ? 'APPROVAL_GRANTED' : kind, '', type, amount, currency);
}

function ofEnding(endings: readonly [RegExp, string][], text: string): Line {
  for (const [ending, says] of endings) {
    if (ending.test(text)) return line(says, text.replace(ending, ''));
  }
  return line(null, text);
}

function line(
  says: string | null,
  what: string,
  transactionType: string | null = null,
  amount: Amount | null = null,
  currency: string | null = null,
): Line {
  return { says, what, transactionType, amount, currency };
}

/**
 * What a screen reader is told of by itself: what matters, seldom, the newest of each kind alone.
 * Forty approvals in a second are one sentence.
 */

import type { Instant } from './domain.ts';

export const PAUSE_MS = 5_000;
/** A connection that is back at once is not worth a word. */
export const CALM_MS = 2_000;

export type Spoken =
  | { readonly says: 'new-approvals'; readonly count: number }
  | { readonly says: 'new-messages'; readonly count: number }
  | { readonly says: 'link'; readonly state: 'live' | 'offline' | 'refused' }
  | { readonly says: 'decided'; readonly verdict: 'approve' | 'reject' }
  | { readonly says: 'not-decided' }
  | { readonly says: 'elsewhere'; readonly count: number };

export interface Speech {
  /** What is said now; `number` tells two equal sentences apart. */
  readonly said: Spoken | null;
  readonly number: number;
  /** What waits to be said, one of a kind; and from when on. */
  readonly waiting: ReadonlyMap<Spoken['says'], { readonly what: Spoken; readonly from: Instant }>;
  readonly openAt: Instant;
}

export const SILENT: Speech = { said: null, number: 0, waiting: new Map(), openAt: 0 };

/** Something to be said when it is time. A count adds to what of its kind still waits. */
export function tell(speech: Speech, what: Spoken, now: Instant): Speech {
  const before = speech.waiting.get(what.says);
  const isCounted = 'count' in what && before && 'count' in before.what;
  const sum = isCounted ? ({ ...what, count: what.count + (before.what as { count: number }).count } as Spoken) : what;
  const from = before && isCounted ? before.from : now + (what.says === 'link' ? CALM_MS : 0);
  return { ...speech, waiting: new Map(speech.waiting).set(what.says, { what: sum, from }) };
}

/** It is no longer so. */
export function unsay(speech: Speech, says: Spoken['says']): Speech {
  if (!speech.waiting.has(says)) return speech;
  const waiting = new Map(speech.waiting);
  waiting.delete(says);
  return { ...speech, waiting };
}

/** Say the next thing, where it is time to. What the person did themselves is said first, at once. */
export function speak(speech: Speech, now: Instant): Speech {
  for (const says of ['not-decided', 'decided'] as const) {
    const own = speech.waiting.get(says);
    if (own) return said(speech, own.what, now);
  }
  if (now < speech.openAt) return speech;
  const next = [...speech.waiting.values()].find(({ from }) => now >= from);
  return next ? said(speech, next.what, now) : speech;
}

export function deadline(speech: Speech): Instant {
  let first = Infinity;
  for (const { from } of speech.waiting.values()) first = Math.min(first, from);
  return Math.max(first, first === Infinity ? 0 : speech.openAt);
}

function said(speech: Speech, what: Spoken, now: Instant): Speech {
  return { ...unsay(speech, what.says), said: what, number: speech.number + 1, openAt: now + PAUSE_MS };
}

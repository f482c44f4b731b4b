/**
 * The approvals on the desk: what waits, oldest first, and what was just decided, here or elsewhere.
 *
 * Nothing moves under a finger: what is new comes at the end, and what is decided keeps its place for
 * a while and longer as long as somebody points at the list. A decision is shown at once and taken
 * back, with the reason, where the services refuse it.
 */

import type { Approval, Instant, Problem } from './domain.ts';

const MAX_DONE = 200;
export const STAYS_MS = 6_000;
/** A hand that has not moved for so long is no hand. */
export const HELD_MS = 60_000;
/** After a card above has gone, presses are not taken for so long: they were meant for another. */
export const SETTLES_MS = 400;

export type Verdict = 'approve' | 'reject';

/** What this person has done with an approval. */
export interface Decision {
  readonly verdict: Verdict;
  readonly reason: string;
  /** For the services: the same press sent twice is one. */
  readonly key: string;
  readonly phase: 'sending' | 'done' | 'failed';
  readonly problem: Problem | null;
}

export interface Desk {
  readonly cards: readonly Approval[];
  readonly decisions: ReadonlyMap<string, Decision>;
  /** When a card that no longer waits was first seen so. */
  readonly leftAt: ReadonlyMap<string, Instant>;
  /** Somebody points at the list: until when that counts, for a pointer may be left lying there. */
  readonly heldUntil: Instant;
  readonly movedAt: Instant;
  /** What was taken last. */
  readonly told: readonly Approval[] | null;
  /** Decided and cleared away: an answer that was long under way does not bring them back. */
  readonly done: readonly string[];
}

export const CLEAR: Desk = {
  cards: [],
  decisions: new Map(),
  leftAt: new Map(),
  heldUntil: -Infinity,
  movedAt: -Infinity,
  told: null,
  done: [],
};

/** Take what the services and the events say into what is on the desk. */
export function take(desk: Desk, told: readonly Approval[], now: Instant): Desk {
  if (told === desk.told) return desk;
  const news = new Map(told.map((one) => [one.id, one]));
  const kept = desk.cards.map((card) => merge(card, news.get(card.id)));
  const known = new Set([...desk.cards.map((card) => card.id), ...desk.done]);
  const added = told.filter((one) => !known.has(one.id) && one.status === 'PENDING');
  const cards = [...kept, ...added].sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
  const leftAt = new Map<string, Instant>();
  for (const card of cards) {
    const isGone = card.status !== 'PENDING' || !news.has(card.id);
    if (isGone) leftAt.set(card.id, desk.leftAt.get(card.id) ?? now);
  }
  return { ...desk, cards, leftAt, told };
}

function merge(card: Approval, news: Approval | undefined): Approval {
  if (!news || (card.status !== 'PENDING' && news.status === 'PENDING')) return card;
  return { ...news, reason: news.reason ?? card.reason };
}

/** Cards that no longer wait and of which nobody has said why: the services are to be asked. */
export function unexplained(desk: Desk): readonly string[] {
  return desk.cards
    .filter((card) => card.status === 'PENDING' && desk.leftAt.has(card.id) && phase(desk, card.id) !== 'sending')
    .map((card) => card.id);
}

/** Whether a press on a card is taken. */
export function takesPress(desk: Desk, id: string, now: Instant): boolean {
  const card = desk.cards.find((one) => one.id === id);
  return card?.status === 'PENDING' && phase(desk, id) !== 'sending' && now - desk.movedAt >= SETTLES_MS;
}

/** Somebody has pressed: shown as done, until the services say otherwise. */
export function press(desk: Desk, id: string, verdict: Verdict, reason: string, key: string): Desk {
  return decide(desk, id, { verdict, reason, key, phase: 'sending', problem: null });
}

/** The services have taken it. */
export function accepted(desk: Desk, answer: Approval, now: Instant): Desk {
  const before = desk.decisions.get(answer.id);
  const after = before ? decide(desk, answer.id, { ...before, phase: 'done', problem: null }) : desk;
  return replace(after, answer, now);
}

/** The services have refused it, or nobody answered: it is as it was before, and says why. */
export function refused(desk: Desk, id: string, problem: Problem): Desk {
  const before = desk.decisions.get(id);
  return before ? decide(desk, id, { ...before, phase: 'failed', problem }) : desk;
}

/** The services have said how one approval stands. */
export function replace(desk: Desk, answer: Approval, now: Instant): Desk {
  const cards = desk.cards.map((card) => (card.id === answer.id ? merge(card, answer) : card));
  const leftAt = new Map(desk.leftAt);
  if (answer.status === 'PENDING') leftAt.delete(answer.id);
  else if (!leftAt.has(answer.id)) leftAt.set(answer.id, now);
  return { ...desk, cards, leftAt };
}

/** Somebody points at the list, or no longer does. */
export function hold(desk: Desk, isHeld: boolean, now: Instant): Desk {
  if (isHeld) return { ...desk, heldUntil: now + HELD_MS };
  if (desk.heldUntil <= now) return desk;
  // What has waited all the while still stays for a moment after the finger has gone.
  const least = now - STAYS_MS + 1_000;
  const leftAt = new Map([...desk.leftAt].map(([id, at]) => [id, Math.max(at, least)]));
  return { ...desk, heldUntil: now, leftAt };
}

/** Clear away what has been shown as decided for long enough. */
export function sweep(desk: Desk, now: Instant): Desk {
  if (now < deadline(desk)) return desk;
  const goes = (id: string): boolean => {
    const at = desk.leftAt.get(id);
    return at !== undefined && now - at >= STAYS_MS && phase(desk, id) !== 'sending';
  };
  const cards = desk.cards.filter((card) => !goes(card.id));
  if (cards.length === desk.cards.length) return desk;
  const left = new Set(cards.map((card) => card.id));
  const keep = <T>(of: ReadonlyMap<string, T>): Map<string, T> => new Map([...of].filter(([id]) => left.has(id)));
  const decided = desk.cards.filter((card) => card.status !== 'PENDING' && !left.has(card.id));
  const done = [...desk.done, ...decided.map((card) => card.id)].slice(-MAX_DONE);
  return { ...desk, cards, decisions: keep(desk.decisions), leftAt: keep(desk.leftAt), movedAt: now, done };
}

/** When there is something to clear away; Infinity where nothing is. */
export function deadline(desk: Desk): Instant {
  let first = Infinity;
  for (const [id, at] of desk.leftAt) {
    if (phase(desk, id) !== 'sending') first = Math.min(first, at + STAYS_MS);
  }
  return Math.max(first, desk.heldUntil);
}

/** How many wait for this person. */
export function waiting(desk: Desk): number {
  return desk.cards.filter((card) => stage(desk, card) === 'waiting').length;
}

/** How a card looks. */
export type Stage = 'waiting' | 'approving' | 'rejecting' | 'granted-in-part' | 'approved' | 'rejected' | 'gone';

export function stage(desk: Desk, card: Approval): Stage {
  if (card.status === 'APPROVED') return 'approved';
  if (card.status === 'REJECTED') return 'rejected';
  const decision = desk.decisions.get(card.id);
  if (decision?.phase === 'sending') return decision.verdict === 'approve' ? 'approving' : 'rejecting';
  if (desk.leftAt.has(card.id)) return 'gone';
  return decision?.phase === 'done' ? 'granted-in-part' : 'waiting';
}

function phase(desk: Desk, id: string): Decision['phase'] | undefined {
  return desk.decisions.get(id)?.phase;
}

function decide(desk: Desk, id: string, decision: Decision): Desk {
  return { ...desk, decisions: new Map(desk.decisions).set(id, decision) };
}

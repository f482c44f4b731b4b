/** How often a part may change on screen: at most every half second, however many events arrive. */

import type { Instant } from './domain.ts';

export const GAP_MS = 500;
/** Slower for what costs the services more and nobody waits for. */
export const SLOW_GAP_MS = 5_000;
/**
 * Whoever only watches asks some time within this: a society's members are many, and would else all
 * ask in the same moment. What an event says by itself they see at once all the same.
 */
export const SPREAD_MS = 2_000;
const MAX_RETRY_MS = 30_000;

export interface Gate {
  /** From when on the part may change again. */
  readonly openAt: Instant;
  /** Never before then, whatever happens. */
  readonly least: Instant;
  /** Something has happened since the services were last asked. */
  readonly isDirty: boolean;
  /** When the answer that is under way was asked for; null where none is. */
  readonly asked: Instant | null;
  /** How many answers in a row did not come. */
  readonly failures: number;
}

export const CLOSED: Gate = { openAt: 0, least: 0, isDirty: false, asked: null, failures: 0 };

/** Something has happened. from: ask no sooner than then. */
export function touch(gate: Gate, from: Instant = -Infinity): Gate {
  return gate.isDirty ? gate : { ...gate, isDirty: true, openAt: Math.max(gate.openAt, from) };
}

export function isDue(gate: Gate, now: Instant): boolean {
  return gate.isDirty && gate.asked === null && now >= gate.openAt;
}

/** The services are asked now. */
export function ask(gate: Gate, now: Instant, gap: number): Gate {
  return { ...gate, isDirty: false, asked: now, openAt: now + gap, least: now + gap };
}

export function answered(gate: Gate): Gate {
  return { ...gate, asked: null, failures: 0 };
}

/**
 * No answer came: later again, after 1, 2, 4 … 30 s with half of it left to chance.
 *
 * @param chance from 0 to 1, without 1
 */
export function missed(gate: Gate, now: Instant, chance: number): Gate {
  const failures = gate.failures + 1;
  const wait = Math.min(MAX_RETRY_MS, 1_000 * 2 ** (failures - 1));
  return {
    ...gate,
    openAt: Math.max(gate.least, now + wait * (0.5 + chance / 2)),
    isDirty: true,
    asked: null,
    failures,
  };
}

/** The network is back: what failed need not wait any longer. */
export function hurry(gate: Gate, now: Instant): Gate {
  return gate.failures > 0
    ? { ...gate, isDirty: true, openAt: Math.min(gate.openAt, Math.max(gate.least, now)) }
    : gate;
}

/** When there is something to do; Infinity where nothing is waited for. */
export function deadline(gate: Gate): Instant {
  return gate.isDirty && gate.asked === null ? gate.openAt : Infinity;
}

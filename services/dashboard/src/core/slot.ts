/** One part of the page: its value, how fresh that is, and what has been heard since it was asked for. */

import type { Instant, Problem } from './domain.ts';
import { answered, CLOSED, GAP_MS, missed, touch, type Gate } from './gate.ts';
import { APPLIES, MAX_HEARD, type Heard } from './heard.ts';
import type { Happening, Part, Values } from './parts.ts';
import { same } from './same.ts';

export interface Slot<Value> {
  /** null until the first answer; kept when a later one fails. */
  readonly value: Value | null;
  /** When the newest answer was asked for; null until there is one. */
  readonly asOf: Instant | null;
  /** Why the newest answer did not come; null where it did. */
  readonly problem: Problem | null;
  readonly gate: Gate;
  readonly heard: readonly Heard[];
  /** How many of `heard` are in `value`. */
  readonly applied: number;
  /** From when on more of `heard` may go into `value`. */
  readonly paintAt: Instant;
}

export type Slots = { readonly [P in Part]: Slot<Values[P]> };

/** Nothing is known of it yet, and it is to be asked for. */
export function empty<Value>(): Slot<Value> {
  return { value: null, asOf: null, problem: null, gate: touch(CLOSED), heard: [], applied: 0, paintAt: 0 };
}

/** An event that can change the part by itself was heard. */
export function hear<P extends Part>(part: P, slot: Slot<Values[P]>, event: Happening, now: Instant): Slot<Values[P]> {
  if (!APPLIES[part]) return slot;
  const heard = [...slot.heard, { event, at: now }];
  const dropped = Math.max(0, heard.length - MAX_HEARD);
  const kept = dropped ? heard.slice(dropped) : heard;
  return paint(part, { ...slot, heard: kept, applied: Math.max(0, slot.applied - dropped) }, now);
}

/** Put what was heard into the value, where it is time to. */
export function paint<P extends Part>(part: P, slot: Slot<Values[P]>, now: Instant): Slot<Values[P]> {
  if (slot.value === null || slot.applied === slot.heard.length || now < slot.paintAt) return slot;
  const value = apply(part, slot.value, slot.heard.slice(slot.applied));
  return { ...slot, value, applied: slot.heard.length, paintAt: now + GAP_MS };
}

/** An answer has come. What was heard after it was asked for is newer than it. */
export function load<P extends Part>(
  part: P,
  slot: Slot<Values[P]>,
  answer: Values[P],
  asked: Instant,
): Slot<Values[P]> {
  const heard = slot.heard.filter((one) => one.at >= asked);
  const value = apply(part, answer, heard);
  return {
    ...slot,
    value: slot.value !== null && same(slot.value, value) ? slot.value : value,
    asOf: asked,
    problem: null,
    gate: answered(slot.gate),
    heard,
    applied: heard.length,
  };
}

/** No answer has come: the value stays, and the page says how old it is. */
export function fail<Value>(slot: Slot<Value>, problem: Problem, now: Instant, chance: number): Slot<Value> {
  return { ...slot, problem, gate: missed(slot.gate, now, chance) };
}

/** When the slot has something to put into its value. */
export function paintDeadline<Value>(slot: Slot<Value>): Instant {
  return slot.value !== null && slot.applied < slot.heard.length ? slot.paintAt : Infinity;
}

function apply<P extends Part>(part: P, value: Values[P], heard: readonly Heard[]): Values[P] {
  const one = APPLIES[part] as ((value: Values[P], event: Happening) => Values[P]) | undefined;
  return one ? heard.reduce((before, { event }) => one(before, event), value) : value;
}

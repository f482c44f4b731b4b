/** How old what is on screen is, in words: seconds in steps of five, then minutes, hours, days. */

import type { Instant } from './domain.ts';

export type Unit = 'second' | 'minute' | 'hour' | 'day';

/** count 0: just now. `changesAt`: when the words will be others. */
export interface Age {
  readonly count: number;
  readonly unit: Unit;
  readonly changesAt: Instant;
}

const STEPS: readonly [unit: Unit, size: number, step: number, below: number][] = [
  ['second', 1_000, 5_000, 60_000],
  ['minute', 60_000, 60_000, 3_600_000],
  ['hour', 3_600_000, 3_600_000, 86_400_000],
  ['day', 86_400_000, 86_400_000, Infinity],
];

/** A device's clock that was set back makes nothing come from the future. */
export function age(since: Instant, now: Instant): Age {
  const passed = Math.max(0, now - since);
  for (const [unit, size, step, below] of STEPS) {
    if (passed >= below) continue;
    const whole = Math.floor(passed / step) * step;
    return { count: whole / size, unit, changesAt: Math.max(since, now - passed) + whole + step };
  }
  throw new RangeError('no age is that great');
}

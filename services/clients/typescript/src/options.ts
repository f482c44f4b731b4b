/** What makes a session, and what of it cannot work. */

import type { Wanted } from './address.ts';
import { BadOptions } from './errors.ts';

const CONFLATABLE = ['DASHBOARD_STATS_UPDATED', 'KPI_UPDATED'];

export interface SessionOptions extends Wanted {
  /** The API's base: `https://api.example.org/unionflow`. */
  readonly api?: string | undefined;
  /** The WebSocket's whole address; it wins over `api`. */
  readonly url?: string | undefined;
  /** Whether there is a token to ask for. */
  readonly tokens?: boolean;
  /** Whether the program can reload; default true. */
  readonly reload?: boolean;
  /** What the store holds. */
  readonly stored?: string | undefined;
  /** Where to begin when nothing is stored; default live from now. */
  readonly from?: 'earliest' | undefined;
  /** How many events may wait for the program; default 1,000. */
  readonly queue?: number | undefined;
  /** How many ids are kept to drop repeats; default 10,000. */
  readonly remember?: number | undefined;
}

/** @throws BadOptions */
export function check({ queue = 1, remember = 1, conflate = [] }: SessionOptions): void {
  if (!(queue >= 1 && remember >= 1)) throw new BadOptions('queue and remember: 1 or more');
  if (conflate.some((type) => !CONFLATABLE.includes(type))) throw new BadOptions(`conflate: only ${CONFLATABLE}`);
}

/** How many requests were approved and rejected, week by week, for a small chart. */

import type { Approval, Decided, Instant } from './domain.ts';

export const WEEKS = 12;
const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;

/** Monday, midnight UTC, of the week of an instant; 1970 began on a Thursday. */
export function weekOf(at: Instant): Instant {
  return Math.floor((at + 3 * DAY_MS) / WEEK_MS) * WEEK_MS - 3 * DAY_MS;
}

/** The last weeks, oldest first, by when a request was made. */
export function verdicts(approvals: readonly Approval[], now: Instant): readonly Decided[] {
  const last = weekOf(now);
  const weeks = Array.from({ length: WEEKS }, (_, place) => ({
    from: last - (WEEKS - 1 - place) * WEEK_MS,
    approved: 0,
    rejected: 0,
  }));
  for (const one of approvals) {
    const week = weeks[WEEKS - 1 - Math.round((last - weekOf(one.createdAt)) / WEEK_MS)];
    if (!week) continue;
    if (one.status === 'APPROVED') week.approved += 1;
    if (one.status === 'REJECTED') week.rejected += 1;
  }
  return weeks;
}

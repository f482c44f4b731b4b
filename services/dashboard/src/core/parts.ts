/** The parts of the page, and which of them an event touches. */

import type { Activity, AgendaEvent, Approval, Decided, Inbox, Kpi, Months, Stats } from './domain.ts';

export interface Values {
  readonly stats: Stats;
  readonly kpis: readonly Kpi[];
  readonly approvals: readonly Approval[];
  readonly months: Months;
  readonly verdicts: readonly Decided[];
  readonly activities: readonly Activity[];
  readonly agenda: readonly AgendaEvent[];
  readonly notifications: Inbox;
}

export type Part = keyof Values;

export const PARTS: readonly Part[] = [
  'stats',
  'kpis',
  'approvals',
  'months',
  'verdicts',
  'activities',
  'agenda',
  'notifications',
];

/** What only draws a chart: the page is whole without it. */
export const CHARTS: readonly Part[] = ['months', 'verdicts'];

/** An event as far as the page needs it; the client's events fit. */
export interface Happening {
  readonly eventType: string;
  readonly organizationId: string | null;
  readonly data: object;
  readonly timestamp: string;
}

const APPROVAL: readonly Part[] = ['approvals', 'stats', 'verdicts'];
const TOUCHED: ReadonlyMap<string, readonly Part[]> = new Map<string, readonly Part[]>([
  ['APPROVAL_PENDING', APPROVAL],
  ['APPROVAL_APPROVED', APPROVAL],
  ['APPROVAL_REJECTED', APPROVAL],
  ['DASHBOARD_STATS_UPDATED', ['stats']],
  ['KPI_UPDATED', ['kpis']],
  ['ACTIVITY_CREATED', ['activities']],
  ['EVENT_UPDATED', ['agenda']],
  ['USER_NOTIFICATION', ['notifications']],
  ['BROADCAST_NOTIFICATION', ['notifications']],
  ['MEMBER_CREATED', ['stats']],
  ['MEMBER_UPDATED', ['stats']],
  ['CONTRIBUTION_PAID', ['stats', 'kpis', 'months']],
]);

/**
 * What is to be refreshed. Of another organisation than the one on screen only messages count, since
 * the inbox is the person's own; an event that the page does not know touches nothing.
 */
export function touched(event: Happening, organizationId: string | null): readonly Part[] {
  const parts = TOUCHED.get(event.eventType) ?? [];
  const isHere = event.organizationId === null || event.organizationId === organizationId;
  return isHere ? parts : parts.filter((part) => part === 'notifications');
}

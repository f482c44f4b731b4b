/** The events of UnionFlow as types: six classes by `eventType`, their data intact. */

/** An amount as the services send it: a decimal string, so that no digit is lost. */
export type Amount = string;

/** `data` of APPROVAL_PENDING, APPROVAL_APPROVED and APPROVAL_REJECTED. */
export interface ApprovalData {
  id: string;
  transactionType: string;
  amount: Amount;
  currency: string;
  approvedBy?: string;
  approvedAt?: string;
  rejectedBy?: string;
  rejectedAt?: string;
  reason?: string;
  [field: string]: unknown;
}

/** `data` of DASHBOARD_STATS_UPDATED and KPI_UPDATED. */
export interface StatsData {
  totalMembers?: number;
  totalContributions?: Amount | number;
  pendingApprovals?: number;
  [field: string]: unknown;
}

/** `data` of every other event: the producer's own. */
export interface Data {
  id?: string;
  [field: string]: unknown;
}

/** An event as it is on the wire; fields beyond these are kept in `raw`. */
export interface RawEvent {
  id: string;
  eventType: string;
  timestamp: string;
  organizationId: string | null;
  userId?: string;
  data: Data;
  [field: string]: unknown;
}

class BaseEvent<Type extends string, Payload> {
  /** UUIDv7; the same on every delivery. */
  declare readonly id: string;
  declare readonly eventType: Type;
  /** RFC 3339, UTC, milliseconds: when it happened. */
  declare readonly timestamp: string;
  /** null for one person's notification and for a broadcast to everyone. */
  declare readonly organizationId: string | null;
  declare readonly userId: string | undefined;
  declare readonly data: Payload;
  /** The whole object, as the relay sent it. */
  declare readonly raw: RawEvent;

  constructor(raw: RawEvent) {
    this.id = raw.id;
    this.eventType = raw.eventType as Type;
    this.timestamp = raw.timestamp;
    this.organizationId = raw.organizationId ?? null;
    this.userId = raw.userId;
    this.data = (raw.data ?? {}) as Payload;
    this.raw = raw;
  }
}

/** Something happened to an approval. */
export class FinanceApprovalEvent extends BaseEvent<`APPROVAL_${string}`, ApprovalData> {
  readonly kind = 'approval';
}

/** An organisation's figures changed. */
export class DashboardStatsEvent extends BaseEvent<
  'DASHBOARD_STATS_UPDATED' | 'KPI_UPDATED',
  StatsData
> {
  readonly kind = 'stats';
}

/** A message to a person, an organisation or everyone. */
export class NotificationEvent extends BaseEvent<`${string}_NOTIFICATION`, Data> {
  readonly kind = 'notification';
}

/** A member came, or changed. */
export class MemberEvent extends BaseEvent<`MEMBER_${string}`, Data> {
  readonly kind = 'member';
}

/** A contribution was paid. */
export class ContributionEvent extends BaseEvent<'CONTRIBUTION_PAID', Data> {
  readonly kind = 'contribution';
}

/** Any other event. */
export class GenericEvent extends BaseEvent<string, Data> {
  readonly kind = 'generic';
}

/** Tell them apart by `kind`, which TypeScript narrows, or by `instanceof`. */
export type UnionFlowEvent =
  | FinanceApprovalEvent
  | DashboardStatsEvent
  | NotificationEvent
  | MemberEvent
  | ContributionEvent
  | GenericEvent;

/** The typed event of an object from the wire. */
export function typed(raw: RawEvent): UnionFlowEvent {
  return new (classOf(raw.eventType))(raw);
}

function classOf(type: string): new (raw: RawEvent) => UnionFlowEvent {
  if (type.startsWith('APPROVAL_')) return FinanceApprovalEvent;
  if (type === 'DASHBOARD_STATS_UPDATED' || type === 'KPI_UPDATED') return DashboardStatsEvent;
  if (type.endsWith('_NOTIFICATION')) return NotificationEvent;
  if (type.startsWith('MEMBER_')) return MemberEvent;
  return type === 'CONTRIBUTION_PAID' ? ContributionEvent : GenericEvent;
}

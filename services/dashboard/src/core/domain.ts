/** What the page knows, in the domain's own words: each is made whole once, where an answer is read. */

/** A decimal string, as the services send it, so that no digit is lost. */
export type Amount = string;
/** Milliseconds since 1970. */
export type Instant = number;

export interface Organization {
  readonly id: string;
  readonly name: string;
  readonly currency: string;
}

export interface Stats {
  readonly totalMembers: number;
  readonly totalContributions: Amount;
  readonly pendingApprovals: number;
  readonly currency: string;
}

export interface Kpi {
  readonly id: string;
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

export type ApprovalStatus = 'PENDING' | 'APPROVED' | 'REJECTED';

export interface Approval {
  readonly id: string;
  readonly transactionType: string;
  readonly amount: Amount;
  readonly currency: string;
  /** null where only an event told of it, which does not carry the reason. */
  readonly reason: string | null;
  readonly requestedBy: string | null;
  readonly status: ApprovalStatus;
  readonly approvals: number;
  readonly approvalsNeeded: number;
  readonly decidedBy: string | null;
  readonly decisionReason: string | null;
  readonly createdAt: Instant;
}

export interface Activity {
  readonly id: string;
  readonly kind: string;
  readonly actor: string;
  readonly text: string;
  readonly createdAt: Instant;
}

export interface AgendaEvent {
  readonly id: string;
  readonly title: string;
  readonly kind: string;
  readonly location: string;
  readonly startsAt: Instant;
  readonly endsAt: Instant;
}

export interface Notification {
  readonly id: string;
  readonly organizationId: string | null;
  readonly title: string;
  readonly body: string;
  readonly createdAt: Instant;
  readonly read: boolean;
}

/** The newest messages, and how many are unread in all; `more` where there are more than that. */
export interface Inbox {
  readonly items: readonly Notification[];
  readonly unread: number;
  readonly more: boolean;
}

/** What contributions of one month come to, by the date on which they fall due. */
export interface Month {
  /** Such as `2026-11`. */
  readonly month: string;
  readonly due: Amount;
  readonly paid: Amount;
}

export interface Months {
  readonly currency: string;
  readonly items: readonly Month[];
}

/** What was decided in a span of time. */
export interface Decided {
  readonly from: Instant;
  readonly approved: number;
  readonly rejected: number;
}

export type Role = 'member' | 'treasurer' | 'president' | 'administrator';
export const ROLES: readonly Role[] = ['member', 'treasurer', 'president', 'administrator'];

/** Who looks. user null: somebody who did not say (development alone). organizations null: everywhere. */
export interface Person {
  readonly user: string | null;
  readonly name: string;
  readonly organizations: readonly string[] | null;
  /** null where the token does not tell: then the services are asked, and may refuse. */
  readonly roles: readonly Role[] | null;
}

/** Why something could not be had or done. `status` 0: nobody answered. */
export interface Problem {
  readonly status: number;
  readonly detail: string;
}

const DECIDERS: readonly Role[] = ['treasurer', 'president', 'administrator'];

/** Whether the services will let this person decide on approvals, as far as can be known. */
export function mayDecide(person: Person): boolean {
  return person.roles === null || person.roles.some((role) => DECIDERS.includes(role));
}

/** A name to show for a user's id: `awa-ndiaye` is Awa Ndiaye; what is no name is left as it is. */
export function nameOf(user: string, names: ReadonlyMap<string, string>): string {
  const known = names.get(user);
  if (known) return known;
  if (!/^\p{L}+([-.]\p{L}+){0,2}$/u.test(user)) return user;
  return user.replace(
    /(^|[-.])(\p{L})/gu,
    (_all, gap: string, first: string) => (gap ? ' ' : '') + first.toUpperCase(),
  );
}

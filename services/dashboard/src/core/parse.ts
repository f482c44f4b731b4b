/** Reads what the services answer. What is not as the REST reference says is refused, with its place. */

import type {
  Activity,
  AgendaEvent,
  Approval,
  ApprovalStatus,
  Inbox,
  Instant,
  Kpi,
  Months,
  Notification,
  Organization,
  Stats,
} from './domain.ts';

/** An answer, or an event, that is not what it has to be. */
export class BadAnswer extends Error {
  constructor(where: string, wanted: string, found: unknown) {
    super(`${where}: ${wanted} is wanted, not ${JSON.stringify(found) ?? 'nothing'}`.slice(0, 200));
    this.name = 'BadAnswer';
  }
}

/** One JSON object, whose fields are asked for by what they have to be. */
export class Fields {
  readonly #object: Record<string, unknown>;
  readonly #where: string;

  constructor(value: unknown, where: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new BadAnswer(where, 'an object', value);
    }
    this.#object = value as Record<string, unknown>;
    this.#where = where;
  }

  text(name: string): string {
    const value = this.#object[name];
    if (typeof value !== 'string') throw this.#bad(name, 'a text', value);
    return value;
  }

  textOrNull(name: string): string | null {
    return this.#object[name] == null ? null : this.text(name);
  }

  number(name: string): number {
    const value = this.#object[name];
    if (typeof value !== 'number' || !Number.isFinite(value)) throw this.#bad(name, 'a number', value);
    return value;
  }

  truth(name: string): boolean {
    const value = this.#object[name];
    if (typeof value !== 'boolean') throw this.#bad(name, 'true or false', value);
    return value;
  }

  amount(name: string): string {
    const value = this.text(name);
    if (!/^-?\d+(\.\d+)?$/.test(value)) throw this.#bad(name, 'a decimal amount', value);
    return value;
  }

  instant(name: string): Instant {
    const value = Date.parse(this.text(name));
    if (Number.isNaN(value)) throw this.#bad(name, 'a time', this.#object[name]);
    return value;
  }

  object(name: string): Fields {
    return new Fields(this.#object[name], `${this.#where}.${name}`);
  }

  list<T>(name: string, read: (one: Fields) => T): T[] {
    const value = this.#object[name];
    if (!Array.isArray(value)) throw this.#bad(name, 'a list', value);
    return value.map((one, place) => read(new Fields(one, `${this.#where}.${name}[${place}]`)));
  }

  texts(name: string): string[] {
    const value = this.#object[name];
    const isRight = Array.isArray(value) && value.every((one) => typeof one === 'string');
    if (!isRight) throw this.#bad(name, 'a list of texts', value);
    return value as string[];
  }

  oneOf<T extends string>(name: string, values: readonly T[]): T {
    const value = this.text(name);
    if (!(values as readonly string[]).includes(value)) throw this.#bad(name, values.join(' or '), value);
    return value as T;
  }

  #bad(name: string, wanted: string, found: unknown): BadAnswer {
    return new BadAnswer(`${this.#where}.${name}`, wanted, found);
  }
}

const STATUSES: readonly ApprovalStatus[] = ['PENDING', 'APPROVED', 'REJECTED'];

export function organization(of: Fields): Organization {
  return { id: of.text('id'), name: of.text('name'), currency: of.text('currency') };
}

export function stats(of: Fields): Stats {
  return {
    totalMembers: of.number('totalMembers'),
    totalContributions: of.amount('totalContributions'),
    pendingApprovals: of.number('pendingApprovals'),
    currency: of.text('currency'),
  };
}

export function kpi(of: Fields): Kpi {
  return { id: of.text('id'), name: of.text('name'), value: of.number('value'), unit: of.text('unit') };
}

export function approval(of: Fields): Approval {
  return {
    id: of.text('id'),
    transactionType: of.text('transactionType'),
    amount: of.amount('amount'),
    currency: of.text('currency'),
    reason: of.text('reason'),
    requestedBy: of.text('requestedBy'),
    status: of.oneOf('status', STATUSES),
    approvals: of.number('approvals'),
    approvalsNeeded: of.number('approvalsNeeded'),
    decidedBy: of.textOrNull('approvedBy') ?? of.textOrNull('rejectedBy'),
    decisionReason: of.textOrNull('rejectionReason'),
    createdAt: of.instant('createdAt'),
  };
}

export function activity(of: Fields): Activity {
  return {
    id: of.text('id'),
    kind: of.text('kind'),
    actor: of.text('actor'),
    text: of.text('text'),
    createdAt: of.instant('createdAt'),
  };
}

export function agendaEvent(of: Fields): AgendaEvent {
  return {
    id: of.text('id'),
    title: of.text('title'),
    kind: of.text('kind'),
    location: of.text('location'),
    startsAt: of.instant('startsAt'),
    endsAt: of.instant('endsAt'),
  };
}

export function notification(of: Fields): Notification {
  return {
    id: of.text('id'),
    organizationId: of.textOrNull('organizationId'),
    title: of.text('title'),
    body: of.text('body'),
    createdAt: of.instant('createdAt'),
    read: of.truth('read'),
  };
}

export function months(of: Fields): Months {
  const items = of.list('items', (one) => ({
    month: one.text('month'),
    due: one.amount('due'),
    paid: one.amount('paid'),
  }));
  return { currency: of.text('currency'), items };
}

/** Two answers: the newest messages, and those that are unread. */
export function inbox(newest: Fields, unread: Fields): Inbox {
  return {
    items: newest.list('items', notification),
    unread: unread.list('items', notification).length,
    more: unread.textOrNull('nextCursor') !== null,
  };
}

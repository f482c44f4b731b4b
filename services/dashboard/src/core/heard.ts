/**
 * What an event says by itself, put into what is on screen before the services are asked: an approval
 * decided elsewhere, a new line of activity, a message. Figures are always asked for anew, since an
 * event that was long under way would set them back.
 */

import type { Activity, Approval, Inbox, Instant } from './domain.ts';
import { BadAnswer, Fields } from './parse.ts';
import type { Happening, Values } from './parts.ts';

/** How many requests are asked for at once, the oldest. */
export const CARDS = 50;
export const MAX_LINES = 20;
export const MAX_MESSAGES = 30;
/** Of one part; with more at once the oldest are dropped, and the next answer brings what they said. */
export const MAX_HEARD = 100;

export interface Heard {
  readonly event: Happening;
  readonly at: Instant;
}

type Apply<Value> = (value: Value, event: Happening) => Value;

/** The parts that an event can change by itself. */
export const APPLIES: { readonly [Part in keyof Values]?: Apply<Values[Part]> } = {
  approvals: onApprovals,
  activities: onActivities,
  notifications: onNotifications,
};

function guarded<Value>(value: Value, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (error instanceof BadAnswer) return value; // another program's event: the answer will say
    throw error;
  }
}

function onApprovals(value: readonly Approval[], event: Happening): readonly Approval[] {
  return guarded(value, () => {
    const data = new Fields(event.data, event.eventType);
    const id = data.text('id');
    const known = value.find((one) => one.id === id);
    if (known) return value.map((one) => (one === known ? decided(one, event.eventType, data) : one));
    return event.eventType === 'APPROVAL_PENDING' ? [...value, asked(id, data)] : value;
  });
}

/** What is decided stays decided, whatever comes late. */
function decided(before: Approval, type: string, data: Fields): Approval {
  if (before.status !== 'PENDING') return before;
  if (type === 'APPROVAL_APPROVED') {
    const approvals = Math.max(before.approvals + 1, before.approvalsNeeded);
    return { ...before, status: 'APPROVED', decidedBy: data.textOrNull('approvedBy'), approvals };
  }
  if (type === 'APPROVAL_REJECTED') {
    const why = data.textOrNull('reason');
    return { ...before, status: 'REJECTED', decidedBy: data.textOrNull('rejectedBy'), decisionReason: why };
  }
  return { ...before, approvals: Math.max(before.approvals, data.number('approvals')) };
}

function asked(id: string, data: Fields): Approval {
  return {
    id,
    transactionType: data.text('transactionType'),
    amount: data.amount('amount'),
    currency: data.text('currency'),
    reason: null,
    requestedBy: data.text('requestedBy'),
    status: 'PENDING',
    approvals: data.number('approvals'),
    approvalsNeeded: data.number('approvalsNeeded'),
    decidedBy: null,
    decisionReason: null,
    createdAt: data.instant('requestedAt'),
  };
}

function onActivities(value: readonly Activity[], event: Happening): readonly Activity[] {
  return guarded(value, () => {
    const data = new Fields(event.data, event.eventType);
    const line: Activity = {
      id: data.text('id'),
      kind: data.text('kind'),
      actor: data.text('actor'),
      text: data.text('text'),
      createdAt: data.instant('createdAt'),
    };
    if (value.some((one) => one.id === line.id)) return value;
    return [...value, line].sort((a, b) => b.createdAt - a.createdAt).slice(0, MAX_LINES);
  });
}

function onNotifications(value: Inbox, event: Happening): Inbox {
  return guarded(value, () => {
    const data = new Fields(event.data, event.eventType);
    const id = data.text('id');
    if (value.items.some((one) => one.id === id)) return value;
    const message = {
      id,
      organizationId: event.organizationId,
      title: data.text('title'),
      body: data.textOrNull('body') ?? '',
      createdAt: data.textOrNull('createdAt') === null ? Date.parse(event.timestamp) : data.instant('createdAt'),
      read: false,
    };
    return { ...value, items: [message, ...value.items].slice(0, MAX_MESSAGES), unread: value.unread + 1 };
  });
}

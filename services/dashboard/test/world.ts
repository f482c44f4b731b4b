/** A page without a browser: a state, a clock that is moved by hand, and services that answer when told to. */

import type { Approval, Organization, Person } from '../src/core/domain.ts';
import type { Happening, Part, Values } from '../src/core/parts.ts';
import { initial, type Effect, type Message, type State } from '../src/core/state.ts';
import { deadline, update } from '../src/core/update.ts';

export const START = Date.UTC(2026, 10, 25, 9);
export const DAKAR: Organization = { id: 'mutuelle-dakar', name: 'Mutuelle de Dakar', currency: 'XOF' };
export const ABIDJAN: Organization = { id: 'mutuelle-abidjan', name: "Mutuelle d'Abidjan", currency: 'XOF' };
export const AWA: Person = {
  user: 'awa-ndiaye',
  name: 'Awa Ndiaye',
  organizations: [DAKAR.id],
  roles: ['member', 'treasurer'],
};

export function approval(id: string, more: Partial<Approval> = {}): Approval {
  return {
    id,
    transactionType: 'LOAN',
    amount: '125000',
    currency: 'XOF',
    reason: 'Semences',
    requestedBy: 'moussa-fall',
    status: 'PENDING',
    approvals: 0,
    approvalsNeeded: 1,
    decidedBy: null,
    decisionReason: null,
    createdAt: START - 3_600_000 + Number(id.replace(/\D/g, '') || 0),
    ...more,
  };
}

export const NOTHING: Values = {
  stats: { totalMembers: 36, totalContributions: '635000', pendingApprovals: 2, currency: 'XOF' },
  kpis: [{ id: 'collection-rate', name: 'collection rate', value: 80.4, unit: '%' }],
  approvals: [approval('a1'), approval('a2')],
  months: { currency: 'XOF', items: [] },
  verdicts: [],
  activities: [],
  agenda: [],
  notifications: { items: [], unread: 0, more: false },
};

export function event(eventType: string, data: object = {}, organizationId: string | null = DAKAR.id): Happening {
  return { eventType, data, organizationId, timestamp: new Date(START).toISOString() };
}

export class World {
  state: State;
  now = START;
  readonly effects: Effect[] = [];

  constructor(organizations: readonly Organization[] = [DAKAR], person: Person = AWA) {
    this.state = initial(person, organizations, null, this.now);
    this.tell({ is: 'tick', now: this.now });
  }

  /** A page on which all is loaded and live, with nothing under way. */
  static open(
    values: Partial<Values> = {},
    organizations: readonly Organization[] = [DAKAR],
    person: Person = AWA,
  ): World {
    const world = new World(organizations, person);
    world.answerAll(values);
    world.link('live');
    world.pass(6_000);
    world.answerAll(values);
    world.pass(6_000);
    world.answerAll(values);
    world.effects.length = 0;
    return world;
  }

  tell(message: Message): void {
    const [state, effects] = update(this.state, message);
    this.state = state;
    this.effects.push(...effects);
  }

  link(state: State['link']['state'], reason: string | null = null): void {
    this.tell({ is: 'link', link: { state, reason, since: this.now } });
  }

  hear(happening: Happening, chance = 0.5): void {
    this.tell({ is: 'event', event: happening, now: this.now, chance });
  }

  /** Let time pass; what the page waits for comes when it is due. */
  pass(ms: number): void {
    const end = this.now + ms;
    for (let next = deadline(this.state); next <= end; next = deadline(this.state)) {
      const before = this.state;
      this.now = Math.max(this.now, next);
      this.tell({ is: 'tick', now: this.now });
      if (this.state === before || deadline(this.state) <= this.now) this.now += 1; // a clock is never exact
    }
    this.now = Math.max(this.now, end);
    this.tell({ is: 'tick', now: this.now });
  }

  /** Whether an answer is under way. */
  asked(part: Part): number | null {
    return this.state.slots[part].gate.asked;
  }

  answer<P extends Part>(part: P, value: Values[P]): void {
    const asked = this.asked(part);
    if (asked !== null) this.tell({ is: 'loaded', part, value, asked, now: this.now });
  }

  answerAll(values: Partial<Values> = {}): void {
    for (const part of Object.keys(NOTHING) as Part[]) this.answer(part, { ...NOTHING, ...values }[part]);
  }

  fail(part: Part, status = 503, detail = 'away'): void {
    const asked = this.asked(part);
    if (asked !== null)
      this.tell({ is: 'failed', part, problem: { status, detail }, asked, now: this.now, chance: 0.5 });
  }

  press(id: string, verdict: 'approve' | 'reject' = 'approve', reason = ''): void {
    this.tell({ is: 'press', id, verdict, reason, key: `key-${id}`, now: this.now });
  }

  /** The parts that were asked for since the effects were last emptied. */
  fetched(): Part[] {
    return this.effects.flatMap((effect) => (effect.do === 'fetch' ? effect.parts : []));
  }

  take(): Effect[] {
    return this.effects.splice(0);
  }
}

/** Whatever comes in whatever order, some things always hold. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import { GAP_MS } from '../src/core/gate.ts';
import { MAX_HEARD } from '../src/core/heard.ts';
import { PARTS, touched, type Part } from '../src/core/parts.ts';
import { deadline } from '../src/core/update.ts';
import { approval, DAKAR, event, NOTHING, World } from './world.ts';

const TYPES = [
  'APPROVAL_PENDING',
  'APPROVAL_APPROVED',
  'APPROVAL_REJECTED',
  'DASHBOARD_STATS_UPDATED',
  'KPI_UPDATED',
  'ACTIVITY_CREATED',
  'EVENT_UPDATED',
  'BROADCAST_NOTIFICATION',
  'MEMBER_CREATED',
  'CONTRIBUTION_PAID',
  'OTHER',
];
const IDS = ['a1', 'a2', 'a3'];

type Step =
  | { readonly is: 'event'; readonly type: string; readonly id: string }
  | { readonly is: 'answer' | 'fail'; readonly part: Part }
  | { readonly is: 'pass'; readonly ms: number }
  | { readonly is: 'press' | 'accepted' | 'refused'; readonly id: string; readonly verdict: 'approve' | 'reject' }
  | { readonly is: 'hold'; readonly isHeld: boolean }
  | { readonly is: 'link'; readonly state: 'live' | 'offline' | 'replaying' }
  | { readonly is: 'reload' };

const part = fc.constantFrom(...PARTS);
const id = fc.constantFrom(...IDS);
const verdict = fc.constantFrom('approve' as const, 'reject' as const);
const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ is: fc.constant('event' as const), type: fc.constantFrom(...TYPES), id }) },
    { weight: 4, arbitrary: fc.record({ is: fc.constant('answer' as const), part }) },
    { weight: 1, arbitrary: fc.record({ is: fc.constant('fail' as const), part }) },
    { weight: 4, arbitrary: fc.record({ is: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 3_000 }) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        is: fc.constantFrom('press' as const, 'accepted' as const, 'refused' as const),
        id,
        verdict,
      }),
    },
    { weight: 1, arbitrary: fc.record({ is: fc.constant('hold' as const), isHeld: fc.boolean() }) },
    {
      weight: 1,
      arbitrary: fc.record({
        is: fc.constant('link' as const),
        state: fc.constantFrom('live' as const, 'offline' as const, 'replaying' as const),
      }),
    },
    { weight: 1, arbitrary: fc.record({ is: fc.constant('reload' as const) }) },
  ),
  { maxLength: 80 },
);

/** The services' own truth, which answers tell and events announce. */
class Truth {
  readonly status = new Map<string, 'PENDING' | 'APPROVED' | 'REJECTED'>(IDS.map((one) => [one, 'PENDING']));

  approvals() {
    return IDS.filter((one) => this.status.get(one) === 'PENDING').map((one) => approval(one));
  }

  hear(type: string, one: string): object {
    if (type === 'APPROVAL_APPROVED' && this.status.get(one) === 'PENDING') this.status.set(one, 'APPROVED');
    if (type === 'APPROVAL_REJECTED' && this.status.get(one) === 'PENDING') this.status.set(one, 'REJECTED');
    return { id: one };
  }
}

function play(world: World, truth: Truth, step: Step): void {
  switch (step.is) {
    case 'event':
      return world.hear(event(step.type, truth.hear(step.type, step.id)));
    case 'answer':
      return step.part === 'approvals'
        ? world.answer('approvals', truth.approvals())
        : world.answer(step.part, NOTHING[step.part]);
    case 'fail':
      return world.fail(step.part);
    case 'pass':
      return world.pass(step.ms);
    case 'press':
      return world.press(step.id, step.verdict, 'x');
    case 'accepted': {
      if (world.state.desk.decisions.get(step.id)?.phase !== 'sending') return undefined;
      truth.hear(step.verdict === 'approve' ? 'APPROVAL_APPROVED' : 'APPROVAL_REJECTED', step.id);
      return world.tell({
        is: 'accepted',
        approval: approval(step.id, { status: truth.status.get(step.id) ?? 'PENDING' }),
        now: world.now,
      });
    }
    case 'refused':
      return world.tell({ is: 'refused', id: step.id, problem: { status: 0, detail: '' }, now: world.now });
    case 'hold':
      return world.tell({ is: 'hold', isHeld: step.isHeld, now: world.now });
    case 'link':
      return world.link(step.state);
    case 'reload':
      return world.tell({ is: 'reload', now: world.now });
  }
}

describe('in any storm', () => {
  it('no part is asked for twice at once, nor sooner than half a second after the last time', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const [world, truth] = [World.open(), new Truth()];
        const last = new Map<Part, number>();
        for (const step of all) {
          const before = new Map(PARTS.map((one) => [one, world.asked(one)]));
          play(world, truth, step);
          for (const effect of world.take()) {
            if (effect.do !== 'fetch') continue;
            for (const one of effect.parts) {
              const isFree = before.get(one) === null || (last.get(one) ?? 0) < effect.asked;
              assert.ok(isFree && effect.asked - (last.get(one) ?? -Infinity) >= GAP_MS, `${one} at ${effect.asked}`);
              last.set(one, effect.asked);
            }
          }
        }
      }),
    );
  });

  it('what was touched is asked for afterwards, once the services answer', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const [world, truth] = [World.open(), new Truth()];
        const heardAt = new Map<Part, number>();
        for (const step of all) {
          play(world, truth, step);
          if (step.is === 'event') for (const one of touched(event(step.type), DAKAR.id)) heardAt.set(one, world.now);
        }
        for (let round = 0; round < 80; round += 1) {
          world.pass(1_000);
          for (const one of PARTS) play(world, truth, { is: 'answer', part: one });
        }
        for (const [one, at] of heardAt) assert.ok((world.state.slots[one].asOf ?? 0) >= at, one);
      }),
    );
  });

  it('the desk comes to show what the services say, and data once shown are never taken away', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const [world, truth] = [World.open({ approvals: IDS.map((one) => approval(one)) }), new Truth()];
        const seen = new Set<string>();
        for (const step of all) {
          play(world, truth, step);
          for (const one of PARTS) assert.notEqual(world.state.slots[one].value, null);
          for (const card of world.state.desk.cards) {
            if (card.status !== 'PENDING') seen.add(card.id);
            else assert.ok(!seen.has(card.id), `${card.id} is waiting again`);
          }
        }
        world.tell({ is: 'hold', isHeld: false, now: world.now });
        for (const one of IDS)
          world.tell({ is: 'refused', id: one, problem: { status: 0, detail: '' }, now: world.now });
        for (let round = 0; round < 80; round += 1) {
          world.pass(1_000);
          for (const one of PARTS) play(world, truth, { is: 'answer', part: one });
        }
        assert.deepEqual(
          world.state.desk.cards.map((card) => card.id),
          truth.approvals().map((one) => one.id),
        );
      }),
    );
  });

  it('memory is bounded, and a page at rest waits for nothing', () => {
    const world = World.open();
    for (let count = 0; count < 20_000; count += 1) {
      world.hear(event('BROADCAST_NOTIFICATION', { id: `n${count}`, title: 't', body: 'b' }));
      if (count % 10 === 0) world.pass(1);
    }
    assert.ok(world.state.slots.notifications.heard.length <= MAX_HEARD);
    for (let round = 0; round < 20; round += 1) {
      world.pass(6_000);
      world.answerAll();
    }
    assert.equal(deadline(world.state), Infinity);
  });
});

/** Decisions: shown at once, taken back honestly, and never a surprise under the finger. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { HELD_MS, SETTLES_MS, stage, STAYS_MS } from '../src/core/desk.ts';
import { approval, AWA, event, NOTHING, World } from './world.ts';

function stageOf(world: World, id: string): string | undefined {
  const card = world.state.desk.cards.find((one) => one.id === id);
  return card && stage(world.state.desk, card);
}

function ids(world: World): string[] {
  return world.state.desk.cards.map((card) => card.id);
}

describe('a decision', () => {
  it('is shown before the services have answered, and stays when they have taken it', () => {
    const world = World.open();
    world.press('a1');
    assert.equal(stageOf(world, 'a1'), 'approving');
    assert.deepEqual(
      world.take().filter((one) => one.do === 'decide'),
      [{ do: 'decide', id: 'a1', verdict: 'approve', reason: '', key: 'key-a1' }],
    );
    world.tell({
      is: 'accepted',
      approval: approval('a1', { status: 'APPROVED', decidedBy: AWA.user }),
      now: world.now,
    });
    assert.equal(stageOf(world, 'a1'), 'approved');
  });

  it('is taken back with the reason where the services refuse it', () => {
    const world = World.open();
    world.press('a1', 'reject', 'Pas de reçu');
    assert.equal(stageOf(world, 'a1'), 'rejecting');
    const problem = { status: 403, detail: 'not yours' };
    world.tell({ is: 'refused', id: 'a1', problem, now: world.now });
    assert.equal(stageOf(world, 'a1'), 'waiting');
    const decision = world.state.desk.decisions.get('a1');
    assert.deepEqual([decision?.phase, decision?.problem, decision?.reason], ['failed', problem, 'Pas de reçu']);
    assert.ok(world.fetched().includes('approvals'));
  });

  it('takes the verdict of whoever was faster', () => {
    const world = World.open();
    world.press('a1');
    world.hear(event('APPROVAL_REJECTED', { id: 'a1', rejectedBy: 'yao-kouassi', reason: 'Trop' }));
    world.tell({ is: 'refused', id: 'a1', problem: { status: 409, detail: 'rejected' }, now: world.now });
    assert.equal(stageOf(world, 'a1'), 'rejected');
    assert.equal(world.state.desk.cards[0]?.decidedBy, 'yao-kouassi');
  });

  it('to reject needs a reason', () => {
    const world = World.open();
    world.press('a1', 'reject', '   ');
    assert.equal(stageOf(world, 'a1'), 'waiting');
    assert.deepEqual(world.take(), []);
  });

  it('pressed twice is sent once', () => {
    const world = World.open();
    world.press('a1');
    world.press('a1');
    world.press('a1', 'reject', 'x');
    assert.equal(world.take().filter((one) => one.do === 'decide').length, 1);
  });

  it('that is one of two needed leaves the request waiting, and says so', () => {
    const world = World.open({ approvals: [approval('a1', { approvalsNeeded: 2 })] });
    world.press('a1');
    world.tell({ is: 'accepted', approval: approval('a1', { approvalsNeeded: 2, approvals: 1 }), now: world.now });
    assert.equal(stageOf(world, 'a1'), 'granted-in-part');
    world.hear(event('APPROVAL_APPROVED', { id: 'a1', approvedBy: 'yao' }));
    assert.equal(stageOf(world, 'a1'), 'approved');
  });

  it('that is made stays made, though an older answer comes late', () => {
    const world = World.open();
    world.hear(event('KPI_UPDATED'));
    world.tell({ is: 'refused', id: 'a9', problem: { status: 0, detail: '' }, now: world.now }); // asks for the list
    world.press('a1');
    world.tell({ is: 'accepted', approval: approval('a1', { status: 'APPROVED' }), now: world.now });
    world.answer('approvals', [...NOTHING.approvals]);
    assert.equal(stageOf(world, 'a1'), 'approved');
  });
});

describe('the list', () => {
  it('has the oldest first and puts what is new at its end, so that nothing moves down', () => {
    const world = World.open();
    const data = {
      id: 'a3',
      transactionType: 'LOAN',
      amount: '1',
      currency: 'XOF',
      requestedBy: 'x',
      requestedAt: new Date(world.now).toISOString(),
      approvals: 0,
      approvalsNeeded: 1,
    };
    world.hear(event('APPROVAL_PENDING', data));
    assert.deepEqual(ids(world), ['a1', 'a2', 'a3']);
    assert.equal(world.state.desk.cards[2]?.reason, null);
    world.answer('approvals', [approval('a1'), approval('a2'), approval('a3', { createdAt: world.now })]);
    assert.equal(world.state.desk.cards[2]?.reason, 'Semences');
  });

  it('keeps what was decided elsewhere in its place for a while, and then lets it go', () => {
    const world = World.open();
    world.hear(event('APPROVAL_APPROVED', { id: 'a1', approvedBy: 'yao-kouassi' }));
    world.answer('approvals', [approval('a2')]);
    assert.deepEqual([ids(world), stageOf(world, 'a1')], [['a1', 'a2'], 'approved']);
    world.pass(STAYS_MS - 100);
    assert.deepEqual(ids(world), ['a1', 'a2']);
    world.pass(200);
    assert.deepEqual(ids(world), ['a2']);
  });

  it('lets nothing go as long as somebody points at it', () => {
    const world = World.open();
    world.tell({ is: 'hold', isHeld: true, now: world.now });
    world.hear(event('APPROVAL_APPROVED', { id: 'a1', approvedBy: 'yao' }));
    world.answer('approvals', [approval('a2')]);
    for (let moves = 0; moves < 5; moves += 1) {
      world.pass(HELD_MS / 2);
      world.tell({ is: 'hold', isHeld: true, now: world.now });
    }
    assert.deepEqual(ids(world), ['a1', 'a2']);
    world.tell({ is: 'hold', isHeld: false, now: world.now });
    assert.deepEqual(ids(world), ['a1', 'a2']);
    world.pass(1_100);
    assert.deepEqual(ids(world), ['a2']);
  });

  it('does not wait for a pointer that was left lying there', () => {
    const world = World.open();
    world.tell({ is: 'hold', isHeld: true, now: world.now });
    world.hear(event('APPROVAL_APPROVED', { id: 'a1', approvedBy: 'yao' }));
    world.answer('approvals', [approval('a2')]);
    world.pass(HELD_MS - 100);
    assert.deepEqual(ids(world), ['a1', 'a2']);
    world.pass(200);
    assert.deepEqual(ids(world), ['a2']);
  });

  it('does not take a press that was meant for the card which has just gone', () => {
    const world = World.open();
    world.hear(event('APPROVAL_APPROVED', { id: 'a1', approvedBy: 'yao' }));
    world.answer('approvals', [approval('a2')]);
    world.pass(STAYS_MS);
    world.press('a2');
    assert.equal(stageOf(world, 'a2'), 'waiting');
    world.pass(SETTLES_MS);
    world.press('a2');
    assert.equal(stageOf(world, 'a2'), 'approving');
  });

  it('asks how it ended where a request is gone and nobody has said why', () => {
    const world = World.open();
    world.hear(event('APPROVAL_PENDING'));
    world.answer('approvals', [approval('a2')]);
    assert.equal(stageOf(world, 'a1'), 'gone');
    assert.deepEqual(
      world.take().filter((one) => one.do === 'look'),
      [{ do: 'look', id: 'a1' }],
    );
    world.tell({
      is: 'looked',
      id: 'a1',
      approval: approval('a1', { status: 'REJECTED', decidedBy: 'yao' }),
      now: world.now,
    });
    assert.equal(stageOf(world, 'a1'), 'rejected');
  });

  it('does not bring back what was decided and cleared away', () => {
    const world = World.open();
    world.hear(event('APPROVAL_APPROVED', { id: 'a1', approvedBy: 'yao' }));
    world.fail('approvals');
    world.pass(STAYS_MS + 100);
    assert.deepEqual(ids(world), ['a2']);
    world.answer('approvals', [...NOTHING.approvals]);
    assert.deepEqual(ids(world), ['a2']);
  });
});

/** What an event touches, how often it is refreshed, and what is shown when that fails. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { GAP_MS, SPREAD_MS } from '../src/core/gate.ts';
import { PARTS, touched } from '../src/core/parts.ts';
import { linkOf } from '../src/core/state.ts';
import { ABIDJAN, AWA, DAKAR, NOTHING, World, approval, event } from './world.ts';

describe('the page', () => {
  it('asks for everything once when it opens', () => {
    assert.deepEqual(new World().fetched(), PARTS);
  });

  it('asks again when the stream is live for the first time, since what happened between is in neither', () => {
    const world = new World();
    world.answerAll();
    world.take();
    world.link('live');
    world.pass(5_000);
    assert.deepEqual([...world.fetched()].sort(), [...PARTS].sort());
    world.answerAll();
    world.link('offline', 'lost');
    world.take();
    world.link('live');
    world.pass(5_000);
    assert.deepEqual(world.fetched(), []);
  });

  const TABLE: readonly [string, readonly string[]][] = [
    ['APPROVAL_PENDING', ['stats', 'approvals', 'verdicts']],
    ['APPROVAL_APPROVED', ['stats', 'approvals', 'verdicts']],
    ['APPROVAL_REJECTED', ['stats', 'approvals', 'verdicts']],
    ['DASHBOARD_STATS_UPDATED', ['stats']],
    ['KPI_UPDATED', ['kpis']],
    ['ACTIVITY_CREATED', ['activities']],
    ['EVENT_UPDATED', ['agenda']],
    ['USER_NOTIFICATION', ['notifications']],
    ['BROADCAST_NOTIFICATION', ['notifications']],
    ['MEMBER_CREATED', ['stats']],
    ['MEMBER_UPDATED', ['stats']],
    ['CONTRIBUTION_PAID', ['stats', 'kpis', 'months']],
    ['SOMETHING_NEW', []],
  ];
  for (const [type, parts] of TABLE) {
    it(`refreshes ${parts.join(', ') || 'nothing'} after ${type}`, () => {
      const world = World.open();
      world.hear(event(type));
      assert.deepEqual(world.fetched(), parts);
    });
  }

  it('leaves alone what happens in an organisation that is not on screen, but for messages', () => {
    assert.deepEqual(touched(event('APPROVAL_PENDING', {}, ABIDJAN.id), DAKAR.id), []);
    assert.deepEqual(touched(event('BROADCAST_NOTIFICATION', {}, ABIDJAN.id), DAKAR.id), ['notifications']);
    assert.deepEqual(touched(event('BROADCAST_NOTIFICATION', {}, null), DAKAR.id), ['notifications']);
  });

  it('refreshes a part at most twice a second, however many events arrive', () => {
    const world = World.open();
    const times: number[] = [];
    for (let step = 0; step < 3_000; step += 1) {
      world.hear(event('DASHBOARD_STATS_UPDATED'));
      if (world.asked('stats') === world.now) times.push(world.now);
      if (step % 7 === 3) world.answer('stats', NOTHING.stats);
      world.pass(1);
    }
    assert.ok(times.length > 1);
    for (const [place, time] of times.slice(1).entries()) assert.ok(time - (times[place] ?? 0) >= GAP_MS);
    assert.ok(world.fetched().length <= 7, `${world.fetched().length} in three seconds`);
  });

  it('asks at a time of chance where one only watches, so that a thousand members do not ask at once', () => {
    const world = World.open({}, [DAKAR], { ...AWA, roles: ['member'] });
    world.hear(event('APPROVAL_REJECTED', { id: 'a1', rejectedBy: 'yao', reason: 'Trop' }), 0.75);
    assert.equal(world.state.desk.cards[0]?.status, 'REJECTED');
    world.pass(SPREAD_MS * 0.75 - 1);
    assert.deepEqual(world.fetched(), []);
    world.pass(1);
    assert.deepEqual(world.fetched(), ['stats', 'approvals', 'verdicts']);
  });

  it('asks once more after an event that came while an answer was under way', () => {
    const world = World.open();
    world.hear(event('KPI_UPDATED'));
    world.pass(100);
    world.hear(event('KPI_UPDATED'));
    world.pass(900);
    assert.deepEqual(world.fetched(), ['kpis']);
    world.answer('kpis', NOTHING.kpis);
    assert.deepEqual(world.fetched(), ['kpis', 'kpis']);
  });

  it('keeps what it draws from when an answer says the same', () => {
    const world = World.open();
    const before = world.state.slots.stats.value;
    world.hear(event('DASHBOARD_STATS_UPDATED'));
    world.answer('stats', { ...NOTHING.stats });
    assert.equal(world.state.slots.stats.value, before);
  });

  it('keeps the data on screen when a refresh fails, says so, and tries again ever more slowly', () => {
    const world = World.open();
    world.hear(event('DASHBOARD_STATS_UPDATED'));
    world.fail('stats');
    assert.deepEqual(world.state.slots.stats.value, NOTHING.stats);
    assert.equal(world.state.slots.stats.problem?.status, 503);
    const times: number[] = [];
    for (let step = 0; step < 1_200; step += 1) {
      world.pass(100);
      if (world.asked('stats') !== null) {
        times.push(world.now);
        world.fail('stats');
      }
    }
    const waits = times.slice(1).map((time, place) => time - (times[place] ?? 0));
    assert.ok(waits.every((wait) => wait <= 30_000) && (waits.at(-1) ?? 0) > 20_000, waits.join());
    world.tell({ is: 'network', isOnline: true, now: world.now });
    world.answer('stats', { ...NOTHING.stats, totalMembers: 40 });
    assert.equal(world.state.slots.stats.problem, null);
    assert.equal(world.state.slots.stats.value?.totalMembers, 40);
  });

  it('stops asking when the session is over, and keeps what is on screen', () => {
    for (const end of ['refused', 'told'] as const) {
      const world = World.open();
      world.hear(event('DASHBOARD_STATS_UPDATED'));
      if (end === 'refused') world.fail('stats', 401);
      else world.tell({ is: 'logged-out', now: world.now });
      assert.equal(world.state.isLoggedOut, true);
      world.take();
      world.hear(event('KPI_UPDATED'));
      world.pass(60_000);
      assert.deepEqual(world.fetched(), []);
      assert.deepEqual(world.state.slots.stats.value, NOTHING.stats);
    }
  });

  it('is offline as soon as the device says so, though the socket has not noticed', () => {
    const world = World.open();
    world.tell({ is: 'network', isOnline: false, now: world.now });
    assert.deepEqual(linkOf(world.state), { state: 'offline', reason: 'network', since: world.now });
    world.pass(5_000);
    assert.deepEqual(world.state.speech.said, { says: 'link', state: 'offline' });
    world.tell({ is: 'network', isOnline: true, now: world.now });
    assert.equal(linkOf(world.state).state, 'live');
    world.pass(10_000);
    assert.deepEqual(world.state.speech.said, { says: 'link', state: 'live' });
  });

  it('says of no time that its data are of it before there are any', () => {
    const world = new World();
    world.link('live');
    world.hear(event('KPI_UPDATED'));
    assert.equal(world.state.heardAt, null);
    world.answerAll();
    assert.equal(world.state.heardAt, world.now);
  });

  it('says nothing aloud of a connection that is back within two seconds', () => {
    const world = World.open();
    const { number } = world.state.speech;
    world.link('offline', 'lost');
    world.pass(1_000);
    world.link('live');
    world.pass(20_000);
    assert.equal(world.state.speech.number, number);
  });

  it('reloads everything when events are gone, and says when it has', () => {
    const world = World.open();
    world.tell({ is: 'reload', now: world.now });
    world.pass(5_000);
    assert.deepEqual([...world.fetched()].sort(), [...PARTS].sort());
    assert.ok(!world.effects.some((effect) => effect.do === 'reloaded'));
    world.answerAll();
    assert.deepEqual(
      world.take().filter((effect) => effect.do === 'reloaded'),
      [{ do: 'reloaded', isDone: true }],
    );
  });

  it('says that a reload failed, so that it is asked for again', () => {
    const world = World.open();
    world.tell({ is: 'reload', now: world.now });
    world.fail('agenda');
    assert.deepEqual(
      world.take().filter((effect) => effect.do === 'reloaded'),
      [{ do: 'reloaded', isDone: false }],
    );
  });

  it('takes an answer that was asked for before a reload for no part of it', () => {
    const world = World.open();
    world.hear(event('KPI_UPDATED'));
    world.pass(10);
    world.tell({ is: 'reload', now: world.now });
    world.answerAll();
    assert.ok(!world.effects.some((effect) => effect.do === 'reloaded'));
    world.pass(5_000);
    world.answerAll();
    assert.ok(world.effects.some((effect) => effect.do === 'reloaded' && effect.isDone));
  });

  it('shows another organisation from its own answers alone', () => {
    const world = World.open({}, [DAKAR, ABIDJAN]);
    world.hear(event('DASHBOARD_STATS_UPDATED'));
    const asked = world.asked('stats');
    world.tell({ is: 'choose', id: ABIDJAN.id, now: world.now });
    assert.equal(world.state.slots.stats.value, null);
    assert.deepEqual(world.state.desk.cards, []);
    world.now += 1;
    world.tell({ is: 'loaded', part: 'stats', value: NOTHING.stats, asked: asked ?? 0, now: world.now });
    const ids = world.take().flatMap((effect) => (effect.do === 'fetch' ? [effect.organizationId] : []));
    assert.deepEqual([ids.at(0), ids.at(-1)], [DAKAR.id, ABIDJAN.id]);
  });

  it('puts away what a person may no longer see', () => {
    const world = World.open({}, [DAKAR, ABIDJAN]);
    world.tell({ is: 'access', now: world.now });
    assert.ok(world.take().some((effect) => effect.do === 'organizations'));
    world.tell({ is: 'organizations', organizations: [ABIDJAN], now: world.now });
    assert.equal(world.state.organization, ABIDJAN);
    assert.equal(world.state.slots.stats.value, null);
    world.tell({ is: 'organizations', organizations: [], now: world.now });
    assert.equal(world.state.organization, null);
    assert.equal(world.state.slots.approvals.value, null);
  });

  it('shows a line of activity and a message from the event itself, and once', () => {
    const world = World.open();
    const line = {
      id: 'l1',
      kind: 'MEMBER_CREATED',
      actor: 'awa',
      text: 'Khady Gueye joined',
      createdAt: '2026-11-25T09:00:00.000Z',
    };
    world.hear(event('ACTIVITY_CREATED', line));
    world.hear(event('ACTIVITY_CREATED', line));
    world.hear(event('BROADCAST_NOTIFICATION', { id: 'n1', title: 'Réunion', body: '' }));
    assert.deepEqual(
      world.state.slots.activities.value?.map((one) => one.id),
      ['l1'],
    );
    assert.equal(world.state.slots.notifications.value?.unread, 1);
    world.answer('activities', [{ ...line, createdAt: Date.parse(line.createdAt) }]);
    assert.deepEqual(
      world.state.slots.activities.value?.map((one) => one.id),
      ['l1'],
    );
  });

  it('keeps an event that is newer than the answer which is under way', () => {
    const world = World.open();
    world.hear(event('APPROVAL_APPROVED', { id: 'a1', approvedBy: 'yao' }));
    world.pass(600);
    world.hear(event('APPROVAL_REJECTED', { id: 'a2', rejectedBy: 'yao', reason: 'Trop' }));
    world.answer('approvals', [approval('a2')]);
    assert.deepEqual(
      world.state.slots.approvals.value?.map((one) => [one.id, one.status]),
      [['a2', 'REJECTED']],
    );
  });

  it('passes over a payload that is not what it has to be', () => {
    const world = World.open();
    for (const data of [{}, { id: 7 }, { id: 'x', title: [] }, { id: 'a9', amount: 'much' }]) {
      for (const type of ['APPROVAL_PENDING', 'ACTIVITY_CREATED', 'USER_NOTIFICATION']) world.hear(event(type, data));
    }
    assert.deepEqual(
      world.state.desk.cards.map((card) => card.id),
      ['a1', 'a2'],
    );
  });

  it('counts a message as read only where the services have taken it', () => {
    const message = { id: 'n1', organizationId: null, title: 't', body: '', createdAt: 1, read: false };
    const world = World.open({ notifications: { items: [message], unread: 1, more: false } });
    world.tell({ is: 'mark', ids: ['n1', 'n2'] });
    world.tell({ is: 'mark', ids: ['n1'] });
    assert.deepEqual(world.take(), [{ do: 'mark', id: 'n1' }]);
    world.tell({ is: 'marked', id: 'n1', isDone: false, now: world.now });
    assert.equal(world.state.slots.notifications.value?.unread, 1);
    world.tell({ is: 'mark', ids: ['n1'] });
    world.tell({ is: 'marked', id: 'n1', isDone: true, now: world.now });
    assert.equal(world.state.slots.notifications.value?.unread, 0);
  });
});

/** Any cut, anywhere, leads to the same events, each once and in the order of its partition. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';

import { Session } from '../src/session.ts';
import { eventStream } from '../src/stream.ts';
import { World } from './world.ts';

const EVENTS = fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 40 });
const CUTS = fc.array(fc.nat({ max: 12 }), { maxLength: 25 });

describe('any cut', () => {
  it('leads to the same events, whatever carries them', () => {
    fc.assert(
      fc.property(EVENTS, CUTS, fc.boolean(), fc.integer({ min: 1, max: 8 }), (log, cuts, hasWebSockets, queue) => {
        const world = new World(log, { hasWebSockets, cuts, queue });
        world.run();
        assert.deepEqual(world.seen, world.wanted);
      }),
      { numRuns: 300 },
    );
  });

  it('of a program that dies loses nothing that its store does not have', () => {
    fc.assert(
      fc.property(EVENTS, CUTS, fc.nat({ max: 40 }), (log, cuts, lives) => {
        const first = new World(log, { hasWebSockets: true, cuts, queue: 4, stopsAfter: lives });
        first.run();
        const second = new World(log, { hasWebSockets: true, cuts: [], queue: 4, stored: first.stored });
        second.run();
        assert.deepEqual(new Set([...first.finished, ...second.finished]), new Set(first.wanted.flat()));
      }),
      { numRuns: 200 },
    );
  });

  it('of a stream of server-sent events, at any byte, leaves its frames whole', () => {
    const frames = fc.array(fc.tuple(fc.string({ unit: 'grapheme' }), fc.option(fc.constantFrom('1~A:1', '1~A:2'))));
    fc.assert(
      fc.property(frames, fc.constantFrom('\n', '\r\n', '\r'), fc.array(fc.nat({ max: 9 })), (said, line, sizes) => {
        const whole = said.map(([text, id]) => [JSON.stringify({ text }), id ?? undefined]);
        const bytes = new TextEncoder().encode(
          whole.map(([data, id]) => ['event: event', `data: ${data}`, id && `id: ${id}`, '', ''].filter((part) => part !== undefined).join(line)).join('') + `:${line}`,
        );
        const heard: unknown[] = [];
        const feed = eventStream((data, id) => heard.push([data, id]));
        const decoder = new TextDecoder();
        for (let at = 0; at < bytes.length; ) {
          const size = 1 + (sizes.length ? (sizes[at % sizes.length] as number) : 0);
          feed(decoder.decode(bytes.subarray(at, (at += size)), { stream: true }));
        }
        assert.deepEqual(heard, whole);
      }),
    );
  });
});

describe('any frame', () => {
  it('of whatever shape is taken without an error, and time never stands still', () => {
    const field = fc.constantFrom('type', 'cursor', 'event', 'position', 'ranges', 'features', 'afterMs', 'code');
    const value = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom('welcome', 'event', 'truncated', 'recovered', 'reconnect', 'error', 'token_expiring', 'close'),
    );
    fc.assert(
      fc.property(fc.array(fc.dictionary(field, value)), fc.boolean(), (frames, tokens) => {
        const session = new Session({ api: 'https://api.example.org', tokens }, () => 0.5);
        session.connect(0);
        if (tokens) session.token(0, 'T');
        session.opened(0, true);
        for (const frame of frames) session.frame(1, JSON.stringify(frame));
        for (let ticks = 0; session.deadline < 1_000_000 && ticks < 200; ticks++) {
          const { deadline } = session;
          session.tick(deadline);
          assert.ok(session.deadline > deadline, 'a timer that fires again at once');
        }
        session.effects();
      }),
    );
  });
});

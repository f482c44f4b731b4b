/** Plays one case of the table on a session, and compares what comes out with what is promised. */

import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';

import type { Effect } from '../src/effects.ts';
import { Session } from '../src/session.ts';

type Fields = Record<string, unknown>;
type Channels = Record<string, unknown[]>;

export interface Case {
  name: string;
  options?: Fields;
  random?: number[];
  rejects?: unknown;
  steps?: Step[];
}

interface Step extends Fields {
  at: number;
  expect?: Record<string, unknown>;
}

const STRICT = ['open', 'send', 'close', 'ask', 'events', 'reload'];

export class Play {
  readonly #session: Session;
  readonly #steps: readonly Step[];
  readonly #isPrompt: boolean;
  #out: Channels = {};

  constructor({ options = {}, random = [], steps = [] }: Case) {
    const dice = [...random];
    const { apiBase = 'https://api.example.org', program, ...rest } = options;
    this.#session = new Session({ api: apiBase as string, ...rest }, () => dice.shift() ?? 0.5);
    this.#steps = steps;
    this.#isPrompt = program !== 'held';
  }

  run(): void {
    for (const [number, step] of this.#steps.entries()) {
      while (this.#session.deadline <= step.at) {
        const due = this.#session.deadline;
        this.#session.tick(due);
        this.#take(due);
      }
      this.#input(step);
      this.#compare(step, `step ${number}, at ${step.at}`);
      this.#out = {};
    }
  }

  #input(step: Step): void {
    const { at } = step;
    for (const [name, act] of Object.entries(this.#inputs(step))) {
      if (!(name in step)) continue;
      act();
      this.#take(at);
    }
    if ('repeat' in step) {
      for (let i = 0; i < (step['repeat'] as number); i++) {
        const text = JSON.stringify(step['frame']).replaceAll('{i}', String(i));
        this.#session.frame(at, text, step['id'] as string | undefined);
        this.#take(at);
      }
    }
  }

  #inputs(step: Step): Record<string, () => void> {
    const session = this.#session;
    const { at } = step;
    const of = (name: string): Fields => step[name] as Fields;
    return {
      connect: () => session.connect(at),
      disconnect: () => session.disconnect(at),
      opened: () => session.opened(at, step['opened'] === true),
      failed: () => session.failed(at, of('failed')['status'] as number, of('failed')['retryAfterMs'] as number),
      frame: () => ('repeat' in step ? undefined : session.frame(at, JSON.stringify(step['frame']), step['id'] as string)),
      text: () => session.frame(at, step['text']),
      binary: () => session.frame(at, Buffer.from(step['binary'] as string, 'hex')),
      closed: () => session.closed(at, of('closed')['code'] as number),
      token: () => ('error' in of('token') ? session.tokenFailed(at) : session.token(at, of('token')['value'] as string)),
      reloaded: () => session.reloaded(at, step['reloaded'] === true),
      network: () => session.network(at, step['network'] === 'online'),
      page: () => (step['page'] === 'visible' ? session.visible(at) : undefined),
      take: () => {
        for (let i = 0; i < (step['take'] as number); i++) session.done(at);
      },
    };
  }

  #take(now: number): void {
    for (const effect of this.#session.effects()) {
      const [channel, value] = said(effect);
      (this.#out[channel] ??= []).push(value);
      if (effect.do !== 'event' || !this.#isPrompt) continue;
      this.#session.done(now);
      this.#take(now);
    }
  }

  #compare(step: Step, where: string): void {
    const expected = step.expect ?? {};
    for (const channel of new Set([...STRICT, ...Object.keys(expected)])) {
      const found = this.#out[channel] ?? [];
      const wanted = expected[channel] ?? [];
      if (!Array.isArray(wanted)) {
        assert.equal(found.length, (wanted as { count: number }).count, `${where}: ${channel}`);
      } else if (wanted.length !== found.length || !wanted.every((one, i) => fits(channel, one, found[i]))) {
        assert.deepEqual(found, wanted, `${where}: ${channel}`);
      }
    }
  }
}

/** The channel of an effect, and its entry there. */
function said(effect: Effect): [string, unknown] {
  switch (effect.do) {
    case 'open': return ['open', opened(effect.transport, effect.url, effect.token)];
    case 'send': return ['send', JSON.parse(effect.text)];
    case 'close': return ['close', effect.code];
    case 'ask': return ['ask', effect.purpose];
    case 'event': return ['events', { ...effect.event.raw, ...effect.event, class: effect.event.constructor.name }];
    case 'reload': return ['reload', effect.ranges];
    case 'store': return ['store', effect.cursor];
    case 'status': case 'connected': case 'slow': case 'access': return [effect.do, effect.value];
    case 'reading': return ['reading', effect.reading];
  }
}

function opened(transport: string, whole: string, token: string | undefined): Fields {
  const [url, search] = whole.split('?');
  const query: Fields = {};
  let cursor: string | null = null;
  for (const [name, value] of new URLSearchParams(search)) {
    if (name === 'cursor') cursor = value;
    else if (name in query) query[name] = [query[name], value].flat();
    else query[name] = value;
  }
  return { transport, url, query, cursor, token: token ?? null };
}

function fits(channel: string, wanted: unknown, found: unknown): boolean {
  if (channel === 'events' && typeof wanted === 'string') return (found as Fields)['id'] === wanted;
  if (channel !== 'open' && channel !== 'events' && channel !== 'access') return isDeepStrictEqual(found, wanted);
  return Object.entries(wanted as Fields).every(([name, value]) =>
    isDeepStrictEqual((found as Fields)[name] ?? null, value),
  );
}

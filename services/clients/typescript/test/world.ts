/** A relay with a log in memory, a program and a clock: what a session meets, cut wherever one likes. */

import assert from 'node:assert/strict';

import type { Effect } from '../src/effects.ts';
import { Session } from '../src/session.ts';

const FRAMES_A_BATCH = 5;
const PATIENCE = 5_000;

interface Circumstances {
  /** Whether this network lets WebSockets through. */
  hasWebSockets: boolean;
  /** After how many frames each connection is cut; when used up, none is. */
  cuts: readonly number[];
  queue: number;
  stored?: string | undefined;
  /** After how many events the program dies. */
  stopsAfter?: number;
}

export class World {
  readonly seen: string[][] = [[], [], []];
  readonly wanted: string[][] = [[], [], []];
  /** Events that the program was through with. */
  readonly finished: string[] = [];
  stored: string | undefined;
  readonly #session: Session;
  readonly #circumstances: Circumstances;
  readonly #cuts: number[];
  #now = 0;
  readonly #unfinished: string[] = [];
  #frames: [text: string, id: string | undefined][] = [];
  #isConnected = false;

  /** @param log the partition of each event */
  constructor(log: readonly number[], circumstances: Circumstances) {
    for (const partition of log) {
      const lane = this.wanted[partition] as string[];
      lane.push(`${partition}-${lane.length}`);
    }
    this.#circumstances = circumstances;
    this.#cuts = [...circumstances.cuts];
    this.stored = circumstances.stored;
    const { queue, stored } = circumstances;
    this.#session = new Session({ api: 'https://x.example', from: 'earliest', queue, stored }, () => 0.5);
  }

  run(): void {
    this.#session.connect(0);
    for (let steps = 0; !this.#isOver; steps++) {
      assert.ok(steps < PATIENCE, `no end: ${JSON.stringify(this.seen)}`);
      for (const effect of this.#session.effects()) this.#act(effect);
      if (this.#isConnected) this.#say();
      else if (this.#unfinished.length) this.#finish();
      else this.#session.tick((this.#now = Math.max(this.#now, this.#session.deadline)));
    }
  }

  get #isOver(): boolean {
    const { stopsAfter = Infinity } = this.#circumstances;
    const count = (lanes: string[][]): number => lanes.flat().length;
    return this.finished.length >= stopsAfter || (count(this.seen) >= count(this.wanted) - this.#before && !this.#unfinished.length);
  }

  /** Events before where the program began. */
  get #before(): number {
    const { stored } = this.#circumstances;
    return stored ? read(stored).reduce((sum, next) => sum + next, 0) : 0;
  }

  #act(effect: Effect): void {
    if (effect.do === 'open') this.#open(effect);
    else if (effect.do === 'close') this.#isConnected = false;
    else if (effect.do === 'store') this.stored = effect.cursor ?? undefined;
    else if (effect.do === 'event') {
      this.#unfinished.push(effect.event.id);
      const [partition] = effect.event.id.split('-');
      this.seen[Number(partition)]?.push(effect.event.id);
    }
  }

  #open({ transport, url }: Effect & { do: 'open' }): void {
    if (transport === 'ws' && !this.#circumstances.hasWebSockets) return this.#session.failed(this.#now);
    const cursor = new URL(url).searchParams.get('cursor') as string;
    const nexts = read(cursor);
    const frames: [object, string | undefined][] = [];
    const add = (frame: object, id?: string): void => void frames.push([frame, id]);
    add({ type: 'welcome', cursor: written(nexts), heartbeatSeconds: 25 });
    for (const [partition, lane] of this.wanted.entries()) {
      for (let offset = nexts[partition] as number; offset < lane.length; offset++) {
        const event = { id: lane[offset], eventType: 'KPI_UPDATED', data: {} };
        nexts[partition] = offset + 1;
        const id = transport === 'sse' && offset % FRAMES_A_BATCH === 0 ? written(nexts) : undefined;
        add({ type: 'event', position: `A.${partition}.${offset}`, event }, id);
        if (offset % 7 === 6) add({ type: 'heartbeat', cursor: written(nexts) });
      }
    }
    add({ type: 'recovered', cursor: written(nexts) });
    const cut = this.#cuts.shift() ?? frames.length;
    this.#frames = frames.slice(0, cut).map(([frame, id]) => [JSON.stringify(frame), id]);
    this.#isConnected = true;
    this.#session.opened(this.#now, true);
  }

  #say(): void {
    const frame = this.#frames.shift();
    if (frame) return this.#session.frame(this.#now, ...frame);
    this.#isConnected = false;
    this.#session.closed(this.#now, 1006);
  }

  #finish(): void {
    this.finished.push(this.#unfinished.shift() as string);
    this.#session.done(this.#now);
  }
}

/** The next offset of each partition that a cursor with its positions asks for. */
function read(cursor: string): number[] {
  const [, ...parts] = cursor === 'earliest' ? [] : cursor.split('~');
  const nexts = [0, 0, 0];
  for (const part of parts) {
    const [topic, offsets] = part.split(':');
    if (offsets) offsets.split(',').forEach((next, partition) => (nexts[partition] = Number(next)));
    else if (topic) {
      const [, partition, offset] = topic.split('.');
      nexts[Number(partition)] = Number(offset) + 1;
    }
  }
  return nexts;
}

function written(nexts: readonly number[]): string {
  return `1~A:${nexts.join()}`;
}

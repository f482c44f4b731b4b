/**
 * @unionflow/client under `unionflow conformance`: a line of JSON in, lines of JSON out. Its clock is in
 * the server's hand: timers fire when the server says that it is time.
 */

import { createInterface } from 'node:readline';
import { BadOptions, Client } from '@unionflow/client';
import { WebSocket } from 'ws';

const CLASSES = {
  approval: 'FinanceApprovalEvent',
  stats: 'DashboardStatsEvent',
  notification: 'NotificationEvent',
  member: 'MemberEvent',
  contribution: 'ContributionEvent',
  generic: 'GenericEvent',
};

let now = 0;
let timers = [];
performance.now = () => now;
globalThis.setTimeout = (act, wait = 0, ...given) => {
  const timer = { at: now + wait, act: () => act(...given), ref: () => timer, unref: () => timer, hasRef: () => true };
  timer.refresh = () => {
    clearTimeout(timer);
    timer.at = now + wait;
    timers.push(timer);
    return timer;
  };
  timers.push(timer);
  return timer;
};
globalThis.clearTimeout = (timer) => void (timers = timers.filter((one) => one !== timer));

function passTo(target) {
  for (;;) {
    const due = timers.filter(({ at }) => at <= target).sort((a, b) => a.at - b.at)[0];
    if (!due) break;
    clearTimeout(due);
    now = Math.max(now, due.at);
    due.act();
  }
  now = target;
}

const tell = (said) => process.stdout.write(JSON.stringify(said) + '\n');
const turn = () => new Promise((resolve) => setImmediate(resolve));

class Program {
  #answers = [];
  #askers = [];
  #permits = 0;
  #wake = () => {};

  constructor({ api, url, options, random }) {
    const dice = [...random];
    Math.random = () => dice.shift() ?? 0.5;
    const { tokens, reload = true, stored, program, ...rest } = options;
    this.client = new Client({
      ...rest,
      ...(url ? { url } : { api }),
      WebSocket,
      store: { load: () => stored ?? null, save: (cursor) => tell({ store: cursor }) },
      token: tokens ? () => this.#ask({ ask: 'token' }) : undefined,
      onTruncated: reload ? (ranges) => this.#ask({ reload: ranges }) : undefined,
    });
    this.client.on('status', ({ state, reason }) => tell({ status: [state, reason] }));
    this.client.on('slow', (slow) => tell({ slow }));
    this.client.on('access', (access) => tell({ access }));
    this.client.on('error', () => {});
    void this.#listen(program === 'held');
  }

  async #listen(isHeld) {
    for await (const { raw, kind, ...event } of this.client.events()) {
      tell({ event: { ...event, class: CLASSES[kind] } });
      while (isHeld && !this.#permits) await new Promise((resolve) => (this.#wake = resolve));
      this.#permits--;
    }
  }

  /** Tell, and wait for the server's answer. */
  async #ask(said) {
    tell(said);
    const answer = this.#answers.shift() ?? (await new Promise((resolve) => this.#askers.push(resolve)));
    if (answer.error) throw new Error(answer.error);
    return answer.value;
  }

  #answer(answer) {
    const asker = this.#askers.shift();
    if (asker) asker(answer);
    else this.#answers.push(answer);
  }

  do(name, value) {
    if (name === 'connect') return void this.client.connect();
    if (name === 'disconnect') return this.client.disconnect();
    if (name === 'network') return this.client.setOnline(value === 'online');
    if (name === 'page') return this.client.wake();
    if (name === 'token' || name === 'reloaded') return this.#answer(value === true ? { value } : value);
    this.#permits += value;
    this.#wake();
  }
}

let program;
for await (const line of createInterface({ input: process.stdin })) {
  const { do: name, value, ms, ...said } = JSON.parse(line);
  if (name === 'start') {
    try {
      program = new Program(said);
    } catch (error) {
      if (!(error instanceof BadOptions)) throw error;
      tell({ rejected: error.message });
    }
  } else if (name === 'clock') {
    passTo(ms);
    for (let turns = 0; turns < 3; turns++) await turn();
    tell({ clock: ms });
  } else if (name === 'stop') {
    program?.client.disconnect();
    program = undefined;
    await turn();
    timers = [];
    now = 0;
    tell({ stopped: true });
  } else program?.do(name, value);
}
process.exit();

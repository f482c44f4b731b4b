/** Many programs of @unionflow/client in one process: see python_patrons.py, whose words these are. */

import { createHmac } from 'node:crypto';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { createInterface } from 'node:readline';

const [, , room] = process.argv;
const ofRoom = createRequire(`${room}/package.json`);
const { WebSocket } = ofRoom('ws');
// Made as the package is, but by this process alone: another may be building `dist` just now.
const { small } = await import(pathToFileURL(`${room}/scripts/options.mjs`).href);
const made = await ofRoom('esbuild').build({ ...small, entryPoints: ['src/index.ts'], write: false });
const code = Buffer.from(made.outputFiles[0].contents).toString('base64');
const { Client } = await import(`data:text/javascript;base64,${code}`);

const DICE = 0.05;
const throwDice = Math.random;
Math.random = () => DICE * throwDice();

const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

class Program {
  #order;
  #card;
  #stored = null;
  #count = 0;

  constructor(order, card) {
    this.#order = order;
    this.#card = card;
  }

  live() {
    const { life, sse, eventTypes } = this.#card;
    this.#tell('life');
    let isAlive = true;
    const client = new Client({
      api: this.#order[sse ? 'streams' : 'front'],
      WebSocket,
      token: () => this.#token(),
      store: { load: () => this.#stored, save: (cursor) => void (isAlive && (this.#stored = cursor)) },
      onTruncated: (ranges) =>
        this.#tell('reload', ranges.map((r) => [r.topic, r.partition, r.requested, r.earliest, r.reason])),
      eventTypes,
      from: 'earliest',
    });
    client.on('status', ({ state, reason }) => isAlive && this.#tell('status', state, reason));
    client.on('error', (error) => this.#tell('error', String(error)));
    void this.#take(client, () => isAlive);
    void client.connect();
    if (life === null) return;
    setTimeout(() => {
      isAlive = false;
      client.disconnect();
      this.live();
    }, life * 1_000);
  }

  async #take(client, isAlive) {
    for await (const { raw } of client.events()) {
      if (!isAlive()) return;
      const { lose } = this.#order;
      if (lose && ++this.#count % lose === 0) continue;
      this.#tell('event', raw.id, raw.eventType, raw.organizationId ?? null, raw.userId ?? null, raw.data?.seal);
    }
  }

  #token() {
    const { user, organizations, token } = this.#card;
    const iat = Math.floor(Date.now() / 1_000);
    const said = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: user, organizations, iat, exp: iat + token })}`;
    return `${said}.${createHmac('sha256', this.#order.secret).update(said).digest('base64url')}`;
  }

  #tell(...what) {
    process.stdout.write(JSON.stringify([this.#card.number, ...what]) + '\n');
  }
}

let hasBegun = false;
for await (const line of createInterface({ input: process.stdin })) {
  if (hasBegun) continue;
  hasBegun = true;
  const order = JSON.parse(line);
  for (const card of order.clients) new Program(order, card).live();
}
process.exit();

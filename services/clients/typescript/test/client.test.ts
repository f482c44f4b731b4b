/** The client as programs have it, over real sockets. */

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { WebSocket } from 'ws';

import { AlreadyRead, Client, type ClientOptions, type SocketClass, type State } from '../src/index.ts';
import { Relay, until } from './relay.ts';

let relay: Relay;
const clients: Client[] = [];

beforeEach(async () => {
  relay = await Relay.start();
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.disconnect();
  await relay.stop();
});

function make(options: Partial<ClientOptions> = {}): Client {
  const client = new Client({ api: relay.base, WebSocket: WebSocket as unknown as SocketClass, ...options });
  clients.push(client);
  return client;
}

async function connected(client: Client): Promise<void> {
  await client.connect();
  await until(() => client.isConnected);
}

describe('a client', () => {
  it('hands events to a loop in order, and goes on after a cut with its cursor', async () => {
    const client = make();
    await connected(client);
    const seen: string[] = [];
    for (const number of [1, 2, 3]) relay.event(number);
    for await (const event of client.events()) {
      seen.push(event.id);
      if (seen.length === 3) relay.cut();
      if (seen.length === 5) break;
      if (seen.length === 3) void until(() => relay.sockets.length).then(() => [2, 3, 4, 5].forEach((n) => relay.event(n)));
    }
    assert.deepEqual(seen, ['e1', 'e2', 'e3', 'e4', 'e5']);
    assert.match(relay.requests[1]?.url ?? '', /cursor=1~A:0~A\.0\.3$/);
  });

  it('calls listeners, of which one that throws harms no other', async () => {
    const client = make();
    const seen: string[] = [];
    const errors: unknown[] = [];
    client.on('error', (error) => errors.push(error));
    client.on('event', () => {
      throw new Error('mine');
    });
    const stop = client.on('event', ({ id }) => seen.push(id));
    await connected(client);
    relay.event(1);
    await until(() => seen.length);
    stop();
    relay.event(2);
    await until(() => errors.length === 2);
    assert.deepEqual(seen, ['e1']);
  });

  it('says its status in words and as a truth value', async () => {
    const client = make();
    const connections: boolean[] = [];
    client.on('connected', (value) => connections.push(value));
    const states: State[] = [];
    const watching = (async () => {
      for await (const { state } of client.statuses()) {
        states.push(state);
        if (state === 'offline' && states.length > 1) return;
      }
    })();
    await connected(client);
    client.disconnect();
    await watching;
    assert.deepEqual(states, ['offline', 'connecting', 'live', 'offline']);
    assert.deepEqual([connections, client.isConnected], [[true, false], false]);
    assert.equal(client.status.reason, 'disconnected');
  });

  it('has one reader at a time', async () => {
    const client = make();
    const events = client.events();
    assert.throws(() => client.events(), AlreadyRead);
    const asked = events.next();
    await events.return?.();
    assert.deepEqual(await asked, { done: true, value: undefined });
    client.events();
  });

  it('asks for a token on each connect, and sends a fresh one before its end', async () => {
    let asked = 0;
    const client = make({ token: async () => `T${++asked}` });
    await connected(client);
    relay.say({ type: 'token_expiring' });
    await until(() => relay.heard.length);
    relay.cut();
    await until(() => relay.sockets.length);
    assert.deepEqual(relay.heard, [{ type: 'refresh', token: 'T2' }]);
    const offered = relay.requests.map(({ headers }) => headers['sec-websocket-protocol']);
    assert.deepEqual(offered, ['unionflow.v1,bearer.T1', 'unionflow.v1,bearer.T3']);
  });

  it('reloads before later events, and again where that fails', async () => {
    const order: string[] = [];
    let calls = 0;
    const client = make({
      onTruncated: async (ranges) => {
        order.push(`reload of ${ranges.length}`);
        if (!calls++) throw new Error('the API is away');
      },
    });
    client.on('error', () => {});
    client.on('event', ({ id }) => order.push(id));
    await connected(client);
    relay.event(1);
    relay.say({ type: 'truncated', cursor: '1~A:9', ranges: [{ topic: 'x' }] });
    relay.event(9);
    await until(() => order.includes('e9'));
    assert.deepEqual(order, ['e1', 'reload of 1', 'reload of 1', 'e9']);
  });

  it('keeps its cursor in a store and goes on there', async () => {
    let kept: string | null = '1~A:7';
    const store = { load: async () => kept, save: (cursor: string | null) => void (kept = cursor) };
    const client = make({ store });
    client.on('event', () => {});
    await connected(client);
    relay.event(0);
    await until(() => relay.requests.length);
    await new Promise((resolve) => setTimeout(resolve, 50));
    client.disconnect();
    assert.match(relay.requests[0]?.url ?? '', /cursor=1~A:7$/);
    assert.equal(kept, '1~A:0~A.0.0');
  });

  it('takes server-sent events where no WebSocket gets through, with the token in a header', async () => {
    relay.hasWebSockets = false;
    const client = make({ token: 'T' });
    const seen: string[] = [];
    client.on('event', ({ id }) => seen.push(id));
    for (let tries = 0; tries < 4; tries++) {
      await client.connect(); // ends the wait
      await until(() => relay.requests.length > tries || client.isConnected);
      await until(() => client.status.state !== 'connecting');
    }
    await until(() => client.isConnected);
    relay.event(1);
    await until(() => seen.length);
    const { url, headers } = relay.requests.at(-1) as (typeof relay.requests)[0];
    assert.deepEqual([url, headers.authorization], ['/sse/dashboard', 'Bearer T']);
  });

  it('of a slow program holds a bounded number of events, says so, and loses none', async () => {
    const client = make({ queue: 10 });
    const told: number[] = [];
    client.on('slow', (waiting) => told.push(waiting));
    const events = client.events();
    await connected(client);
    for (let number = 0; number < 25; number++) relay.event(number);
    await until(() => told.length);
    await until(() => !client.isConnected);
    assert.deepEqual([told, client.status.reason], [[10], 'slow']);
    const seen: string[] = [];
    while (seen.length < 10) seen.push((await events.next()).value.id);
    await until(() => relay.requests.length === 2 && client.isConnected);
    assert.match(relay.requests[1]?.url ?? '', /cursor=1~A:0~A\.0\.9$/);
    for (let number = 10; number < 15; number++) relay.event(number);
    while (seen.length < 15) seen.push((await events.next()).value.id);
    assert.deepEqual(seen, Array.from({ length: 15 }, (_, number) => `e${number}`));
  });

  it('tries again where a connection cannot even be made', async () => {
    class Broken {
      constructor() {
        throw new SyntaxError('no such socket');
      }
    }
    const client = make({ WebSocket: Broken as unknown as SocketClass });
    const errors: unknown[] = [];
    client.on('error', (error) => errors.push(error));
    await client.connect();
    await until(() => client.status.reason === 'unreachable');
    assert.equal(String(errors[0]), 'SyntaxError: no such socket');
  });
});

/**
 * How many events a second one client takes in Node, and over a real WebSocket whose server is a process
 * of its own: `npm run bench`. EVENTS: how many, else 200,000.
 */

import { fork } from 'node:child_process';
import { Client, Session } from '@unionflow/client';
import { WebSocket, WebSocketServer } from 'ws';

const EVENTS = Number(process.env.EVENTS ?? 200_000);
const WELCOME = '{"type":"welcome","cursor":"1~A:0","heartbeatSeconds":25,"features":[]}';

function frame(number) {
  const data = { id: `approval-${number}`, transactionType: 'LOAN', amount: '250000', currency: 'XOF' };
  const event = {
    id: `019ab5d2-6f1d-7c3e-9a51-${String(number).padStart(12, '0')}`,
    eventType: 'APPROVAL_PENDING',
    timestamp: '2026-11-24T09:30:00.125Z',
    organizationId: 'mutuelle-dakar',
    data,
  };
  return JSON.stringify({ type: 'event', position: `q3Zk1PfA.${number % 3}.${number}`, event });
}

const frames = Array.from({ length: EVENTS }, (_, number) => frame(number));

/** By the clock, and by this process's own processor time, which other programs do not change. */
function stopwatch(what) {
  const started = performance.now();
  const used = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(used);
    const rate = (seconds) => Math.round(EVENTS / seconds).toLocaleString('en');
    const clock = rate((performance.now() - started) / 1e3);
    console.log(`${what}: ${clock} events/s, ${rate((user + system) / 1e6)} a processor's second`);
  };
}

function inSession() {
  const session = new Session({ api: 'https://api.example.org' }, Math.random);
  session.connect(0);
  session.opened(0, true);
  session.frame(0, WELCOME);
  session.effects();
  const say = stopwatch('the session alone');
  for (const text of frames) {
    session.frame(1, text);
    for (const effect of session.effects()) if (effect.do === 'event') session.done(1);
  }
  say();
}

/** The server, in the other process. */
function serve() {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'unionflow.v1' });
  server.on('connection', async (socket) => {
    socket.send(WELCOME);
    for (const [number, text] of frames.entries()) {
      socket.send(text);
      while (number % 500 === 499 && socket.bufferedAmount > 1e6) await new Promise((resolve) => setTimeout(resolve, 1));
    }
  });
  server.on('listening', () => process.send(server.address().port));
}

async function overSocket(how, read) {
  const server = fork(process.argv[1], ['serve']);
  const port = await new Promise((resolve) => server.once('message', resolve));
  const client = new Client({ api: `ws://127.0.0.1:${port}`, WebSocket, queue: EVENTS });
  const say = stopwatch(`over a WebSocket, ${how}`);
  await read(client);
  say();
  client.disconnect();
  server.kill();
}

function listen(client) {
  let left = EVENTS;
  return new Promise((resolve) => {
    client.on('event', () => --left || resolve());
    void client.connect();
  });
}

async function loop(client) {
  let left = EVENTS;
  await client.connect();
  for await (const _ of client.events()) if (!--left) return;
}

if (process.argv[2] === 'serve') {
  serve();
} else {
  inSession();
  await overSocket('a listener', listen);
  await overSocket('for await', loop);
  process.exit();
}

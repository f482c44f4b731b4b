/** How many events a second one client takes in Node, and over a real WebSocket: `npm run bench`. */

import { Client, Session } from '@unionflow/client';
import { WebSocket, WebSocketServer } from 'ws';

const EVENTS = 400_000;
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

function say(what, started) {
  const seconds = (performance.now() - started) / 1000;
  console.log(`${what}: ${Math.round(EVENTS / seconds).toLocaleString('en')} events/s`);
}

function inSession() {
  const session = new Session({ api: 'https://api.example.org' }, Math.random);
  session.connect(0);
  session.opened(0, true);
  session.frame(0, WELCOME);
  session.effects();
  const started = performance.now();
  for (const text of frames) {
    session.frame(1, text);
    for (const effect of session.effects()) if (effect.do === 'event') session.done(1);
  }
  say('the session alone', started);
}

async function overSockets(how, read) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'unionflow.v1' });
  server.on('connection', async (socket) => {
    socket.send(WELCOME);
    for (const [number, text] of frames.entries()) {
      socket.send(text);
      if (number % 500 === 499) await new Promise((resolve) => setImmediate(resolve));
    }
  });
  await new Promise((resolve) => server.on('listening', resolve));
  const client = new Client({ api: `ws://127.0.0.1:${server.address().port}`, WebSocket, queue: EVENTS });
  const started = performance.now();
  await read(client);
  say(`a WebSocket, server in the same process, ${how}`, started);
  client.disconnect();
  server.close();
}

inSession();
await overSockets('a listener', (client) => {
  let left = EVENTS;
  return new Promise((resolve) => {
    client.on('event', () => --left || resolve());
    void client.connect();
  });
});
await overSockets('for await', async (client) => {
  let left = EVENTS;
  await client.connect();
  for await (const _ of client.events()) if (!--left) return;
});
process.exit();

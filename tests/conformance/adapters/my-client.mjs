/** The guide's `MyClient`, made of @unionflow/client, so that the guide's adapter can be run. ROOM: its folder. */

import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const { ROOM } = process.env;
const { Client } = await import(pathToFileURL(`${ROOM}/dist/index.js`).href);
const { WebSocket } = createRequire(`${ROOM}/package.json`)('ws');

const later = globalThis.setTimeout;
const clock = performance.now.bind(performance);

export class MyClient {
  #client;

  constructor(api, { faster, random, cursor, onEvent, token, reload, organizations, eventTypes, remember }) {
    globalThis.setTimeout = (act, wait, ...given) => later(act, wait / faster, ...given);
    performance.now = () => clock() * faster;
    Math.random = random;
    const store = { load: () => cursor ?? null, save() {} };
    const onTruncated = reload || undefined;
    this.#client = new Client({
      api, organizations, eventTypes, remember, WebSocket, store, onTruncated, token: token || undefined,
    });
    this.#client.on('event', ({ raw, kind: _, ...event }) => onEvent(event));
    this.#client.on('error', () => {});
  }

  connect() {
    void this.#client.connect();
  }

  disconnect() {
    this.#client.disconnect();
  }
}

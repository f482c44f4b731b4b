/**
 * Prints events, a line each, and goes on where it was: `node watch.mjs API [ORGANIZATION ...]`.
 * TOKEN is the token, CURSOR the file in which the cursor is kept.
 */

import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { Client } from '@unionflow/client';
import { WebSocket } from 'ws'; // Node.js 22 has one of its own

const [api, ...organizations] = process.argv.slice(2);
const { TOKEN: token, CURSOR: file } = process.env;

const store = file && {
  load: () => (existsSync(file) ? readFileSync(file, 'utf8') : null),
  save(cursor) {
    if (cursor === null) return rmSync(file, { force: true });
    writeFileSync(`${file}.new`, cursor);
    renameSync(`${file}.new`, file);
  },
};

const client = new Client({
  api,
  organizations,
  token,
  store: store || undefined,
  WebSocket,
  onTruncated: (ranges) => console.error('events are gone, load your state anew:', ranges),
});
client.on('status', ({ state, reason }) => console.error(reason ? `${state}: ${reason}` : state));
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    client.disconnect();
    process.exit();
  });
}
await client.connect();
for await (const event of client.events()) console.log(JSON.stringify(event.raw));

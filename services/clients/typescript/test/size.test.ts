/** What a page pays for the client, and that it pays for nothing that it does not name. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { build, type BuildOptions } from 'esbuild';

import { small } from '../scripts/options.mjs';

const room = process.env['UNIONFLOW_ROOM'] as string;
const LIMIT = 6 * 1024;

async function bundled(names: string): Promise<string> {
  const stdin = { contents: `export ${names} from './src/index.ts'`, resolveDir: room };
  const { outputFiles } = await build({ ...(small as BuildOptions), stdin, write: false });
  return outputFiles?.[0]?.text ?? '';
}

describe('the package', () => {
  it('costs a page at most 6 KB, gzipped', async () => {
    const size = gzipSync(await bundled('{ Client }'), { level: 9 }).length;
    console.log(`${size} of ${LIMIT} bytes`);
    assert.ok(size <= LIMIT, `${size} bytes are more than ${LIMIT}`);
  });

  it('leaves out what a page does not name', async () => {
    assert.match(await bundled('{ localStorageStore }'), /localStorage/);
    assert.doesNotMatch(await bundled('{ localStorageStore }'), /Promise|welcome/);
    assert.doesNotMatch(await bundled('{ Client }'), /localStorage|access_token/);
  });

  it('brings its types and its source map, and depends on nothing', () => {
    const about = JSON.parse(readFileSync(join(room, 'package.json'), 'utf8'));
    assert.deepEqual([about.dependencies, about.sideEffects], [undefined, false]);
    for (const path of Object.values(about.exports['.'])) readFileSync(join(room, path as string));
    const map = JSON.parse(readFileSync(join(room, 'dist/index.js.map'), 'utf8'));
    assert.ok(map.sources.includes('../src/session.ts'));
  });
});

/** Makes dist: one small module with its source map, and the types. */

import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { room, small } from './options.mjs';

const dist = join(room, 'dist');
rmSync(dist, { recursive: true, force: true });
await build({ ...small, entryPoints: ['src/index.ts'], outfile: join(dist, 'index.js'), sourcemap: true });
execFileSync(join(room, 'node_modules/.bin/tsc'), ['--project', 'tsconfig.build.json'], { cwd: room, stdio: 'inherit' });

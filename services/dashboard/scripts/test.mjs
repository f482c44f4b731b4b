/** Bundles each test and runs them all in node:test: `node scripts/test.mjs [WORD ...]`. */

import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const room = new URL('..', import.meta.url);
const words = process.argv.slice(2);
const tests = readdirSync(new URL('test', room))
    .filter((name) => name.endsWith('.test.ts'))
    .filter((name) => !words.length || words.some((word) => name.includes(word)));
const out = fileURLToPath(new URL('build/test', room));
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
await build({
    absWorkingDir: fileURLToPath(room),
    entryPoints: tests.map((name) => `test/${name}`),
    outdir: out,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: 'inline',
    logLevel: 'warning',
});
const paths = tests.map((name) => `${out}/${name.replace(/ts$/, 'mjs')}`);
process.env.UNIONFLOW_ROOM = fileURLToPath(room);
const ran = spawnSync(process.execPath, ['--enable-source-maps', '--test', '--test-timeout=60000', ...paths], {
    stdio: 'inherit',
});
process.exit(ran.status ?? 1);

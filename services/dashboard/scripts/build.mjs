/**
 * Makes dist: the page, small, with `.gz` beside what shrinks; and holds it to its size. When nothing
 * that it is made of has changed it does nothing: `node scripts/build.mjs [--anew]`.
 */

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';

import { LIMIT, weigh } from './weigh.mjs';

const room = fileURLToPath(new URL('..', import.meta.url));
const dist = join(room, 'dist');
const stamp = join(room, 'build', 'stamp');
const MADE_OF = [
    'src',
    'public',
    'scripts',
    'index.html',
    'vite.config.ts',
    'package.json',
    '../clients/typescript/src',
];
const SHRINKS = /\.(?:html|js|css|svg|webmanifest)$/;

function filesIn(path) {
    if (!statSync(path).isDirectory()) return [path];
    return readdirSync(path)
        .sort()
        .flatMap((name) => filesIn(join(path, name)));
}

function wanted() {
    const hash = createHash('sha256').update(process.versions.node.split('.')[0]);
    for (const file of MADE_OF.flatMap((name) => filesIn(join(room, name))))
        hash.update(file.slice(room.length)).update(readFileSync(file));
    return hash.digest('hex');
}

/** Put what was made in the place of what was there, at once: another may be reading it, or making it too. */
function replace(made) {
    const old = join(room, 'build', `old-${process.pid}`);
    if (existsSync(dist)) renameSync(dist, old);
    renameSync(made, dist);
    rmSync(old, { recursive: true, force: true });
}

const hash = wanted();
const isDone = existsSync(join(dist, 'index.html')) && existsSync(stamp) && readFileSync(stamp, 'utf8') === hash;
if (isDone && !process.argv.includes('--anew')) {
    console.log('dashboard: nothing has changed');
} else {
    const made = join(room, 'build', `made-${process.pid}`);
    await build({ root: room, configFile: join(room, 'vite.config.ts'), logLevel: 'warn', build: { outDir: made } });
    for (const file of filesIn(made).filter((name) => SHRINKS.test(name))) {
        const small = gzipSync(readFileSync(file), { level: 9 });
        if (small.length < statSync(file).size) writeFileSync(`${file}.gz`, small);
    }
    const { total, files } = weigh(made);
    for (const [name, size] of files) console.log(`${String(size).padStart(8)} ${name}`);
    console.log(`${String(total).padStart(8)} of ${LIMIT} bytes, gzipped`);
    if (total > LIMIT) {
        rmSync(made, { recursive: true });
        console.error(`dashboard: ${total} bytes are more than the ${LIMIT} that the page may weigh`);
        process.exit(1);
    }
    replace(made);
    writeFileSync(stamp, hash);
}

/** What the built page weighs on the wire: every file that a browser may fetch, compressed where it shrinks. */

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** Bytes, of all files together. */
export const LIMIT = 120 * 1024;

/** @returns {{ total: number, files: [name: string, size: number][] }} */
export function weigh(dist) {
    const names = readdirSync(dist, { recursive: true })
        .map(String)
        .filter((name) => !name.endsWith('.gz') && statSync(join(dist, name)).isFile());
    const files = names.map((name) => {
        const bytes = readFileSync(join(dist, name));
        return [name, Math.min(bytes.length, gzipSync(bytes, { level: 9 }).length)];
    });
    return { total: files.reduce((sum, [, size]) => sum + size, 0), files };
}

/** How the page is made: relative addresses, hashed names, nothing inline, and a worker that knows them. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createHash } from 'node:crypto';

import { defineConfig, type Plugin } from 'vite';

const API = process.env['API'] ?? 'http://localhost:8080';
const room = new URL('./', import.meta.url);

/** Writes sw.js, with the names of this build's files in it. */
function worker(): Plugin {
  return {
    name: 'worker',
    apply: 'build',
    generateBundle(_options, bundle) {
      const files = Object.keys(bundle)
        .filter((name) => name.startsWith('assets/') && !name.endsWith('.map'))
        .sort();
      const version = createHash('sha256').update(files.join()).digest('hex').slice(0, 12);
      const text = readFileSync(new URL('src/worker.js', room), 'utf8');
      const source = text.replace("'@files@'", JSON.stringify(files)).replace('@version@', version);
      this.emitFile({ type: 'asset', fileName: 'sw.js', source });
    },
  };
}

export default defineConfig({
  base: './',
  root: fileURLToPath(room),
  plugins: [worker()],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  resolve: {
    alias: { '@unionflow/client': fileURLToPath(new URL('../clients/typescript/src/index.ts', room)) },
  },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    emptyOutDir: true,
  },
  server: { proxy: { '/config.json': API, '/api': API } },
});

/** How esbuild makes the package: one module, small, with its source map. */

import { fileURLToPath } from 'node:url';

/**
 * Members of our own inner classes, which no program and no frame names: they may be called anything.
 * None of them may be the name of a field on the wire, of an option, or of a built-in's method.
 */
const INNER = [
  'isSse', 'hangUp', 'failures', 'unstored', 'isAsked', 'waiting', 'put', 'say', 'take', 'stay', 'reset', 'due',
  'again', 'forget', 'give', 'limit', 'truncated', 'ended', 'note', 'mark',
];

export const room = fileURLToPath(new URL('..', import.meta.url));

/** @type {import('esbuild').BuildOptions} */
export const small = {
  absWorkingDir: room,
  bundle: true,
  minify: true,
  mangleProps: new RegExp(`^(?:${INNER.join('|')})$`),
  format: 'esm',
  target: 'es2022',
  logLevel: 'warning',
};

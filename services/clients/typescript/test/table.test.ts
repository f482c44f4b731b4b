/** The table of cases that every client of UnionFlow Streams is held to (tests/contract). */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';

import { BadOptions } from '../src/errors.ts';
import { Play, type Case } from './play.ts';

const folder = process.env['UNIONFLOW_CASES'];
assert.ok(folder, 'UNIONFLOW_CASES names the folder of the table');
const files = readdirSync(folder).filter((name) => name.endsWith('.json')).sort();
assert.notEqual(files.length, 0, `no case in ${folder}`);

for (const name of files) {
  const { subject, cases } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as {
    subject: string;
    cases: Case[];
  };
  describe(subject, () => {
    for (const one of cases) {
      it(one.name, () => {
        if (one.rejects) assert.throws(() => new Play(one), BadOptions);
        else new Play(one).run();
      });
    }
  });
}

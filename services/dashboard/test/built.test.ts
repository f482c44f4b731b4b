/** The built page: its size, that nothing in it is inline or elsewhere, and that its colours can be read. */

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';

// @ts-expect-error a script of the build, without types
import { LIMIT, weigh } from '../scripts/weigh.mjs';

const room = process.env['UNIONFLOW_ROOM'] as string;
const dist = join(room, 'dist');
const text = (name: string): string => readFileSync(join(dist, name), 'utf8');

describe('the built page', () => {
  it('weighs at most 120 KB, gzipped, with all that belongs to it', () => {
    const { total } = weigh(dist) as { total: number };
    console.log(`${total} of ${LIMIT} bytes`);
    assert.ok(total <= LIMIT && total > 10_000);
  });

  it('has no script, style or handler in the HTML, and names nothing but its own files beside it', () => {
    const html = text('index.html');
    assert.doesNotMatch(html, /<style|\sstyle=|\son\w+=|javascript:/);
    for (const [, attributes = '', inner = ''] of html.matchAll(/<script([^>]*)>([^<]*)</g)) {
      assert.match(attributes, /src="\.\/assets\//);
      assert.equal(inner, '');
    }
    for (const [, address = ''] of html.matchAll(/(?:href|src)="([^"]*)"/g)) {
      assert.match(address, /^\.\//);
      assert.ok(existsSync(join(dist, address)), address);
    }
  });

  it('has a name with a hash for everything that is kept for ever', () => {
    for (const name of readdirSync(join(dist, 'assets'))) assert.match(name, /-[\w-]{8}\.(js|css|woff2|svg)(\.gz)?$/);
  });

  it('keeps its shell on the device, and no data', () => {
    const worker = text('sw.js');
    const names = readdirSync(join(dist, 'assets')).filter((name) => !name.endsWith('.gz'));
    for (const name of names) assert.ok(worker.includes(`"assets/${name}"`), name);
    assert.doesNotMatch(worker, /@files@|@version@|api\/v1|config\.json/);
  });

  it('can be installed', () => {
    const manifest = JSON.parse(text('manifest.webmanifest')) as {
      icons: { src: string; sizes: string; purpose?: string }[];
      start_url: string;
    };
    assert.equal(manifest.start_url, './');
    for (const { src, sizes } of manifest.icons) {
      const bytes = readFileSync(join(dist, src));
      if (src.endsWith('.png')) assert.equal(`${bytes.readUInt32BE(16)}x${bytes.readUInt32BE(20)}`, sizes);
    }
    assert.ok(manifest.icons.some((icon) => icon.purpose === 'maskable'));
  });
});

describe('the colours', () => {
  const css = readFileSync(join(room, 'src/style/base.css'), 'utf8');
  const palettes = [...css.matchAll(/:root[^{]*\{([^}]*)\}/g)].map(([, inside = '']) => {
    return new Map(
      [...inside.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name = '', value = '']) => [name, value]),
    );
  });
  const PAIRS: readonly [string, string][] = [
    ...['ink', 'quiet', 'act', 'yes', 'no', 'wait'].flatMap((name): [string, string][] => [
      [name, 'paper'],
      [name, 'cover'],
    ]),
    ['on-act', 'act'],
    ['paper', 'no'],
    ['wait', 'wait-ground'],
    ['no', 'no-ground'],
    ['ink', 'fresh'],
    ['quiet', 'fresh'],
    ['act', 'fresh'],
  ];

  it('are the same twice over in the dark, chosen or by the device', () => {
    assert.equal(palettes.length, 3);
    assert.deepEqual(palettes[1], palettes[2]);
  });

  it('give every text at least 4.5:1 on its ground, light and dark', () => {
    for (const palette of palettes) {
      for (const [front, ground] of PAIRS) {
        const ratio = contrast(palette.get(front) ?? '', palette.get(ground) ?? '');
        assert.ok(ratio >= 4.5, `${front} on ${ground}: ${ratio.toFixed(2)}`);
      }
    }
  });

  it('give every control an edge of at least 3:1', () => {
    for (const palette of palettes)
      assert.ok(contrast(palette.get('rule-strong') ?? '', palette.get('paper') ?? '') >= 3);
  });
});

/** WCAG 2.2's contrast ratio. */
function contrast(one: string, other: string): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

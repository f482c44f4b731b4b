/** What is said, in both languages: amounts, plurals, ages, lines of the journal, announcements. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import { read } from '../src/core/activity.ts';
import { nameOf } from '../src/core/domain.ts';
import { total } from '../src/core/money.ts';
import { PAUSE_MS, SILENT, speak, tell } from '../src/core/speech.ts';
import { age } from '../src/core/staleness.ts';
import { verdicts, weekOf } from '../src/core/verdicts.ts';
import { en } from '../src/words/en.ts';
import { fr } from '../src/words/fr.ts';
import { languageOf, Say } from '../src/words/say.ts';
import { approval, START } from './world.ts';

const plain = (text: string): string => text.replace(/[\u00a0\u202f]/g, ' ');

describe('words', () => {
  const french = new Say('fr', 'UTC');
  const english = new Say('en', 'UTC');

  it('are French where a device asks for neither French nor English', () => {
    assert.deepEqual([['fr-SN'], ['en-GB', 'fr'], ['wo', 'en'], ['pt'], []].map(languageOf), [
      'fr',
      'en',
      'en',
      'fr',
      'fr',
    ]);
  });

  it('say amounts as each language writes them, whole francs and euros with cents', () => {
    assert.equal(plain(french.money('125000', 'XOF')), '125 000 F CFA');
    assert.equal(plain(french.money('1250.5', 'EUR')), '1 250,50 €');
    assert.equal(plain(english.money('125000', 'XOF')), 'F CFA 125,000');
    assert.equal(plain(english.money('1250.5', 'EUR')), '€1,250.50');
    assert.equal(french.money('5', 'nothing'), '5 nothing');
  });

  it('let no French sign stand alone at the beginning of a line', () => {
    assert.equal(french.words.why, 'Pourquoi rejetez-vous cette demande\u202f?');
    assert.equal(french.text('signedInAs', { name: 'Awa' }), 'Connecté\u202f: Awa');
  });

  it('lose no digit of an amount that no binary fraction can hold', () => {
    assert.equal(plain(french.money('9007199254740993', 'XOF')), '9 007 199 254 740 993 F CFA');
  });

  it('set the sum and its currency apart', () => {
    const parts = french.moneyParts('125000', 'XOF');
    assert.deepEqual([plain(parts.sum), plain(parts.unit), parts.isUnitFirst], ['125 000', 'F CFA', false]);
    assert.equal(english.moneyParts('5', 'EUR').isUnitFirst, true);
  });

  it('count as each language does', () => {
    assert.equal(french.count('unread', 0), '0 non lu');
    assert.equal(french.count('unread', 2), '2 non lus');
    assert.equal(english.count('saysNew', 1), '1 new request to decide');
    assert.equal(english.count('saysNew', 0), '0 new requests to decide');
  });

  it('say how old the data are: just now, then in steps', () => {
    const said = (ms: number): string => french.age(age(START, START + ms));
    assert.deepEqual([0, 4_999, 5_000, 40_000, 44_999, 60_000, 3_600_000, 90_000_000].map(said), [
      'à l’instant',
      'à l’instant',
      'il y a 5 s',
      'il y a 40 s',
      'il y a 40 s',
      'il y a 1 min',
      'il y a 1 h',
      'il y a 1 j',
    ]);
    assert.equal(english.text('updated', { age: english.age(age(START, START + 40_000)) }), 'Last update 40 s ago');
    assert.equal(french.age(age(START, START - 60_000)), 'à l’instant');
  });

  it('change exactly when they say that they do', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 9 }), (ms) => {
        const before = age(START, START + ms);
        const words = ({ count, unit }: typeof before): string => `${count} ${unit}`;
        assert.ok(before.changesAt > START + ms);
        assert.equal(words(age(START, before.changesAt - 1)), words(before));
        assert.notEqual(words(age(START, before.changesAt)), words(before));
      }),
    );
  });

  it('name the same things in both languages', () => {
    const holes = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map((one) => one[1] ?? '').sort();
    const check = (a: unknown, b: unknown, at: string): void => {
      if (typeof a === 'string') return assert.deepEqual(holes(String(b)), holes(a), at);
      for (const name of Object.keys(a as object))
        check((a as Record<string, unknown>)[name], (b as Record<string, unknown>)[name], `${at}.${name}`);
    };
    check(fr, en, '');
  });

  it('take the journal apart as the services write it, and leave the rest as it is', () => {
    const line = (kind: string, text: string) => read({ id: '1', kind, actor: 'awa', text, createdAt: START });
    assert.deepEqual(line('APPROVAL_APPROVED', 'LOAN of 1250.50 EUR was approved by awa'), {
      says: 'APPROVAL_APPROVED',
      what: '',
      transactionType: 'LOAN',
      amount: '1250.50',
      currency: 'EUR',
    });
    assert.equal(line('APPROVAL_PENDING', 'LOAN of 5 XOF was granted in part by awa').says, 'APPROVAL_GRANTED');
    assert.equal(line('APPROVAL_PENDING', 'asked for a withdrawal').transactionType, 'WITHDRAWAL');
    assert.equal(line('CONTRIBUTION_PAID', 'Cotisation: novembre: 5000 XOF paid').amount, '5000');
    assert.deepEqual(
      [line('MEMBER_UPDATED', 'Khady Gueye was changed'), line('MEMBER_UPDATED', 'Khady Gueye left')].map((one) => [
        one.says,
        one.what,
      ]),
      [
        ['MEMBER_UPDATED', 'Khady Gueye'],
        ['MEMBER_LEFT', 'Khady Gueye'],
      ],
    );
    assert.equal(line('EVENT_UPDATED', 'Assemblée was scheduled').what, 'Assemblée');
    assert.deepEqual(line('HOUSE_BUILT', 'A house'), {
      says: null,
      what: 'A house',
      transactionType: null,
      amount: null,
      currency: null,
    });
    for (const says of ['APPROVAL_GRANTED', 'MEMBER_LEFT', 'EVENT_SCHEDULED'])
      assert.ok(fr.lines[says] && en.lines[says]);
  });

  it('show a name where an id is one', () => {
    const names = new Map([['42', 'Awa Ndiaye']]);
    assert.deepEqual(
      ['42', 'moussa-fall', '7f3a-11', 'president-of-mutuelle-dakar'].map((user) => nameOf(user, names)),
      ['Awa Ndiaye', 'Moussa Fall', '7f3a-11', 'president-of-mutuelle-dakar'],
    );
  });
});

describe('figures', () => {
  it('are summed digit by digit, and not across currencies', () => {
    const of = (amount: string, currency = 'EUR') => ({ amount, currency });
    assert.deepEqual(total([of('0.1'), of('0.2'), of('10')]), of('10.3'));
    assert.equal(total([of('1'), of('1', 'XOF')]), null);
    assert.equal(total([]), null);
  });

  it('count verdicts by the week in which a request was made', () => {
    const week = 7 * 86_400_000;
    const weeks = verdicts(
      [
        approval('a1', { status: 'APPROVED', createdAt: START }),
        approval('a2', { status: 'REJECTED', createdAt: START - week }),
        approval('a3', { createdAt: START }),
        approval('a4', { status: 'APPROVED', createdAt: START - 40 * week }),
      ],
      START,
    );
    assert.deepEqual(
      weeks.map((one) => [one.approved, one.rejected]),
      [...Array<number[]>(10).fill([0, 0]), [0, 1], [1, 0]],
    );
    assert.equal(new Date(weekOf(START)).toUTCString().slice(0, 16), 'Mon, 23 Nov 2026');
  });
});

describe('a screen reader', () => {
  it('hears of forty requests in one sentence, and not of a connection that is back at once', () => {
    let speech = SILENT;
    for (let count = 0; count < 40; count += 1) speech = tell(speech, { says: 'new-approvals', count: 1 }, START);
    speech = speak(speech, START);
    assert.deepEqual(speech.said, { says: 'new-approvals', count: 40 });
    speech = tell(speech, { says: 'link', state: 'offline' }, START);
    assert.equal(speak(speech, START + 1_000).number, 1);
    assert.deepEqual(speak(speech, START + PAUSE_MS).said, { says: 'link', state: 'offline' });
  });

  it('hears of what the person did themselves at once', () => {
    let speech = speak(tell(SILENT, { says: 'new-messages', count: 1 }, START), START);
    speech = speak(tell(speech, { says: 'decided', verdict: 'approve' }, START + 10), START + 10);
    assert.deepEqual(speech.said, { says: 'decided', verdict: 'approve' });
  });
});

/** Sentences and figures in the person's language: the catalogue, and what Intl knows of it. */

import type { Age } from '../core/staleness.ts';
import type { Amount, Instant } from '../core/domain.ts';
import { en } from './en.ts';
import { fr, type Catalogue } from './fr.ts';

export type Language = 'fr' | 'en';
export const LANGUAGES: readonly Language[] = ['fr', 'en'];
const CATALOGUES: { readonly [L in Language]: Catalogue } = { fr: unbroken(fr), en };

type Plural = { readonly one: string; readonly other: string };
export type SentenceKey = { [K in keyof Catalogue]: Catalogue[K] extends string ? K : never }[keyof Catalogue];
export type PluralKey = { [K in keyof Catalogue]: Catalogue[K] extends Plural ? K : never }[keyof Catalogue];
type Given = Readonly<Record<string, string | number>>;

/** The first of a browser's languages that the page speaks; French where it speaks none. */
export function languageOf(wanted: readonly string[]): Language {
  for (const one of wanted) {
    const found = LANGUAGES.find((language) => one.toLowerCase().split('-')[0] === language);
    if (found) return found;
  }
  return 'fr';
}

export class Say {
  readonly words: Catalogue;
  readonly language: Language;
  readonly #plural: Intl.PluralRules;
  readonly #number: Intl.NumberFormat;
  readonly #formats = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat>();
  readonly #timeZone: string | undefined;

  /** @param timeZone the device's where it is not given; tests give one */
  constructor(language: Language, timeZone?: string) {
    this.language = language;
    this.words = CATALOGUES[language];
    this.#plural = new Intl.PluralRules(language);
    this.#number = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
    this.#timeZone = timeZone;
  }

  /** A sentence, with what it names put in. */
  text(key: SentenceKey, given: Given = {}): string {
    return this.fill(this.words[key], given);
  }

  /** A sentence about so many. */
  count(key: PluralKey, count: number, given: Given = {}): string {
    const forms: Plural = this.words[key];
    const form = this.#plural.select(count) === 'one' ? forms.one : forms.other;
    return this.fill(form, { count: this.number(count), ...given });
  }

  fill(sentence: string, given: Given): string {
    return sentence.replace(/\{(\w+)\}/g, (whole, name: string) => String(given[name] ?? whole));
  }

  number(value: number): string {
    return this.#number.format(value);
  }

  percent(value: number): string {
    return this.#kept(
      'percent',
      () => new Intl.NumberFormat(this.language, { style: 'percent', maximumFractionDigits: 1 }),
    ).format(value / 100);
  }

  /** An amount with its currency: `125 000 F CFA`, `€1,250.50`. A currency nobody knows is shown as it is written. */
  money(amount: Amount, currency: string): string {
    try {
      const format = this.#kept(`money ${currency}`, () => {
        return new Intl.NumberFormat(this.language, {
          style: 'currency',
          currency,
          currencyDisplay: 'narrowSymbol',
          ...decimals(currency),
        });
      });
      // A decimal string is formatted digit by digit, however long it is.
      return (format as { format(value: string): string }).format(amount);
    } catch (error) {
      if (error instanceof RangeError) return `${amount} ${currency}`;
      throw error;
    }
  }

  /** The sum and the currency apart, so that a page may set them apart. */
  moneyParts(
    amount: Amount,
    currency: string,
  ): { readonly sum: string; readonly unit: string; readonly isUnitFirst: boolean } {
    const whole = this.money(amount, currency);
    const sum = /[-\d].*\d|\d/.exec(whole)?.[0] ?? whole;
    const unit = whole.replace(sum, '').trim();
    return { sum, unit, isUnitFirst: unit !== '' && whole.startsWith(unit) };
  }

  age({ count, unit }: Age): string {
    return count === 0 ? this.words.now : this.fill(this.words.ages[unit], { count: this.number(count) });
  }

  day(at: Instant): string {
    return this.#date('day', at, { weekday: 'long', day: 'numeric', month: 'long' });
  }

  date(at: Instant): string {
    return this.#date('date', at, { day: 'numeric', month: 'short' });
  }

  monthShort(at: Instant): string {
    return this.#date('month', at, { month: 'short' }).replace('.', '');
  }

  /** month: such as `2026-11`. */
  monthLong(month: string): string {
    return this.#kept(
      'month long',
      () => new Intl.DateTimeFormat(this.language, { month: 'long', timeZone: 'UTC' }),
    ).format(Date.parse(`${month}-15`));
  }

  dayNumber(at: Instant): string {
    return this.#date('number', at, { day: 'numeric' }).replace(/\D/g, '');
  }

  time(at: Instant): string {
    return this.#date('time', at, { hour: '2-digit', minute: '2-digit' });
  }

  #date(name: string, at: Instant, options: Intl.DateTimeFormatOptions): string {
    const zone = this.#timeZone === undefined ? {} : { timeZone: this.#timeZone };
    // Where the society is, a day has twenty-four hours, in English too.
    const locale = this.language === 'en' ? 'en-GB' : this.language;
    return this.#kept(name, () => new Intl.DateTimeFormat(locale, { ...options, ...zone })).format(at);
  }

  #kept<T extends Intl.NumberFormat | Intl.DateTimeFormat>(name: string, make: () => T): T {
    let format = this.#formats.get(name) as T | undefined;
    if (!format) this.#formats.set(name, (format = make()));
    return format;
  }
}

/** Whole francs are whole; whole euros have their cents. */
function decimals(currency: string): Intl.NumberFormatOptions {
  return currency === 'XOF' || currency === 'XAF' ? { maximumFractionDigits: 0 } : {};
}

/** French sets a space before `?`, `!`, `:` and `;`, at which no line may break. */
function unbroken<T>(words: T): T {
  if (typeof words === 'string') return words.replace(/ ([?!:;])/g, '\u202f$1') as T;
  return Object.fromEntries(Object.entries(words as object).map(([name, one]) => [name, unbroken(one)])) as T;
}

/** Sums of decimal strings, digit by digit: no amount is ever a binary fraction. */

import type { Amount } from './domain.ts';

interface Sum {
  readonly amount: Amount;
  readonly currency: string;
}

/** null where there is nothing, or where the currencies differ. */
export function total(all: readonly Sum[]): Sum | null {
  const first = all[0];
  if (!first || all.some((one) => one.currency !== first.currency)) return null;
  const places = Math.max(...all.map((one) => decimals(one.amount)));
  const units = all.reduce((sum, one) => sum + toUnits(one.amount, places), 0n);
  return { amount: fromUnits(units, places), currency: first.currency };
}

function decimals(amount: Amount): number {
  return amount.split('.')[1]?.length ?? 0;
}

function toUnits(amount: Amount, places: number): bigint {
  const [whole = '', fraction = ''] = amount.split('.');
  return BigInt(whole + fraction.padEnd(places, '0'));
}

function fromUnits(units: bigint, places: number): Amount {
  const sign = units < 0n ? '-' : '';
  const digits = (units < 0n ? -units : units).toString().padStart(places + 1, '0');
  return places === 0 ? sign + digits : `${sign}${digits.slice(0, -places)}.${digits.slice(-places)}`;
}

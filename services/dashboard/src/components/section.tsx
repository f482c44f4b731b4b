/** One page of the book: a title, what is in it, and a word where that could not be refreshed. */

import type { ComponentChildren, JSX } from 'preact';
import { useContext, useMemo, useRef } from 'preact/hooks';

import type { Slot } from '../core/slot.ts';
import { AwayContext, useAge, useSay } from './context.ts';

/** The status of a problem where nobody answered. */
const NOBODY = 0;

interface Props {
  readonly name: string;
  readonly title: string;
  readonly aside?: ComponentChildren;
  readonly slots: readonly Slot<unknown>[];
  readonly children: ComponentChildren;
}

export function Section({ name, title, aside, slots, children }: Props): JSX.Element {
  const isLoading = slots.some((slot) => slot.value === null && slot.problem === null);
  const isAway = useContext(AwayContext);
  const failed = slots.find(
    (slot) => slot.problem !== null && !(isAway && slot.asOf !== null && slot.problem.status === NOBODY),
  );
  return (
    <section
      id={name}
      class={`sheet sheet-${name}`}
      data-testid={name}
      aria-labelledby={`${name}-title`}
      aria-busy={isLoading}
      tabIndex={-1}
    >
      <header class="sheet-head">
        <h2 id={`${name}-title`}>{title}</h2>
        {aside}
      </header>
      {failed && <Trouble slot={failed} />}
      {isLoading ? <Lines /> : children}
    </section>
  );
}

/** Honest when it is stale: the data stay, and say how old they are. */
function Trouble({ slot }: { readonly slot: Slot<unknown> }): JSX.Element {
  const say = useSay();
  if (slot.asOf === null) return <p class="trouble">{say.text('partNever')}</p>;
  return <StaleSince since={slot.asOf} />;
}

function StaleSince({ since }: { readonly since: number }): JSX.Element {
  const say = useSay();
  return <p class="trouble">{say.text('partFailed', { age: say.age(useAge(since)) })}</p>;
}

/** Empty lines, as long as nothing is written on them. */
function Lines(): JSX.Element {
  return useMemo(
    () => (
      <div class="lines" aria-hidden="true">
        <i />
        <i />
        <i />
      </div>
    ),
    [],
  );
}

export function Money({
  amount,
  currency,
  class: kind,
}: {
  readonly amount: string;
  readonly currency: string;
  readonly class?: string;
}): JSX.Element {
  const say = useSay();
  const { sum, unit, isUnitFirst } = say.moneyParts(amount, currency);
  const small = unit && <small>{unit}</small>;
  const gap = unit && (!isUnitFirst || /\p{L}$/u.test(unit)) ? '\u202f' : '';
  return (
    <span class={`money ${kind ?? ''}`}>
      {isUnitFirst && small}
      {isUnitFirst && gap}
      {sum}
      {!isUnitFirst && gap}
      {!isUnitFirst && small}
    </span>
  );
}

/** A figure that shows softly that it has changed. */
export function Fresh({
  of,
  children,
}: {
  readonly of: string | number;
  readonly children: ComponentChildren;
}): JSX.Element {
  const seen = useRef({ of, changes: 0 });
  if (seen.current.of !== of) seen.current = { of, changes: seen.current.changes + 1 };
  const { changes } = seen.current;
  return (
    <span key={changes} class={changes ? 'fresh' : ''}>
      {children}
    </span>
  );
}

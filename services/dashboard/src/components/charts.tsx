/** Small charts, drawn here; each says the same in words beside it. */

import type { JSX } from 'preact';

import type { Decided, Months } from '../core/domain.ts';
import { useSay } from './context.ts';
import { Fresh, Money } from './section.tsx';

/** A column a month: its height is what was due, what is filled is paid. */
export function ByMonth({ months: { items, currency } }: { readonly months: Months }): JSX.Element {
  const say = useSay();
  const most = Math.max(1, ...items.map((one) => Number(one.due)));
  const scale = (amount: string): number => (Number(amount) / most) * HEIGHT;
  const last = items.at(-1);
  const told = items.map((one) =>
    say.text('monthOf', {
      month: say.monthLong(one.month),
      paid: say.money(one.paid, currency),
      due: say.money(one.due, currency),
    }),
  );
  return (
    <li class="kpi">
      <p class="kpi-head">
        <span>{say.words.months}</span>
        {last && (
          <b>
            <Fresh of={last.paid}>
              <Money amount={last.paid} currency={currency} />
            </Fresh>
          </b>
        )}
      </p>
      {last && (
        <p class="quiet">
          {say.text('monthsNow', { due: say.money(last.due, currency), month: say.monthLong(last.month) })}
        </p>
      )}
      <svg
        class="chart months"
        preserveAspectRatio="none"
        viewBox={`0 0 ${items.length * STEP} ${HEIGHT + 2}`}
        role="img"
        aria-label={told.join(', ')}
      >
        {items.map((one, place) => (
          <g key={one.month}>
            <title>{told[place]}</title>
            <rect class="hit" x={place * STEP} y="0" width={STEP} height={HEIGHT + 2} />
            <rect class="due" x={place * STEP + 3} width="10" y={HEIGHT + 1 - scale(one.due)} height={scale(one.due)} />
            <rect
              class="paid"
              x={place * STEP + 3}
              width="10"
              y={HEIGHT + 1 - scale(one.paid)}
              height={scale(one.paid)}
            />
          </g>
        ))}
        <line class="axis" x1="0" x2={items.length * STEP} y1={HEIGHT + 1} y2={HEIGHT + 1} />
      </svg>
      <p class="months-names" aria-hidden="true">
        {items.map((one) => (
          <span key={one.month}>{say.monthLong(one.month).charAt(0)}</span>
        ))}
      </p>
    </li>
  );
}

const HEIGHT = 60;
const STEP = 16;

/** Approved above the line, rejected below it, a column a week. */
export function Verdicts({ weeks }: { readonly weeks: readonly Decided[] }): JSX.Element {
  const say = useSay();
  // Above and below have one scale, and share the height as they need it.
  const above = Math.max(1, ...weeks.map((week) => week.approved));
  const below = Math.max(1, ...weeks.map((week) => week.rejected));
  const axis = (HEIGHT * above) / (above + below) + 2;
  const approved = weeks.reduce((sum, week) => sum + week.approved, 0);
  const rejected = weeks.reduce((sum, week) => sum + week.rejected, 0);
  const scale = (count: number): number => (count === 0 ? 0 : Math.max(2, (count / (above + below)) * HEIGHT));
  const told = `${say.count('approvedCount', approved)}, ${say.count('rejectedCount', rejected)}`;
  return (
    <li class="kpi">
      <p class="kpi-head">
        <span>{say.words.verdicts}</span>
        <b>
          <Fresh of={approved + rejected}>{say.number(approved + rejected)}</Fresh>
        </b>
      </p>
      <svg
        class="chart verdicts"
        preserveAspectRatio="none"
        viewBox={`0 0 ${weeks.length * STEP} ${HEIGHT + 4}`}
        role="img"
        aria-label={told}
      >
        <line class="axis" x1="0" x2={weeks.length * STEP} y1={axis} y2={axis} />
        {weeks.map((week, place) => (
          <g key={week.from}>
            <title>
              {say.text('weekOf', {
                date: say.date(week.from),
                approved: say.count('approvedCount', week.approved),
                rejected: say.count('rejectedCount', week.rejected),
              })}
            </title>
            <rect class="hit" x={place * STEP} y="0" width={STEP} height={HEIGHT + 4} />
            <rect
              class="yes"
              x={place * STEP + 3}
              width="10"
              y={axis - 1 - scale(week.approved)}
              height={scale(week.approved)}
            />
            <rect class="no" x={place * STEP + 3} width="10" y={axis + 1} height={scale(week.rejected)} />
          </g>
        ))}
      </svg>
      <p class="legend" aria-hidden="true">
        <span class="yes">{say.count('approvedCount', approved)}</span>
        <span class="no">{say.count('rejectedCount', rejected)}</span>
      </p>
    </li>
  );
}

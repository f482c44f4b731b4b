/** The society in figures: what it has, how well contributions come in, what was decided. */

import type { JSX } from 'preact';

import type { Decided, Kpi, Months, Stats } from '../core/domain.ts';
import type { Slot } from '../core/slot.ts';
import { useSay } from './context.ts';
import { ByMonth, Verdicts } from './charts.tsx';
import { Fresh, Money, Section } from './section.tsx';

export function Statistics({ slot }: { readonly slot: Slot<Stats> }): JSX.Element {
  const say = useSay();
  const stats = slot.value;
  return (
    <Section name="statistics" title={say.words.statistics} slots={[slot]}>
      {stats && (
        <dl class="ledger">
          <div class="first">
            <dt>{say.words.contributions}</dt>
            <dd>
              <Fresh of={stats.totalContributions}>
                <Money amount={stats.totalContributions} currency={stats.currency} class="double" />
              </Fresh>
            </dd>
          </div>
          <div>
            <dt>{say.words.members}</dt>
            <dd>
              <Fresh of={stats.totalMembers}>{say.number(stats.totalMembers)}</Fresh>
            </dd>
          </div>
          <div>
            <dt>{say.words.pending}</dt>
            <dd>
              <Fresh of={stats.pendingApprovals}>{say.number(stats.pendingApprovals)}</Fresh>
            </dd>
          </div>
        </dl>
      )}
    </Section>
  );
}

interface KpiProps {
  readonly slot: Slot<readonly Kpi[]>;
  readonly months: Months | null;
  readonly decided: readonly Decided[] | null;
}

export function Kpis({ slot, months, decided }: KpiProps): JSX.Element {
  const say = useSay();
  return (
    <Section name="kpis" title={say.words.kpis} slots={[slot]}>
      <ul class="kpis">
        {slot.value?.map((kpi) => (
          <Indicator key={kpi.id} kpi={kpi} />
        ))}
        {months && months.items.length > 0 && <ByMonth months={months} />}
        {decided && <Verdicts weeks={decided} />}
      </ul>
    </Section>
  );
}

function Indicator({ kpi }: { readonly kpi: Kpi }): JSX.Element {
  const say = useSay();
  if (kpi.unit === '%') {
    const isCollection = kpi.id === 'collection-rate';
    return (
      <li class="kpi">
        <p class="kpi-head">
          <span>{isCollection ? say.words.collectionRate : kpi.name}</span>
          <b>
            <Fresh of={kpi.value}>{say.percent(kpi.value)}</Fresh>
          </b>
        </p>
        <Ruler percent={kpi.value} />
        {isCollection && <p class="quiet">{say.words.collectionRateHint}</p>}
      </li>
    );
  }
  return (
    <li class="kpi">
      <p class="kpi-head">
        <span>{kpi.id === 'overdue-contributions' ? say.words.overdue : kpi.name}</span>
        <b>
          <Fresh of={kpi.value}>
            {say.number(kpi.value)}
            {kpi.unit && ` ${kpi.unit}`}
          </Fresh>
        </b>
      </p>
    </li>
  );
}

/** A ruler with a mark at each tenth; the figure beside it says the same in words. */
function Ruler({ percent }: { readonly percent: number }): JSX.Element {
  const end = Math.max(0, Math.min(100, percent)) * 2;
  return (
    <svg class="ruler" viewBox="0 0 200 16" preserveAspectRatio="none" aria-hidden="true">
      <rect class="track" x="0" y="1" width="200" height="8" />
      <rect class="value" x="0" y="1" width={end} height="8" />
      {Array.from({ length: 11 }, (_, tenth) => (
        <line key={tenth} x1={tenth * 20} x2={tenth * 20} y1="9" y2={tenth % 5 ? 12 : 15} />
      ))}
    </svg>
  );
}

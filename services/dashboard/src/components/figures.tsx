/** The society in figures: what it has, how well contributions come in, what was decided. */

import type { JSX } from 'preact';

import type { Decided, Kpi, Stats } from '../core/domain.ts';
import type { Slot } from '../core/slot.ts';
import { useSay } from './context.ts';
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
            <dd><Fresh of={stats.totalContributions}><Money amount={stats.totalContributions} currency={stats.currency} class="double" /></Fresh></dd>
          </div>
          <div>
            <dt>{say.words.members}</dt>
            <dd><Fresh of={stats.totalMembers}>{say.number(stats.totalMembers)}</Fresh></dd>
          </div>
          <div>
            <dt>{say.words.pending}</dt>
            <dd><Fresh of={stats.pendingApprovals}>{say.number(stats.pendingApprovals)}</Fresh></dd>
          </div>
        </dl>
      )}
    </Section>
  );
}

interface KpiProps {
  readonly slot: Slot<readonly Kpi[]>;
  readonly decided: Slot<readonly Decided[]>;
}

export function Kpis({ slot, decided }: KpiProps): JSX.Element {
  const say = useSay();
  return (
    <Section name="kpis" title={say.words.kpis} slots={[slot]}>
      <ul class="kpis">
        {slot.value?.map((kpi) => <Indicator key={kpi.id} kpi={kpi} />)}
        {decided.value && <Verdicts weeks={decided.value} />}
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
          <b><Fresh of={kpi.value}>{say.percent(kpi.value)}</Fresh></b>
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
        <b><Fresh of={kpi.value}>{say.number(kpi.value)}{kpi.unit && ` ${kpi.unit}`}</Fresh></b>
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

const HEIGHT = 60;
const STEP = 16;

/** Approved above the line, rejected below it, a column a week. */
function Verdicts({ weeks }: { readonly weeks: readonly Decided[] }): JSX.Element {
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
        <b><Fresh of={approved + rejected}>{say.number(approved + rejected)}</Fresh></b>
      </p>
      <svg class="verdicts" preserveAspectRatio="none" viewBox={`0 0 ${weeks.length * STEP} ${HEIGHT + 4}`} role="img" aria-label={told}>
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
            <rect class="yes" x={place * STEP + 3} width="10" y={axis - 1 - scale(week.approved)} height={scale(week.approved)} />
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

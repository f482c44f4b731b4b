/** The page itself: every part, in the order in which a treasurer wants them. */

import type { JSX } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';

import type { Page } from '../adapters/page.ts';
import { waiting as waitingIn } from '../core/desk.ts';
import { mayDecide } from '../core/domain.ts';
import { linkOf, type Spoken, type State } from '../core/state.ts';
import type { Say } from '../words/say.ts';
import { Approvals } from './approvals.tsx';
import { AwayContext, useAge, useSay } from './context.ts';
import { Kpis, Statistics } from './figures.tsx';
import { Header, type Settings } from './header.tsx';
import { Activities, Agenda, Notifications } from './lists.tsx';
import { BottomBar } from './bottom.tsx';

interface Props {
  readonly page: Page;
  readonly settings: Settings;
  readonly leave: { readonly words: string; readonly act: () => void };
  /** Log in again; null in development. */
  readonly logIn: (() => void) | null;
}

export function Board({ page, settings, leave, logIn }: Props): JSX.Element {
  const say = useSay();
  const [, draw] = useState(0);
  useEffect(() => page.watch(() => draw((count) => count + 1)), [page]);
  const { state } = page;
  const { slots, desk, person, names, organization, organizations, heardAt, marking } = state;
  const link = linkOf(state);
  const waiting = waitingIn(desk);
  useEffect(() => {
    const count = waiting > 0 && mayDecide(person) ? `(${waiting}) ` : '';
    document.title = organization ? `${count}${organization.name} · ${say.words.product}` : say.words.product;
  }, [organization?.name, waiting, person, say]);

  // Each is drawn anew only where something of its own has changed, however often the page is told.
  const pending = slots.stats.value?.pendingApprovals ?? null;
  const approvals = useMemo(
    () => <Approvals slot={slots.approvals} desk={desk} pending={pending} person={person} names={names} />,
    [slots.approvals.value, slots.approvals.problem, slots.approvals.asOf === null, desk, pending, person, names, say],
  );
  const statistics = useMemo(() => <Statistics slot={slots.stats} />, [slots.stats.value, slots.stats.problem, say]);
  const kpis = useMemo(
    () => <Kpis slot={slots.kpis} months={slots.months.value} decided={slots.verdicts.value} />,
    [slots.kpis.value, slots.kpis.problem, slots.months.value, slots.verdicts.value, say],
  );
  const agenda = useMemo(() => <Agenda slot={slots.agenda} />, [slots.agenda.value, slots.agenda.problem, say]);
  const inbox = slots.notifications;
  const notifications = useMemo(
    () => (
      <Notifications slot={inbox} marking={marking} organizations={organizations} here={organization?.id ?? null} />
    ),
    [inbox.value, inbox.problem, marking, organizations, organization?.id, say],
  );
  const activities = useMemo(
    () => <Activities slot={slots.activities} names={names} />,
    [slots.activities.value, slots.activities.problem, names, say],
  );

  return (
    <AwayContext.Provider value={link.state === 'offline' && link.reason === 'network'}>
      <a class="skip" href="#approvals">
        {say.words.skip}
      </a>
      <Header
        {...{ organization, organizations, link, heardAt, person, settings, leave }}
        banner={<Banner state={state} logIn={logIn} />}
      />
      {organization === null ? (
        <main class="door">
          <p>{say.words.none}</p>
        </main>
      ) : (
        <main class="book">
          <div class="column">{approvals}</div>
          <div class="column">
            {statistics}
            {kpis}
            {agenda}
          </div>
          <div class="column">
            {notifications}
            {activities}
          </div>
        </main>
      )}
      {organization && <BottomBar desk={desk} inbox={inbox.value} />}
      <p class="sr-only" role="status" aria-live="polite" data-testid="announcer">
        <span key={state.speech.number}>{state.speech.said && spoken(say, state.speech.said)}</span>
      </p>
    </AwayContext.Provider>
  );
}

/** Not live: then the age of the data is said aloud, so to speak. */
function Banner({ state, logIn }: { readonly state: State; readonly logIn: (() => void) | null }): JSX.Element | null {
  const say = useSay();
  if (state.isLoggedOut) {
    return (
      <div class="banner" role="alert">
        <p>{say.words.loggedOut}</p>
        {logIn && (
          <button type="button" class="button strong" onClick={logIn}>
            {say.words.logIn}
          </button>
        )}
      </div>
    );
  }
  const link = linkOf(state);
  const isAway = link.state === 'offline' || link.state === 'refused';
  return isAway && state.heardAt !== null ? <Stale since={state.heardAt} /> : null;
}

function Stale({ since }: { readonly since: number }): JSX.Element {
  const say = useSay();
  return <p class="banner stale">{say.text('stale', { age: say.age(useAge(since)) })}</p>;
}

function spoken(say: Say, what: Spoken): string {
  switch (what.says) {
    case 'new-approvals':
      return say.count('saysNew', what.count);
    case 'new-messages':
      return say.count('saysMessages', what.count);
    case 'elsewhere':
      return say.count('saysElsewhere', what.count);
    case 'link':
      return { live: say.words.saysLive, offline: say.words.saysOffline, refused: say.words.saysRefused }[what.state];
    case 'decided':
      return what.verdict === 'approve' ? say.words.saysApproved : say.words.saysRejected;
    case 'not-decided':
      return say.words.saysNotDecided;
  }
}

/** Whether what is on screen is current, in words, always in sight. */

import type { JSX } from 'preact';

import type { Link, State } from '../core/state.ts';
import type { Say, SentenceKey } from '../words/say.ts';
import { useAge, useSay } from './context.ts';

const STATES: { readonly [S in Link['state']]: SentenceKey } = {
  live: 'linkLive',
  connecting: 'linkConnecting',
  replaying: 'linkReplaying',
  offline: 'linkOffline',
  refused: 'linkRefused',
};
const REASONS: Readonly<Record<string, SentenceKey>> = {
  network: 'whyNetwork',
  unreachable: 'whyUnreachable',
  lost: 'whyLost',
  restarting: 'whyRestarting',
  busy: 'whyBusy',
  limited: 'whyBusy',
  slow: 'whySlow',
  silent: 'whySilent',
  token: 'whyToken',
  forbidden: 'whyForbidden',
};

/** The connection's state in words: `Hors ligne · pas de réseau`. */
export function linkWords(say: Say, link: Link): string {
  const state = say.text(STATES[link.state]);
  if (link.state === 'live' || link.reason === null || link.reason === 'disconnected') return state;
  return `${state} · ${say.text(REASONS[link.reason] ?? 'whyOther')}`;
}

export function Connection({ link, heardAt }: Pick<State, 'link' | 'heardAt'>): JSX.Element {
  const say = useSay();
  return (
    <div class={`link-state ${link.state}`}>
      <p class="state" data-testid="connection" data-state={link.state}>
        <svg class="dot" viewBox="0 0 10 10" aria-hidden="true">
          <circle cx="5" cy="5" r="4" />
        </svg>
        {linkWords(say, link)}
      </p>
      <p class="updated" data-testid="updated-at">
        {heardAt === null ? say.words.neverUpdated : <Updated since={heardAt} />}
      </p>
    </div>
  );
}

function Updated({ since }: { readonly since: number }): JSX.Element {
  const say = useSay();
  return <time dateTime={new Date(since).toISOString()}>{say.text('updated', { age: say.age(useAge(since)) })}</time>;
}

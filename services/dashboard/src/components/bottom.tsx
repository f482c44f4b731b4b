/** For a thumb: the way to each part, at the lower edge of a phone. */

import type { JSX } from 'preact';

import { waiting, type Desk } from '../core/desk.ts';
import type { Inbox } from '../core/domain.ts';
import { useSay } from './context.ts';

export function BottomBar({ desk, inbox }: { readonly desk: Desk; readonly inbox: Inbox | null }): JSX.Element {
  const say = useSay();
  return (
    <nav class="bottom" aria-label={say.words.nav}>
      <To part="approvals" words={say.words.navApprovals} count={waiting(desk)} path="M5 12l4.5 4.5L19 7" />
      <To part="statistics" words={say.words.navFigures} count={0} path="M5 19V11M12 19V5M19 19v-6" />
      <To
        part="notifications"
        words={say.words.navNotifications}
        count={inbox?.unread ?? 0}
        path="M4 6h16v11H10l-4 3v-3H4z"
      />
      <To part="activities" words={say.words.navActivity} count={0} path="M5 6h14M5 12h14M5 18h9" />
    </nav>
  );
}

interface ToProps {
  readonly part: string;
  readonly words: string;
  readonly count: number;
  readonly path: string;
}

function To({ part, words, count, path }: ToProps): JSX.Element {
  const go = (event: Event): void => {
    event.preventDefault();
    const section = document.getElementById(part);
    section?.scrollIntoView({ block: 'start' });
    section?.focus({ preventScroll: true });
  };
  return (
    <a href={`#${part}`} onClick={go}>
      <span class="icon">
        <svg viewBox="0 0 24 24" aria-hidden="true">
          <path d={path} />
        </svg>
        {count > 0 && <b class="badge">{count > 99 ? '99+' : count}</b>}
      </span>
      {words}
    </a>
  );
}

/** Agenda, messages and journal: lines with their time in the margin. */

import type { ComponentChildren, JSX } from 'preact';
import { useId, useState } from 'preact/hooks';

import { read, type Line } from '../core/activity.ts';
import {
  nameOf,
  type Activity,
  type AgendaEvent,
  type Inbox,
  type Notification,
  type Organization,
} from '../core/domain.ts';
import type { Slot } from '../core/slot.ts';
import type { Say } from '../words/say.ts';
import { useAge, useGround, useNew, useSay } from './context.ts';
import { Section } from './section.tsx';

/** The first few, and the others when they are asked for. */
function Few<T extends { readonly id: string }>({
  of,
  show,
  line,
  name,
  more,
}: {
  readonly of: readonly T[];
  readonly show: number;
  /** kind: a class, which tells what is new. */
  readonly line: (one: T, kind: string) => JSX.Element;
  readonly name: string;
  readonly more?: ComponentChildren;
}): JSX.Element {
  const say = useSay();
  const [isOpen, setOpen] = useState(false);
  const isNew = useNew(of.map((one) => one.id));
  return (
    <>
      <ul class="entries" id={`${name}-list`}>
        {(isOpen ? of : of.slice(0, show)).map((one) => line(one, isNew(one.id) ? 'entry new' : 'entry'))}
      </ul>
      <div class="links">
        {of.length > show && (
          <button
            type="button"
            class="link"
            aria-expanded={isOpen}
            aria-controls={`${name}-list`}
            onClick={() => setOpen(!isOpen)}
          >
            {isOpen ? say.words.showLess : say.words.showMore}
          </button>
        )}
        {more}
      </div>
    </>
  );
}

export function Agenda({ slot }: { readonly slot: Slot<readonly AgendaEvent[]> }): JSX.Element {
  const say = useSay();
  return (
    <Section name="agenda" title={say.words.agenda} slots={[slot]}>
      {slot.value?.length === 0 && <p class="quiet">{say.words.agendaNone}</p>}
      {slot.value && (
        <Few
          of={slot.value}
          show={4}
          name="agenda"
          line={(one, kind) => <AgendaLine key={one.id} one={one} kind={kind} />}
        />
      )}
    </Section>
  );
}

function AgendaLine({ one, kind }: { readonly one: AgendaEvent; readonly kind: string }): JSX.Element {
  const say = useSay();
  return (
    <li class={kind}>
      <time class="in-margin day" dateTime={new Date(one.startsAt).toISOString()} aria-label={say.day(one.startsAt)}>
        <b>{say.dayNumber(one.startsAt)}</b>
        {say.monthShort(one.startsAt)}
      </time>
      <div>
        <p class="entry-title">{one.title}</p>
        <p class="quiet">
          {say.time(one.startsAt)}–{say.time(one.endsAt)}
          {one.location && <> · {one.location}</>}
        </p>
      </div>
    </li>
  );
}

interface InboxProps {
  readonly slot: Slot<Inbox>;
  readonly marking: ReadonlySet<string>;
  readonly organizations: readonly Organization[];
  readonly here: string | null;
}

export function Notifications({ slot, marking, organizations, here }: InboxProps): JSX.Element {
  const { say, tell } = useGround();
  const inbox = slot.value;
  const unread = inbox?.items.filter((one) => !one.read).map((one) => one.id) ?? [];
  const count = inbox && (
    <p class={`tally unread ${inbox.unread ? 'some' : ''}`} data-testid="unread" data-count={inbox.unread}>
      {unreadWords(say, inbox)}
    </p>
  );
  const of = (id: string | null): string | null => {
    return id === null || id === here ? null : (organizations.find((one) => one.id === id)?.name ?? null);
  };
  return (
    <Section name="notifications" title={say.words.notifications} slots={[slot]} aside={count}>
      {inbox?.items.length === 0 && <p class="quiet">{say.words.notificationsNone}</p>}
      {inbox && (
        <Few
          of={inbox.items}
          show={4}
          name="notifications"
          more={
            unread.length > 1 && (
              <button type="button" class="link" onClick={() => tell({ is: 'mark', ids: unread })}>
                {say.words.markAll}
              </button>
            )
          }
          line={(one, kind) => (
            <MessageLine
              key={one.id}
              one={one}
              kind={kind}
              isMarking={marking.has(one.id)}
              from={of(one.organizationId)}
            />
          )}
        />
      )}
    </Section>
  );
}

export function unreadWords(say: Say, inbox: Inbox): string {
  if (inbox.more) return say.text('unreadMore', { count: say.number(inbox.unread) });
  return inbox.unread === 0 ? say.words.allRead : say.count('unread', inbox.unread);
}

interface MessageProps {
  readonly one: Notification;
  readonly kind: string;
  readonly isMarking: boolean;
  readonly from: string | null;
}

function MessageLine({ one, kind, isMarking, from }: MessageProps): JSX.Element {
  const { say, tell } = useGround();
  const title = useId();
  return (
    <li class={`${kind} message ${one.read || isMarking ? '' : 'unread'}`} data-testid={`notification-${one.id}`}>
      <Moment at={one.createdAt} />
      <div>
        <p class="entry-title" id={title}>
          {!one.read && !isMarking && <span class="sr-only">{say.words.isUnread} : </span>}
          {one.title}
        </p>
        {one.body && <p class="body">{one.body}</p>}
        {from && <p class="quiet">{from}</p>}
      </div>
      {!one.read && (
        <button
          type="button"
          class="tick"
          disabled={isMarking}
          aria-label={say.words.markRead}
          aria-describedby={title}
          title={say.words.markRead}
          onClick={() => tell({ is: 'mark', ids: [one.id] })}
        >
          <svg viewBox="0 0 20 20" aria-hidden="true">
            <path d="M4 10.5l4 4 8-9" />
          </svg>
        </button>
      )}
    </li>
  );
}

interface JournalProps {
  readonly slot: Slot<readonly Activity[]>;
  readonly names: ReadonlyMap<string, string>;
}

export function Activities({ slot, names }: JournalProps): JSX.Element {
  const say = useSay();
  return (
    <Section name="activities" title={say.words.activities} slots={[slot]}>
      {slot.value?.length === 0 && <p class="quiet">{say.words.activitiesNone}</p>}
      {slot.value && (
        <Few
          of={slot.value}
          show={8}
          name="activities"
          line={(one, kind) => (
            <li class={kind} key={one.id} data-kind={one.kind}>
              <Moment at={one.createdAt} />
              <div>
                <p>{journalLine(say, read(one))}</p>
                <p class="quiet">{nameOf(one.actor, names)}</p>
              </div>
            </li>
          )}
        />
      )}
    </Section>
  );
}

function journalLine(say: Say, line: Line): ComponentChildren {
  const sentence = line.says && say.words.lines[line.says];
  if (!sentence) return line.what;
  const type = line.transactionType && (say.words.types[line.transactionType] ?? line.transactionType.toLowerCase());
  const amount = line.amount !== null && line.currency !== null ? say.money(line.amount, line.currency) : null;
  const what = [type ?? line.what, type ? amount : null].filter(Boolean).join(', ');
  return say.fill(sentence, { what, amount: amount ?? '' });
}

function Moment({ at }: { readonly at: number }): JSX.Element {
  const say = useSay();
  useAge(at); // today becomes another day
  const isToday = new Date(at).toDateString() === new Date().toDateString();
  return (
    <time class="in-margin" dateTime={new Date(at).toISOString()}>
      {isToday ? say.time(at) : say.date(at)}
    </time>
  );
}

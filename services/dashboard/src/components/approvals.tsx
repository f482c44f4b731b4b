/** What waits for a decision, and the decision, in place. */

import type { JSX } from 'preact';
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks';

import { stage, waiting, type Decision, type Desk, type Stage, type Verdict } from '../core/desk.ts';
import { CARDS } from '../core/heard.ts';
import { mayDecide, nameOf, type Approval, type Person, type Problem } from '../core/domain.ts';
import { total } from '../core/money.ts';
import type { Slot } from '../core/slot.ts';
import type { Say } from '../words/say.ts';
import { useAge, useGround, useNew } from './context.ts';
import { Money, Section } from './section.tsx';

const HOLD_AGAIN_MS = 1_000;

interface Props {
  readonly slot: Slot<readonly Approval[]>;
  readonly desk: Desk;
  readonly pending: number | null;
  readonly person: Person;
  readonly names: ReadonlyMap<string, string>;
}

export function Approvals({ slot, desk, pending, person, names }: Props): JSX.Element {
  const { say, tell } = useGround();
  const isNew = useNew(slot.value && desk.cards.map((card) => card.id));
  const told = useRef(-Infinity);
  const hold = (isHeld: boolean): void => {
    const now = Date.now();
    if (isHeld && now - told.current < HOLD_AGAIN_MS) return;
    told.current = isHeld ? now : -Infinity;
    tell({ is: 'hold', isHeld, now });
  };
  // A tap leaves the focus where it was: only one that can be seen is somebody's place.
  const holdByKeys = (event: Event): void => void ((event.target as Element).matches(':focus-visible') && hold(true));
  const open = desk.cards.filter((card) => ['waiting', 'granted-in-part'].includes(stage(desk, card)));
  const isFull = (slot.value?.length ?? 0) >= CARDS;
  const more = isFull ? Math.max(0, (pending ?? 0) - desk.cards.filter((card) => card.status === 'PENDING').length) : 0;
  const count = waiting(desk) + more;
  const aside = count > 0 && <p class="tally">{say.number(count)}</p>;
  return (
    <Section
      name="approvals"
      title={mayDecide(person) ? say.words.approvals : say.words.approvalsToFollow}
      slots={[slot]}
      aside={aside}
    >
      {!mayDecide(person) && <p class="note">{say.words.readOnly}</p>}
      {desk.cards.length === 0 && (
        <div class="empty">
          <p>{say.words.approvalsNone}</p>
          <p class="quiet">{say.words.approvalsNoneHint}</p>
        </div>
      )}
      <ul
        class="cards"
        onPointerEnter={() => hold(true)}
        onPointerMove={() => hold(true)}
        onPointerLeave={() => hold(false)}
        onFocusIn={holdByKeys}
        onKeyDown={holdByKeys}
        onFocusOut={() => hold(false)}
      >
        {desk.cards.map((card) => (
          <Card
            key={card.id}
            card={card}
            isNew={isNew(card.id)}
            stage={stage(desk, card)}
            decision={desk.decisions.get(card.id)}
            person={person}
            names={names}
          />
        ))}
      </ul>
      {more > 0 && <p class="quiet">{say.count('approvalsMore', more)}</p>}
      {open.length > 1 && <Sum cards={open} />}
    </Section>
  );
}

function Sum({ cards }: { readonly cards: readonly Approval[] }): JSX.Element | null {
  const { say } = useGround();
  const sum = total(cards);
  return (
    sum && (
      <p class="sum">
        <span>{say.words.approvalsSum}</span>
        <Money amount={sum.amount} currency={sum.currency} class="double" />
      </p>
    )
  );
}

interface CardProps {
  readonly card: Approval;
  readonly stage: Stage;
  readonly decision: Decision | undefined;
  readonly person: Person;
  readonly names: ReadonlyMap<string, string>;
}

function Card({ card, isNew, stage, decision, person, names }: CardProps & { readonly isNew: boolean }): JSX.Element {
  const { say } = useGround();
  const title = useId();
  const age = useAge(card.createdAt);
  const item = useRef<HTMLLIElement>(null);
  const who = card.requestedBy === null ? '' : nameOf(card.requestedBy, names);
  return (
    <li
      ref={item}
      class={`card ${stage} ${isNew ? 'new' : ''}`}
      tabIndex={-1}
      data-testid={`approval-${card.id}`}
      data-stage={stage}
      aria-labelledby={title}
    >
      <time class="in-margin" dateTime={new Date(card.createdAt).toISOString()}>
        {shortAge(say, age)}
      </time>
      <div class="card-top">
        <h3 id={title}>
          <span>{say.words.types[card.transactionType] ?? plain(card.transactionType)}</span>
          <Money amount={card.amount} currency={card.currency} />
        </h3>
        <p class="reason">{card.reason ?? say.words.reasonComing}</p>
        <p class="quiet">
          {say.text('askedBy', { name: who })}
          {card.approvalsNeeded > 1 && (
            <> · {say.text('grants', { count: card.approvals, needed: card.approvalsNeeded })}</>
          )}
        </p>
      </div>
      <div class="card-foot">
        <Foot
          card={card}
          stage={stage}
          decision={decision}
          person={person}
          names={names}
          title={title}
          onPress={() => item.current?.focus({ preventScroll: true })}
        />
      </div>
    </li>
  );
}

interface FootProps extends CardProps {
  readonly title: string;
  readonly onPress: () => void;
}

function Foot({ card, stage, decision, person, names, title, onPress }: FootProps): JSX.Element | null {
  const { say } = useGround();
  switch (stage) {
    case 'approved':
    case 'rejected':
    case 'approving':
    case 'rejecting':
    case 'gone':
      return <Stamp card={card} stage={stage} decision={decision} person={person} names={names} />;
    default:
      if (person.user !== null && card.requestedBy === person.user) return <p class="quiet">{say.words.yours}</p>;
      return mayDecide(person) ? (
        <Act card={card} stage={stage} decision={decision} title={title} onPress={onPress} />
      ) : null;
  }
}

function Stamp({ card, stage, decision, person, names }: CardProps): JSX.Element {
  const { say } = useGround();
  if (stage === 'gone')
    return (
      <p class="stamp-line">
        <span class="stamp gone">{say.words.gone}</span>
      </p>
    );
  const isGrant = stage === 'approved' || stage === 'approving';
  const isSure = stage === 'approved' || stage === 'rejected';
  const mine = decision?.phase === 'done' || (card.decidedBy !== null && card.decidedBy === person.user);
  const by = mine
    ? say.words.decidedByYou
    : card.decidedBy
      ? say.text('decidedBy', { name: nameOf(card.decidedBy, names) })
      : '';
  const reason = card.decisionReason ?? (decision?.verdict === 'reject' ? decision.reason : null);
  return (
    <p class="stamp-line">
      <span class={`stamp ${isGrant ? 'yes' : 'no'} ${isSure ? 'sure' : ''}`}>
        {isGrant ? say.words.stampApproved : say.words.stampRejected}
      </span>
      <span class="quiet">
        {isSure ? by : say.words.saving}
        {isSure && !isGrant && reason && <> · {say.text('rejectionReason', { reason })}</>}
      </span>
    </p>
  );
}

interface ActProps {
  readonly card: Approval;
  readonly stage: Stage;
  readonly decision: Decision | undefined;
  readonly title: string;
  /** The buttons are about to go: the focus must not go with them. */
  readonly onPress: () => void;
}

function Act({ card, stage, decision, title, onPress }: ActProps): JSX.Element {
  const { say, tell } = useGround();
  const [isRejecting, setRejecting] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);
  const press = (verdict: Verdict, reason: string): void => {
    onPress();
    tell({ is: 'press', id: card.id, verdict, reason, key: newKey(), now: Date.now() });
  };
  const close = (): void => {
    setRejecting(false);
    requestAnimationFrame(() => opener.current?.focus());
  };
  const failed = decision?.phase === 'failed' && decision.problem;
  return (
    <>
      {failed && (
        <p class="failed" role="alert">
          {failure(say, failed)}
        </p>
      )}
      {stage === 'granted-in-part' && (
        <p class="note">{say.count('granted', Math.max(1, card.approvalsNeeded - card.approvals))}</p>
      )}
      {isRejecting ? (
        <Refusal start={failed ? decision.reason : ''} onSend={(reason) => press('reject', reason)} onClose={close} />
      ) : (
        <div class="actions">
          <button
            ref={opener}
            type="button"
            class="button plain"
            aria-describedby={title}
            aria-expanded={false}
            onClick={() => setRejecting(true)}
          >
            {say.words.reject}
          </button>
          {stage === 'waiting' && (
            <button type="button" class="button strong" aria-describedby={title} onClick={() => press('approve', '')}>
              {say.words.approve}
            </button>
          )}
        </div>
      )}
    </>
  );
}

interface RefusalProps {
  readonly start: string;
  readonly onSend: (reason: string) => void;
  readonly onClose: () => void;
}

function Refusal({ start, onSend, onClose }: RefusalProps): JSX.Element {
  const { say } = useGround();
  const [isWanting, setWanting] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const id = useId();
  useLayoutEffect(() => field.current?.focus(), []); // before the next key is pressed
  const send = (event: Event): void => {
    event.preventDefault();
    const reason = field.current?.value.trim() ?? '';
    if (reason) return onSend(reason);
    setWanting(true);
    field.current?.focus();
  };
  return (
    <form class="refusal" onSubmit={send} onKeyDown={(event) => event.key === 'Escape' && onClose()} noValidate>
      <label for={id}>{say.words.why}</label>
      <textarea
        ref={field}
        id={id}
        rows={2}
        maxLength={500}
        required
        defaultValue={start}
        aria-invalid={isWanting}
        aria-describedby={`${id}-hint`}
        onInput={() => setWanting(false)}
      />
      <p id={`${id}-hint`} class={isWanting ? 'failed' : 'quiet'} role={isWanting ? 'alert' : undefined}>
        {isWanting ? say.words.whyNeeded : say.words.whyHint}
      </p>
      <div class="actions">
        <button type="button" class="button plain" onClick={onClose}>
          {say.words.cancel}
        </button>
        <button type="submit" class="button danger">
          {say.words.rejectConfirm}
        </button>
      </div>
    </form>
  );
}

function failure(say: Say, problem: Problem): string {
  const words = say.words;
  switch (problem.status) {
    case 0:
    case 502:
    case 503:
    case 504:
      return words.failedNobody;
    case 401:
      return words.failedSession;
    case 403:
      return words.failedForbidden;
    case 409:
    case 412:
      return words.failedConflict;
    default:
      return say.text('failedOther', { detail: problem.detail });
  }
}

function shortAge(say: Say, age: ReturnType<typeof useAge>): string {
  if (age.count === 0 || age.unit === 'second') return say.words.shortNow;
  return say.fill(say.words.shortAges[age.unit], { count: age.count });
}

function plain(type: string): string {
  const words = type.toLowerCase().replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function newKey(): string {
  // randomUUID is there on https and localhost alone
  return globalThis.crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
}

/** One request, and where it stands. */

import type { JSX } from 'preact';
import { useId, useRef } from 'preact/hooks';

import type { Decision, Stage } from '../core/desk.ts';
import { mayDecide, nameOf, type Approval, type Person } from '../core/domain.ts';
import type { Say } from '../words/say.ts';
import { Act } from './act.tsx';
import { useAge, useGround } from './context.ts';
import { Money } from './section.tsx';

interface CardProps {
  readonly card: Approval;
  readonly stage: Stage;
  readonly decision: Decision | undefined;
  readonly person: Person;
  readonly names: ReadonlyMap<string, string>;
}

export function Card({
  card,
  isNew,
  stage,
  decision,
  person,
  names,
}: CardProps & { readonly isNew: boolean }): JSX.Element {
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

function shortAge(say: Say, age: ReturnType<typeof useAge>): string {
  if (age.count === 0 || age.unit === 'second') return say.words.shortNow;
  return say.fill(say.words.shortAges[age.unit], { count: age.count });
}

function plain(type: string): string {
  const words = type.toLowerCase().replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

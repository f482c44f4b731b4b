/** What waits for a decision, oldest first. */

import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';

import { stage, waiting, type Desk } from '../core/desk.ts';
import { mayDecide, type Approval, type Person } from '../core/domain.ts';
import { CARDS } from '../core/heard.ts';
import { total } from '../core/money.ts';
import type { Slot } from '../core/slot.ts';
import { Card } from './card.tsx';
import { useGround, useNew } from './context.ts';
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

/** Approving at a press, rejecting for a reason, and what is said where that was not taken. */

import type { JSX } from 'preact';
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks';

import type { Decision, Stage, Verdict } from '../core/desk.ts';
import type { Approval, Problem } from '../core/domain.ts';
import type { Say } from '../words/say.ts';
import { useGround } from './context.ts';

interface ActProps {
  readonly card: Approval;
  readonly stage: Stage;
  readonly decision: Decision | undefined;
  readonly title: string;
  /** The buttons are about to go: the focus must not go with them. */
  readonly onPress: () => void;
}

export function Act({ card, stage, decision, title, onPress }: ActProps): JSX.Element {
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

function newKey(): string {
  // randomUUID is there on https and localhost alone
  return globalThis.crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
}

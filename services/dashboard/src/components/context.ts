/** What every component may need: the words of the chosen language, and a way to say what was done. */

import { createContext } from 'preact';
import { useContext, useEffect, useRef, useState } from 'preact/hooks';

import type { Instant } from '../core/domain.ts';
import { age, type Age } from '../core/staleness.ts';
import type { Message } from '../core/state.ts';
import { Say } from '../words/say.ts';

export interface Ground {
  readonly say: Say;
  readonly tell: (message: Message) => void;
}

export const GroundContext = createContext<Ground>({ say: new Say('fr'), tell: () => undefined });

/** The page as a whole says that it has no network: then not every part has to say it too. */
export const AwayContext = createContext(false);

export function useGround(): Ground {
  return useContext(GroundContext);
}

export function useSay(): Say {
  return useContext(GroundContext).say;
}

/**
 * Tells which ids were not among the first: what is new may show that it is.
 *
 * @param ids null as long as nothing is loaded
 */
export function useNew(ids: readonly string[] | null): (id: string) => boolean {
  const known = useRef<ReadonlySet<string> | null>(null);
  if (ids === null) known.current = null;
  else known.current ??= new Set(ids);
  const first = known.current;
  return (id) => first !== null && !first.has(id);
}

const LONGEST_MS = 2 ** 31 - 1;

/** How long ago an instant is; draws anew when the words change, and not before. */
export function useAge(since: Instant): Age {
  const [, draw] = useState(0);
  const now = age(since, Date.now());
  useEffect(() => {
    const wait = Math.min(LONGEST_MS, Math.max(50, now.changesAt - Date.now()));
    const timer = setTimeout(() => draw((count) => count + 1), wait);
    return () => clearTimeout(timer);
  }, [now.changesAt]);
  return now;
}

/** All that the page is, as one value; what happens to it, and what it asks the outer world to do. */

import { CLEAR, type Desk, type Verdict } from './desk.ts';
import type { Approval, Instant, Organization, Person, Problem } from './domain.ts';
import type { Happening, Part, Values } from './parts.ts';
import { PARTS } from './parts.ts';
import { empty, type Slots } from './slot.ts';
import { SILENT, type Speech, type Spoken } from './speech.ts';

/** The stream's state, in the client's own words. */
export interface Link {
  readonly state: 'connecting' | 'replaying' | 'live' | 'offline' | 'refused';
  readonly reason: string | null;
  readonly since: Instant;
}

export interface State {
  readonly person: Person;
  readonly organizations: readonly Organization[];
  /** What is on screen; null where the person belongs nowhere. */
  readonly organization: Organization | null;
  /** What users are called. */
  readonly names: ReadonlyMap<string, string>;
  readonly slots: Slots;
  readonly desk: Desk;
  /** Approvals of which is asked how they were decided. */
  readonly looking: ReadonlySet<string>;
  readonly link: Link;
  /** Since when the device has no network, by its own word; null where it has one. */
  readonly offlineSince: Instant | null;
  /** Whether the stream was live before: the first time, what was loaded until then is loaded again. */
  readonly wasLive: boolean;
  /** When everything is being loaded anew since the stream has a gap: since when. */
  readonly reloading: Instant | null;
  /** The token is at its end: the person has to log in again. */
  readonly isLoggedOut: boolean;
  /** When something was last heard of the services. */
  readonly heardAt: Instant | null;
  /** Messages that are being marked as read. */
  readonly marking: ReadonlySet<string>;
  readonly speech: Speech;
}

export type Message =
  | { readonly is: 'tick'; readonly now: Instant }
  | { readonly is: 'link'; readonly link: Link }
  | { readonly is: 'event'; readonly event: Happening; readonly now: Instant; readonly chance: number }
  | {
      readonly is: 'loaded';
      readonly part: Part;
      readonly value: Values[Part];
      readonly asked: Instant;
      readonly now: Instant;
    }
  | {
      readonly is: 'failed';
      readonly part: Part;
      readonly problem: Problem;
      readonly asked: Instant;
      readonly now: Instant;
      readonly chance: number;
    }
  | { readonly is: 'reload'; readonly now: Instant }
  | { readonly is: 'network'; readonly isOnline: boolean; readonly now: Instant }
  | { readonly is: 'choose'; readonly id: string; readonly now: Instant }
  | { readonly is: 'organizations'; readonly organizations: readonly Organization[]; readonly now: Instant }
  /** What the stream may see has changed. */
  | { readonly is: 'access'; readonly now: Instant }
  | { readonly is: 'names'; readonly names: ReadonlyMap<string, string> }
  | {
      readonly is: 'press';
      readonly id: string;
      readonly verdict: Verdict;
      readonly reason: string;
      readonly key: string;
      readonly now: Instant;
    }
  | { readonly is: 'accepted'; readonly approval: Approval; readonly now: Instant }
  | { readonly is: 'refused'; readonly id: string; readonly problem: Problem; readonly now: Instant }
  | { readonly is: 'looked'; readonly id: string; readonly approval: Approval | null; readonly now: Instant }
  | { readonly is: 'hold'; readonly isHeld: boolean; readonly now: Instant }
  | { readonly is: 'mark'; readonly ids: readonly string[] }
  | { readonly is: 'marked'; readonly id: string; readonly isDone: boolean; readonly now: Instant }
  /** The provider has said that the session is over. */
  | { readonly is: 'logged-out'; readonly now: Instant };

export type Effect =
  /** Ask the services; each part's answer is `loaded` or `failed`. */
  | { readonly do: 'fetch'; readonly parts: readonly Part[]; readonly organizationId: string; readonly asked: Instant }
  | {
      readonly do: 'decide';
      readonly id: string;
      readonly verdict: Verdict;
      readonly reason: string;
      readonly key: string;
    }
  | { readonly do: 'look'; readonly id: string }
  | { readonly do: 'mark'; readonly id: string }
  /** Everything was loaded anew, or could not be: the stream may go on, or asks again. */
  | { readonly do: 'reloaded'; readonly isDone: boolean }
  /** Keep the choice for the next time. */
  | { readonly do: 'remember'; readonly organizationId: string }
  /** What the person may see has changed: ask which organisations are left. */
  | { readonly do: 'organizations' };

export function slots(): Slots {
  return Object.fromEntries(PARTS.map((part) => [part, empty()])) as unknown as Slots;
}

/** A page on which nothing has been loaded yet. */
export function initial(
  person: Person,
  organizations: readonly Organization[],
  chosen: string | null,
  now: Instant,
): State {
  return {
    person,
    organizations,
    organization: organizations.find((one) => one.id === chosen) ?? organizations[0] ?? null,
    names: new Map(),
    slots: slots(),
    desk: CLEAR,
    looking: new Set(),
    link: { state: 'connecting', reason: null, since: now },
    offlineSince: null,
    wasLive: false,
    reloading: null,
    isLoggedOut: false,
    heardAt: null,
    marking: new Set(),
    speech: SILENT,
  };
}

/** What is to be said of the connection: a socket may seem live for a while after the network has gone. */
export function linkOf({ link, offlineSince }: Pick<State, 'link' | 'offlineSince'>): Link {
  if (offlineSince === null || link.state === 'refused') return link;
  return link.state === 'offline'
    ? { ...link, reason: 'network' }
    : { state: 'offline', reason: 'network', since: offlineSince };
}

export type { Spoken };

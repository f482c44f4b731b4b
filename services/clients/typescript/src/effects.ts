/** What a session asks its shell to do, and the words of its streams. */

import type { Reason } from './codes.ts';
import type { UnionFlowEvent } from './events.ts';

export type Transport = 'ws' | 'sse';

/** Part of a partition that Kafka no longer has: from `requested` up to, and without, `earliest`. */
export interface Range {
  readonly topic: string | null;
  readonly partition: number;
  readonly requested: number;
  readonly earliest: number;
  readonly reason: 'retention' | 'topic-replaced' | 'beyond-end' | (string & {});
}

/** `live`: nothing is missing. `replaying`: what was missed is coming. */
export type State = 'connecting' | 'replaying' | 'live' | 'offline' | 'refused';

/** What this connection may see from here on; the relay's own frame. */
export interface Access {
  readonly organizations: readonly string[];
  readonly eventTypes: readonly string[] | null;
  readonly expiresAt: string | null;
}

export type Effect =
  /** Connect. `url` has everything but the token. */
  | { readonly do: 'open'; readonly transport: Transport; readonly url: string; readonly token: string | undefined }
  | { readonly do: 'send'; readonly text: string }
  /** Hang up; whatever still comes of this connection is not to be told. */
  | { readonly do: 'close'; readonly code: number }
  /** Call the token function; the answer is `token()` or `tokenFailed()`. */
  | { readonly do: 'ask'; readonly purpose: 'connect' | 'refresh' }
  /** Hand an event out; `done()` when the program is through with it. */
  | { readonly do: 'event'; readonly event: UnionFlowEvent }
  /** Call the program's reload; the answer is `reloaded()`. */
  | { readonly do: 'reload'; readonly ranges: readonly Range[] }
  | { readonly do: 'store'; readonly cursor: string | null }
  /** Stop reading from the connection, or go on; a shell that cannot stop closes it instead. */
  | { readonly do: 'reading'; readonly reading: boolean }
  /** For the program: what it listens to. */
  | { readonly do: 'status'; readonly value: readonly [state: State, reason: Reason | null] }
  | { readonly do: 'connected'; readonly value: boolean }
  /** So many events wait for a slow program. */
  | { readonly do: 'slow'; readonly value: number }
  | { readonly do: 'access'; readonly value: Access };

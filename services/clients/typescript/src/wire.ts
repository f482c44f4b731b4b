/** The seam between the client and what carries its frames. */

/** What a connection says: a method of the session and what it takes beside the time. */
export type Hear = {
  (what: 'opened', agreed: boolean): void;
  (what: 'frame', text: unknown, id?: string): void;
  (what: 'closed', code: number): void;
  /** No connection came about: HTTP's status, 0 where nobody answered, and milliseconds. */
  (what: 'failed', status?: number, retryAfter?: number): void;
};

/** One connection. `pause` is there where reading can be stopped. */
export interface Wire {
  send?(text: string): void;
  close(code: number): void;
  pause?(isPaused: boolean): void;
}

/** Makes a connection. `url` has everything but the token; `hear` is called later, never from within. */
export type Carrier = (url: string, token: string | undefined, hear: Hear) => Wire;

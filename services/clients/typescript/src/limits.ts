/** The times that a client keeps, in milliseconds, and its other limits. */

export const enum Limit {
  MaxRetryAfter = 60_000,
  /** A connection that lasted so long since its welcome ends a row of failures. */
  Stable = 60_000,
  WelcomeWithin = 30_000,
  PingEvery = 30_000,
  AnswerWithin = 10_000,
  RefreshAgain = 10_000,
  /** How old a store may be while events come. */
  StoreWithin = 1_000,
  /** The least `afterMs` of a relay that is about to go. */
  LeastAfter = 2_000,
  /** Longer, and a cursor goes as the first message. */
  MaxCursorInQuery = 4_096,
}

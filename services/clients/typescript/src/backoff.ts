/** Waits that grow, with full jitter: a crowd that is cut off together does not come back together. */
export class Backoff {
  /** In a row. */
  failures = 0;
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Milliseconds to wait after one more failure. */
  next(): number {
    return this.#random() * Math.min(60_000, 1_000 * 2 ** this.failures++);
  }
}

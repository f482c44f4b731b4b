/** Over which transport to try next: server-sent events after three WebSockets that got nowhere. */

const FAILURES_BEFORE_SSE = 3;

export class Route {
  isSse = false;
  #isAlternating = false;
  #failures = 0;

  /** Begin with WebSockets. */
  reset(): void {
    this.isSse = false;
    this.stay();
  }

  /** This transport works: a welcome came. */
  stay(): void {
    this.#isAlternating = false;
    this.#failures = 0;
  }

  /** A try ended without a welcome; `isNowhere` where the relay did not say why. */
  ended(isNowhere: boolean): void {
    if (isNowhere && (this.isSse || ++this.#failures >= FAILURES_BEFORE_SSE)) this.#isAlternating = true;
    if (this.#isAlternating) this.isSse = !this.isSse;
  }
}

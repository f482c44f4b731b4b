/** The moments that a session waits for. */

/** From `Welcome` on they are of one connection, or one try, and end with it. */
export const enum Timer { Wait, Store, Reload, Welcome, Ping, Answer, Silence, Drain, Refresh }

export class Timers {
  /** The earliest of all; Infinity where there is none. */
  next = Infinity;
  #at = new Map<Timer, number>();

  set(timer: Timer, at: number): void {
    this.#at.set(timer, at);
    this.#find();
  }

  clear(...timers: Timer[]): void {
    for (const timer of timers) this.#at.delete(timer);
    this.#find();
  }

  /** Those of the connection. */
  hangUp(): void {
    this.clear(...[...this.#at.keys()].filter((timer) => timer >= Timer.Welcome));
  }

  has(timer: Timer): boolean {
    return this.#at.has(timer);
  }

  /** The earliest that is due, taken out. */
  due(now: number): [Timer, number] | undefined {
    const found = [...this.#at].find(([, at]) => at === this.next && at <= now);
    if (found) this.clear(found[0]);
    return found;
  }

  #find(): void {
    this.next = Math.min(...this.#at.values());
  }
}

/** An async iterator whose values are pulled: one is asked for, one is given. */
export class Pull<Value> implements AsyncIterableIterator<Value> {
  #isOver = false;
  #resolve: ((result: IteratorResult<Value>) => void) | undefined;
  readonly #onAsked: () => void;
  readonly #onEnd: () => void;

  /**
   * @param onAsked a value is asked for: `give` one, now or later
   * @param onEnd the reader has left
   */
  constructor(onAsked: () => void, onEnd: () => void) {
    this.#onAsked = onAsked;
    this.#onEnd = onEnd;
  }

  get isAsked(): boolean {
    return !!this.#resolve;
  }

  give(value: Value): void {
    this.#resolve?.({ done: false, value });
    this.#resolve = undefined;
  }

  next(): Promise<IteratorResult<Value>> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
      if (this.#isOver) void this.return();
      else this.#onAsked();
    });
  }

  async return(): Promise<IteratorResult<Value>> {
    const end = { done: true, value: undefined } as const;
    this.#resolve?.(end);
    this.#resolve = undefined;
    if (!this.#isOver) this.#onEnd();
    this.#isOver = true;
    return end;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

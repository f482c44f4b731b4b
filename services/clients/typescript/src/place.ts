/** Where a client is in the stream: a cursor and positions, kept word for word and never taken apart. */
export class Place {
  #cursor: string | undefined;
  #positions = new Map<string, string>();

  /** @param cursor where to begin: a stored text, `earliest`, or nothing for live from now */
  constructor(cursor?: string) {
    this.#cursor = cursor;
  }

  /** A cursor covers everything before it, so it empties the positions; undefined forgets all. */
  mark(cursor: string | undefined): void {
    this.#cursor = cursor;
    if (this.#positions.size) this.#positions.clear();
  }

  /** The newest position of its partition, whose name is what stands before the last dot. */
  note(position: string): void {
    this.#positions.set(position.slice(0, position.lastIndexOf('.')), position);
  }

  /** What to resume with, or undefined where no cursor is known. */
  get text(): string | undefined {
    return this.#cursor && [this.#cursor, ...this.#positions.values()].join('~');
  }
}

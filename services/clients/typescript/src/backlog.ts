/**
 * What came and the program is not done with, in order: events, cursors, and reloads that are owed.
 * The store follows this and not the connection, so that a program that dies is told again what it
 * had not finished. Bounded: the session stops reading when `waiting` reaches its limit.
 */

import type { Effect, Range } from './effects.ts';
import type { UnionFlowEvent } from './events.ts';
import { Place } from './place.ts';

interface Item {
  event?: UnionFlowEvent | undefined;
  position?: string | undefined;
  cursor?: string | undefined;
  ranges?: readonly Range[];
}

export class Backlog {
  /** Events that the program is not done with, handed out or not. */
  waiting = 0;
  /** Whether something was finished that the store does not hold yet. */
  unstored = false;
  #items: Item[] = [];
  #head = 0; // the first that is not done with
  #handed = 0; // the first that is not handed out
  #reloading = false;
  #stored: string | undefined;
  readonly #place: Place;
  readonly #emit: (effect: Effect) => void;

  /** @param emit takes what is handed out: events, reloads, cursors to store */
  constructor(stored: string | undefined, emit: (effect: Effect) => void) {
    this.#stored = stored;
    this.#place = new Place(stored);
    this.#emit = emit;
  }

  /** An event, or a repeat of one, of which only the position counts. */
  event(event: UnionFlowEvent | undefined, position: string | undefined): void {
    if (event) this.waiting++;
    this.#items.push({ event, position });
    this.#advance();
  }

  cursor(cursor: string): void {
    this.#items.push({ cursor });
    this.#advance();
  }

  /** Some of what was asked for is gone: a reload is owed before anything that comes later. */
  truncated(ranges: readonly Range[], cursor?: string): void {
    this.#items.push({ ranges, cursor });
    this.#advance();
  }

  /** The program is through with the oldest event that was handed out. */
  done(): void {
    const item = this.#items[this.#head];
    if (!item?.event || this.#head >= this.#handed) return;
    item.event = undefined;
    this.waiting--;
    this.#advance();
  }

  /** The reload that was called has succeeded. */
  reloaded(): void {
    if (!this.#reloading) return;
    this.#reloading = false;
    const { cursor } = this.#items[this.#head] as Item;
    this.#items[this.#head] = { cursor };
    this.#advance();
  }

  /** Call the reload again that is owed and has failed. */
  again(): void {
    const ranges = this.#items[this.#head]?.ranges;
    if (this.#reloading && ranges) this.#emit({ do: 'reload', ranges });
  }

  /** The relay could not read the cursor: no cursor that came so far is worth keeping. */
  forget(): void {
    for (const item of this.#items) item.cursor = item.position = undefined;
    this.#place.mark(undefined);
    this.unstored = false;
    this.#stored = undefined;
    this.#emit({ do: 'store', cursor: null });
  }

  /** Store where the program is, if that is not stored. */
  store(): void {
    const cursor = this.unstored ? this.#place.text : undefined;
    this.unstored = false;
    if (!cursor || cursor === this.#stored) return;
    this.#stored = cursor;
    this.#emit({ do: 'store', cursor });
  }

  #advance(): void {
    for (let item; (item = this.#items[this.#handed]) && !item.ranges; this.#handed++) {
      if (item.event) this.#emit({ do: 'event', event: item.event });
    }
    let isMarked = false;
    for (; this.#head < this.#handed; this.#head++) {
      const { event, position, cursor } = this.#items[this.#head] as Item;
      if (event) break;
      if (position) this.#place.note(position);
      if (cursor) this.#place.mark(cursor);
      if (position || cursor) this.unstored = true;
      if (cursor) isMarked = true;
    }
    if (isMarked) this.store();
    if (this.#head === this.#items.length) {
      this.#items = [];
      this.#head = this.#handed = 0;
    } else if (this.#head > 1024) {
      this.#items.splice(0, this.#head);
      this.#handed -= this.#head;
      this.#head = 0;
    }
    const ranges = this.#head === this.#handed && this.#items[this.#head]?.ranges;
    if (ranges && !this.#reloading) {
      this.#reloading = true;
      this.#emit({ do: 'reload', ranges });
    }
  }
}

/** Where a cursor is kept, so that an app that was closed for a night goes on where it was. */

/** Either method may return a promise. What goes wrong in one is told by `on('error')`. */
export interface CursorStore {
  load(): string | null | Promise<string | null>;
  /** null: the relay could not read it; keep none. */
  save(cursor: string | null): void | Promise<void>;
}

/**
 * A store in the browser's localStorage.
 *
 * @param key one for each account and each choice of organisations and event types
 */
export function localStorageStore(key = 'unionflow.cursor'): CursorStore {
  return {
    load: () => localStorage.getItem(key),
    save(cursor) {
      if (cursor === null) localStorage.removeItem(key);
      else localStorage.setItem(key, cursor);
    },
  };
}

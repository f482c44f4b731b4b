/** A frame of the relay, of which only that it is an object is known. */
export type Frame = { readonly type?: unknown; readonly [field: string]: unknown };

/** The frame in a message; undefined where it holds none, which a client passes over. */
export function parse(text: unknown): Frame | undefined {
  try {
    const found: unknown = JSON.parse(text as string);
    return found && typeof found === 'object' ? (found as Frame) : undefined;
  } catch {
    return undefined;
  }
}

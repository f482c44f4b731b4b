/** Which events came before, in bounded memory: a resumed connection may send some again. */
export class Repeats {
  #ids = new Set<string>();
  #ring: string[] = [];
  #next = 0;

  /** @param limit how many of the newest ids are known, 1 or more */
  constructor(readonly limit: number) {}

  /** Whether this id is among the newest; it is from now on, and a repeat grows no newer. */
  has(id: string): boolean {
    if (this.#ids.has(id)) return true;
    const oldest = this.#ring[this.#next];
    if (oldest !== undefined) this.#ids.delete(oldest);
    this.#ids.add(id);
    this.#ring[this.#next] = id;
    this.#next = (this.#next + 1) % this.limit;
    return false;
  }
}

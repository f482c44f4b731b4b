/** What a session has to say, gathered until its shell takes it; of the state only what changes. */

import type { Reason } from './codes.ts';
import type { Effect, State } from './effects.ts';

export class Voice {
  #effects: Effect[] = [];
  #state: State = 'offline';
  #reason: Reason | null = 'disconnected';
  #isConnected = false;

  put(effect: Effect): void {
    this.#effects.push(effect);
  }

  send(message: object): void {
    this.put({ do: 'send', text: JSON.stringify(message) });
  }

  say(state: State, reason: Reason | null = null): void {
    if (state !== this.#state || reason !== this.#reason) {
      this.#state = state;
      this.#reason = reason;
      this.put({ do: 'status', value: [state, reason] });
    }
    const value = state === 'live' || state === 'replaying';
    if (value !== this.#isConnected) this.put({ do: 'connected', value });
    this.#isConnected = value;
  }

  take(): Effect[] {
    const effects = this.#effects;
    if (effects.length) this.#effects = [];
    return effects;
  }
}

/**
 * Joins the page's core to the world: time, chance, the services, the stream. It decides nothing; what
 * it does is what `update` asks for.
 */

import type { Person } from '../core/domain.ts';
import { initial, type Effect, type Message, type State } from '../core/state.ts';
import { deadline, update } from '../core/update.ts';
import { problemOf } from './http.ts';
import type { Services } from './rest.ts';
import { keepOrganization, keptOrganization } from './kept.ts';
import { openStream } from './stream.ts';

export interface PageOptions {
  readonly person: Person;
  readonly services: Services;
  readonly webSocketUrl: string;
  readonly token: (() => Promise<string>) | null;
  /** Which organisation the address asks for. */
  readonly organization: string | null;
}

type Waiting = { readonly resolve: () => void; readonly reject: (error: Error) => void };

export class Page {
  readonly #options: PageOptions;
  readonly #listeners = new Set<() => void>();
  #state: State;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #armed = Infinity;
  #reloads: Waiting[] = [];
  #isDrawing = false;

  private constructor(options: PageOptions, state: State) {
    this.#options = options;
    this.#state = state;
  }

  /** @throws Failed the organisations could not be had */
  static async open(options: PageOptions): Promise<Page> {
    const organizations = await options.services.organizations();
    const chosen = options.organization ?? keptOrganization();
    const page = new Page(options, initial(options.person, organizations, chosen, Date.now()));
    const { webSocketUrl, person, token } = options;
    openStream(webSocketUrl, person, token && (() => page.#token(token)), page.tell, () => page.#reload());
    const onNetwork = (): void => page.tell({ is: 'network', isOnline: navigator.onLine, now: Date.now() });
    addEventListener('online', onNetwork);
    addEventListener('offline', onNetwork);
    if (!navigator.onLine) onNetwork();
    page.tell({ is: 'tick', now: Date.now() });
    page.#learnNames();
    return page;
  }

  /** The stream's token; where the session is over, the page has to know, since nothing comes any more. */
  async #token(token: () => Promise<string>): Promise<string> {
    try {
      return await token();
    } catch (error) {
      if (problemOf(error).status === 401) this.tell({ is: 'logged-out', now: Date.now() });
      throw error;
    }
  }

  get state(): State {
    return this.#state;
  }

  /** Call `listener` after every change, at most once a frame; the result ends that. */
  watch(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  readonly tell = (message: Message): void => {
    const before = this.#state;
    const [state, effects] = update(before, message);
    this.#state = state;
    if (state !== before) this.#draw();
    for (const effect of effects) this.#act(effect);
    this.#arm();
  };

  #draw(): void {
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    requestAnimationFrame(() => {
      this.#isDrawing = false;
      for (const listener of this.#listeners) listener();
    });
  }

  #arm(): void {
    const at = deadline(this.#state);
    if (at === this.#armed) return;
    clearTimeout(this.#timer);
    this.#armed = at;
    if (at === Infinity) return;
    this.#timer = setTimeout(
      () => {
        this.#armed = Infinity;
        this.tell({ is: 'tick', now: Date.now() });
      },
      Math.max(0, Math.ceil(at - Date.now())),
    );
  }

  #act(effect: Effect): void {
    switch (effect.do) {
      case 'fetch':
        return this.#fetch(effect);
      case 'decide':
        return void this.#decide(effect);
      case 'look':
        return void this.#look(effect.id);
      case 'mark':
        return void this.#mark(effect.id);
      case 'organizations':
        return void this.#askOrganizations();
      case 'remember':
        keepOrganization(effect.organizationId);
        return this.#learnNames();
      case 'reloaded': {
        const waiting = this.#reloads;
        this.#reloads = [];
        for (const { resolve, reject } of waiting)
          effect.isDone ? resolve() : reject(new Error('not everything could be loaded'));
      }
    }
  }

  #fetch({ parts, organizationId, asked }: Effect & { do: 'fetch' }): void {
    const answers = this.#options.services.ask(parts, organizationId, asked);
    for (const part of parts) {
      answers[part]?.then(
        (value) => this.tell({ is: 'loaded', part, value, asked, now: Date.now() }),
        (error: unknown) => {
          const chance = Math.random();
          this.tell({ is: 'failed', part, problem: problemOf(error), asked, now: Date.now(), chance });
        },
      );
    }
  }

  async #decide({ id, verdict, reason, key }: Effect & { do: 'decide' }): Promise<void> {
    try {
      const approval = await this.#options.services.decide(id, verdict, reason, key);
      this.tell({ is: 'accepted', approval, now: Date.now() });
    } catch (error) {
      this.tell({ is: 'refused', id, problem: problemOf(error), now: Date.now() });
    }
  }

  async #look(id: string): Promise<void> {
    const approval = await this.#options.services.approval(id).catch(() => null);
    this.tell({ is: 'looked', id, approval, now: Date.now() });
  }

  async #mark(id: string): Promise<void> {
    const isDone = await this.#options.services.mark(id).then(
      () => true,
      () => false,
    );
    this.tell({ is: 'marked', id, isDone, now: Date.now() });
  }

  async #askOrganizations(): Promise<void> {
    const organizations = await this.#options.services.organizations().catch(() => null);
    if (organizations) this.tell({ is: 'organizations', organizations, now: Date.now() });
  }

  #reload(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#reloads.push({ resolve, reject });
      this.tell({ is: 'reload', now: Date.now() });
    });
  }

  /** Members' names are the treasury's to see; for others ids have to do. */
  #learnNames(): void {
    const id = this.#state.organization?.id;
    const roles = this.#options.person.roles;
    if (id === undefined || roles?.every((role) => role === 'member')) return;
    this.#options.services.members(id).then(
      (members) => this.tell({ is: 'names', names: new Map(members.map((one) => [one.user, one.name])) }),
      () => undefined,
    );
  }
}

/**
 * The client that programs use: a session, joined to sockets, timers, a store and the browser's signs
 * of life. It decides nothing; what it is told to do is in `effects.ts`.
 */

import type { Reason } from './codes.ts';
import type { Access, Effect, Range, State } from './effects.ts';
import { AlreadyRead } from './errors.ts';
import type { UnionFlowEvent } from './events.ts';
import type { SessionOptions } from './options.ts';
import { Pull } from './pull.ts';
import { Session } from './session.ts';
import { listen } from './signals.ts';
import { overFetch } from './sse.ts';
import type { CursorStore } from './store.ts';
import { overWebSocket, type SocketClass } from './websocket.ts';
import type { Carrier, Wire } from './wire.ts';

const MAX_TIMEOUT = 2_147_483_647;

export interface ClientOptions extends Omit<SessionOptions, 'tokens' | 'reload' | 'stored'> {
  /** A token, or a function that is called afresh on each connect and before the token's end. */
  readonly token?: string | (() => string | Promise<string>) | undefined;
  /** Where the cursor is kept; default nowhere. */
  readonly store?: CursorStore | undefined;
  /**
   * Some events are gone: load the state anew. Later events wait until it resolves, and it is called
   * again where it fails. `ranges` is empty where no cursor could be read.
   */
  readonly onTruncated?: ((ranges: readonly Range[]) => unknown) | undefined;
  /** Where there is no global one (Node 20): that of `ws` or `undici`. */
  readonly WebSocket?: SocketClass | undefined;
  /** How server-sent events come; default by fetch. `overEventSource` makes another. */
  readonly sse?: Carrier | undefined;
}

/** The connection's state in words, why, and since when. */
export interface Status {
  readonly state: State;
  readonly reason: Reason | null;
  readonly since: Date;
}

export interface Listeners {
  event: UnionFlowEvent;
  status: Status;
  connected: boolean;
  /** So many events wait for a slow program; nothing more is read until half are taken. */
  slow: number;
  access: Access;
  /** The store, the token function, the reload or a listener failed. */
  error: unknown;
}

type Told = Exclude<keyof Session, 'deadline' | 'effects'>;
type What<Name extends Told> = Parameters<Session[Name]> extends [number?, ...infer Rest] ? Rest : never;

export class Client {
  readonly #options: ClientOptions;
  readonly #makeSession: (stored: string | undefined) => Session;
  #session: Session;
  #starting: Promise<void> | undefined;
  #isOnline = true; // as the program said, also before the store was read
  #wire: Wire | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #armed = Infinity;
  #deaf: (() => void) | undefined; // ends listening to the device; there from connect() to disconnect()
  readonly #listeners = new Map<keyof Listeners, Set<(value: never) => void>>();
  #ready: UnionFlowEvent[] = []; // handed out by the session, not yet by us
  #head = 0;
  #reader: Pull<UnionFlowEvent> | undefined;
  #isTaken = false; // the reader has an event that it is not done with
  #status: Status = { state: 'offline', reason: 'disconnected', since: new Date() };

  /** @throws BadOptions */
  constructor(options: ClientOptions) {
    const { token, onTruncated, store } = options;
    this.#options = options;
    this.#makeSession = (stored) =>
      new Session({ ...options, tokens: token !== undefined, reload: !!onTruncated, stored }, Math.random);
    this.#session = this.#makeSession(undefined);
    if (!store) this.#starting = Promise.resolve();
  }

  /** Connect, and stay connected until `disconnect()`. Resolves when the first try is under way. */
  async connect(): Promise<void> {
    this.#deaf ??= listen((online) => this.setOnline(online), () => this.wake());
    await (this.#starting ??= this.#load());
    if (!this.#deaf) return; // disconnect() came meanwhile
    if (!this.#isOnline || globalThis.navigator?.onLine === false) this.setOnline(false);
    this.#do('connect');
  }

  /** Say goodbye, and come back only after `connect()`. Events that came before can still be read. */
  disconnect(): void {
    this.#deaf?.();
    this.#deaf = undefined;
    this.#do('disconnect');
  }

  get isConnected(): boolean {
    return this.#status.state === 'live' || this.#status.state === 'replaying';
  }

  get status(): Status {
    return this.#status;
  }

  /** Call `listener` for each; the result ends that. Of events, the ones that nobody iterates over. */
  on<Name extends keyof Listeners>(name: Name, listener: (value: Listeners[Name]) => void): () => void {
    let all = this.#listeners.get(name);
    if (!all) this.#listeners.set(name, (all = new Set()));
    const added = (value: Listeners[Name]): void => listener(value);
    all.add(added);
    if (name === 'event') this.#pump();
    return () => void all.delete(added);
  }

  /**
   * The events, in order, each once. Asking for the next says that the last is done with. Events wait
   * while nobody reads; one loop at a time.
   *
   * @throws AlreadyRead
   */
  events(): AsyncIterableIterator<UnionFlowEvent> {
    if (this.#reader) throw new AlreadyRead('events() is being read; one loop at a time');
    const asked = (): void => {
      this.#settle();
      this.#pump();
    };
    this.#reader = new Pull(asked, () => {
      this.#reader = undefined;
      asked();
    });
    return this.#reader;
  }

  /** The status now, and each that follows; a slow reader gets the newest. */
  statuses(): AsyncIterableIterator<Status> {
    let given: Status | undefined;
    const give = (): void => {
      if (pull.isAsked && given !== this.#status) pull.give((given = this.#status));
    };
    const pull = new Pull<Status>(give, this.on('status', give));
    return pull;
  }

  /** Whether there is a network: for React Native's NetInfo. A browser's own signs are listened to. */
  setOnline(isOnline: boolean): void {
    this.#isOnline = isOnline;
    this.#do('network', isOnline);
  }

  /** The app is in front again: for React Native's AppState. A page's visibility is listened to. */
  wake(): void {
    this.#do('visible');
  }

  async #load(): Promise<void> {
    try {
      const stored = await this.#options.store?.load();
      this.#session = this.#makeSession(stored ?? undefined);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Tell the session, and carry out what it says. */
  #do<Name extends Told>(name: Name, ...what: What<Name>): void {
    const session = this.#session as unknown as Record<Name, (now: number, ...what: What<Name>) => void>;
    session[name](now(), ...what);
    for (const effect of this.#session.effects()) this.#act(effect);
    const { deadline } = this.#session;
    if (deadline === this.#armed) return;
    clearTimeout(this.#timer);
    this.#armed = deadline;
    if (deadline === Infinity) return;
    const wait = Math.min(MAX_TIMEOUT, Math.ceil(deadline - now()));
    this.#timer = setTimeout(() => {
      this.#armed = Infinity;
      this.#do('tick');
    }, wait);
  }

  #act(effect: Effect): void {
    switch (effect.do) {
      case 'event':
        this.#ready.push(effect.event);
        return this.#pump();
      case 'open':
        return this.#open(effect);
      case 'send':
        return this.#wire?.send?.(effect.text);
      case 'close':
        return this.#drop(effect.code);
      case 'ask':
        return void this.#ask();
      case 'reload':
        return void this.#reload(effect.ranges);
      case 'store':
        return void this.#guard(() => this.#options.store?.save(effect.cursor));
      case 'reading':
        return this.#read(effect.reading);
      case 'status': {
        const [state, reason] = effect.value;
        this.#status = { state, reason, since: new Date() };
        return this.#tell('status', this.#status);
      }
      default:
        return this.#tell(effect.do, effect.value);
    }
  }

  #open({ transport, url, token }: Effect & { do: 'open' }): void {
    this.#drop(1000);
    const { WebSocket = globalThis.WebSocket as unknown as SocketClass, sse } = this.#options;
    try {
      const carrier = transport === 'ws' ? overWebSocket(WebSocket) : (sse ?? overFetch(fetch));
      const wire = carrier(url, token, (name: Told, ...what: unknown[]) => {
        if (this.#wire === wire) this.#do(name, ...(what as never));
      });
      this.#wire = wire;
    } catch (error) {
      this.#fail(error);
      queueMicrotask(() => this.#do('failed'));
    }
  }

  #drop(code: number): void {
    const wire = this.#wire;
    this.#wire = undefined;
    wire?.close(code);
  }

  /** A socket that cannot stop reading is closed instead; the cursor brings back what is missing. */
  #read(isReading: boolean): void {
    const wire = this.#wire;
    if (wire?.pause) return wire.pause(!isReading);
    if (isReading || !wire) return;
    this.#drop(4408);
    queueMicrotask(() => this.#do('unread'));
  }

  async #ask(): Promise<void> {
    const { token } = this.#options;
    try {
      const value = typeof token === 'function' ? await token() : token;
      if (!value) throw new TypeError('the token function gave no token');
      this.#do('token', value);
    } catch (error) {
      this.#fail(error);
      this.#do('tokenFailed');
    }
  }

  async #reload(ranges: readonly Range[]): Promise<void> {
    const hasLoaded = await this.#guard(() => this.#options.onTruncated?.(ranges));
    this.#do('reloaded', hasLoaded);
  }

  /** Hand out what is ready: at the reader's pace where there is one, else as listeners take it. */
  #pump(): void {
    while (this.#head < this.#ready.length) {
      const reader = this.#reader;
      if (reader ? !reader.isAsked : !this.#listeners.get('event')?.size) return;
      const event = this.#ready[this.#head] as UnionFlowEvent;
      this.#shift();
      this.#isTaken = true;
      this.#tell('event', event);
      if (reader) reader.give(event);
      else this.#settle();
    }
  }

  #shift(): void {
    if (++this.#head < this.#ready.length) return;
    this.#ready = [];
    this.#head = 0;
  }

  #settle(): void {
    if (!this.#isTaken) return;
    this.#isTaken = false;
    this.#do('done');
  }

  async #guard(act: () => unknown): Promise<boolean> {
    try {
      await act();
      return true;
    } catch (error) {
      this.#fail(error);
      return false;
    }
  }

  #tell<Name extends keyof Listeners>(name: Name, value: Listeners[Name]): void {
    for (const listener of this.#listeners.get(name) ?? []) {
      try {
        listener(value as never);
      } catch (error) {
        if (name === 'error') console.error(error);
        else this.#fail(error);
      }
    }
  }

  #fail(error: unknown): void {
    if (this.#listeners.get('error')?.size) this.#tell('error', error);
    else console.error(error);
  }
}

function now(): number {
  return performance.now();
}

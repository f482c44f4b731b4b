/**
 * One client as a machine without I/O: frames, time and the program's calls in; effects out. Time is
 * milliseconds of any monotonic clock, chance is a function that is passed in. What the wire asks of
 * a client is decided here and nowhere else, so that a table of cases can hold all of it.
 */

import { addresses, withQuery } from './address.ts';
import { Backlog } from './backlog.ts';
import { Backoff } from './backoff.ts';
import { onCode, onStatus, type Ending, type Reason } from './codes.ts';
import type { Access, Effect, Range } from './effects.ts';
import { typed, type RawEvent } from './events.ts';
import { parse, type Frame } from './frame.ts';
import { Limit } from './limits.ts';
import { check, type SessionOptions } from './options.ts';
import { Phase } from './phase.ts';
import { Place } from './place.ts';
import { Repeats } from './repeats.ts';
import { Route } from './route.ts';
import { Timer, Timers } from './timers.ts';
import { Voice } from './voice.ts';

export class Session {
  readonly #options: SessionOptions;
  readonly #addresses: [ws: string, sse: string];
  readonly #queue: number;
  readonly #backlog: Backlog;
  readonly #repeats: Repeats;
  readonly #place: Place;
  readonly #timers = new Timers();
  readonly #route = new Route();
  readonly #voice = new Voice();
  readonly #waits: Backoff;
  readonly #reloads: Backoff;

  #phase: Phase = Phase.Idle;
  #notBefore = 0;
  #online = true;
  #reading = true;
  #malformed = false; // 4400 came, and no stable minute since
  #owesReload = false; // after 4400, called at the next welcome

  // Of the present connection
  #resumes: string | undefined;
  #heard = true;
  #welcomedAt = 0;
  #silence = 0;
  #refreshes = false;
  #asksRefresh = false;
  #drainAt: number | undefined;

  /**
   * @param random 0 <= random() < 1
   * @throws BadOptions
   */
  constructor(options: SessionOptions, random: () => number) {
    check(options);
    const { queue = 1_000, remember = 10_000, stored, from } = options;
    this.#options = options;
    this.#waits = new Backoff(random);
    this.#reloads = new Backoff(random);
    this.#addresses = addresses(options.api, options.url);
    this.#queue = queue;
    this.#repeats = new Repeats(remember);
    this.#place = new Place(stored || from);
    this.#backlog = new Backlog(stored, (effect) => this.#voice.put(effect));
  }

  /** What there is to do since the last call, in order. */
  effects(): Effect[] {
    return this.#voice.take();
  }

  /** When `tick` is due next; Infinity for never. */
  get deadline(): number {
    return this.#timers.next;
  }

  // The program

  connect(now: number): void {
    if (this.#phase === Phase.Idle) {
      this.#waits.failures = this.#notBefore = 0;
      this.#malformed = false;
      this.#route.reset();
    }
    if (this.#phase <= Phase.Waiting) this.#begin(now);
  }

  disconnect(now: number): void {
    this.#hangUp(1000);
    this.#left(now);
    this.#phase = Phase.Idle;
    this.#timers.clear(Timer.Wait, Timer.Store);
    this.#backlog.store();
    this.#voice.say('offline', 'disconnected');
  }

  /** The token function answered. */
  token(now: number, value: string): void {
    if (this.#phase === Phase.Asking) {
      if (this.#online) this.#open(now, value);
      else this.#begin(now);
    } else if (this.#asksRefresh) {
      this.#asksRefresh = false;
      this.#voice.send({ type: 'refresh', token: value });
    }
  }

  /** The token function failed. */
  tokenFailed(now: number): void {
    if (this.#phase === Phase.Asking) this.#ended(now, 'token');
    else if (this.#asksRefresh) this.#timers.set(Timer.Refresh, now + Limit.RefreshAgain);
    this.#asksRefresh = false;
  }

  /** The program is through with the oldest event that was handed out. */
  done(now: number): void {
    this.#backlog.done();
    this.#pace(now);
  }

  /** The reload that was called has ended. */
  reloaded(now: number, succeeded: boolean): void {
    if (succeeded) {
      this.#reloads.failures = 0;
      this.#backlog.reloaded();
      this.#pace(now);
    } else {
      this.#timers.set(Timer.Reload, now + this.#reloads.next());
    }
  }

  // The device

  /** Whether there is a network at all. */
  network(now: number, online: boolean): void {
    this.#online = online;
    if (online) {
      if (this.#phase === Phase.Waiting) this.#route.reset();
      this.visible(now);
    } else if (this.#phase === Phase.Waiting) {
      this.#timers.clear(Timer.Wait);
      this.#voice.say('offline', 'network');
    }
  }

  /** The page, or the app, is in front again. */
  visible(now: number): void {
    if (this.#phase === Phase.Waiting) this.#begin(now);
    else if (!this.#route.isSse && !(this.#timers.has(Timer.Answer) && !this.#heard)) this.#ping(now, false);
  }

  // The connection

  /** @param agreed whether `unionflow.v1` was agreed on */
  opened(now: number, agreed: boolean): void {
    if (this.#phase === Phase.Opening) {
      this.#phase = Phase.Opened;
      if (!agreed) {
        this.#hangUp(1002);
        this.#ended(now, 'protocol', true);
      } else if (!this.#route.isSse) {
        this.#heard = true;
        this.#timers.set(Timer.Ping, now + Limit.PingEvery);
        if (this.#resumes && this.#inMessage) this.#voice.send({ type: 'resume', cursor: this.#resumes });
      }
    }
  }

  /**
   * No connection came about.
   *
   * @param status of HTTP, 0 where nobody answered
   * @param retryAfter milliseconds
   */
  failed(now: number, status = 0, retryAfter = 0): void {
    if (this.#phase === Phase.Opening) {
      this.#notBefore = now + Math.min(Limit.MaxRetryAfter, retryAfter);
      this.#ended(now, ...onStatus(status));
    }
  }

  /** The connection has ended; 1006 where no code came. */
  closed(now: number, code: number): void {
    if (this.#phase >= Phase.Opening) this.#onClosed(now, code);
  }

  /** The shell could not stop reading, and has hung up: no failure, and not a wait either. */
  unread(now: number): void {
    if (this.#phase >= Phase.Opening) this.#handOver(now, 0, 'slow');
  }

  /** A message of the relay, or the data of one server-sent event and the `id` that it has. */
  frame(now: number, text: unknown, id?: string): void {
    if (this.#phase < Phase.Opening) return;
    this.#heard = true;
    if (this.#silence) this.#timers.set(Timer.Silence, now + this.#silence);
    const frame = parse(text);
    if (!frame) return;
    if (frame.type !== 'event') this.#onFrame(now, frame);
    else this.#onEvent(frame, id);
    this.#pace(now);
  }

  /** Time has passed: fires what is due, each at its own time. */
  tick(now: number): void {
    for (let due; (due = this.#timers.due(now)); ) {
      const [timer, at] = due;
      if (timer === Timer.Wait) this.#begin(at);
      else if (timer === Timer.Store) this.#backlog.store();
      else if (timer === Timer.Reload) this.#backlog.again();
      else if (timer === Timer.Refresh) this.#ask('refresh');
      else if (timer === Timer.Drain) {
        this.#hangUp(1000);
        this.#handOver(at, at);
      } else if (timer === Timer.Ping) this.#ping(at);
      else if (timer !== Timer.Answer || (!this.#heard && this.#reading)) this.#silent(at);
    }
  }

  // Coming and going

  get #inMessage(): boolean {
    return !this.#route.isSse && (this.#resumes ?? '').length > Limit.MaxCursorInQuery;
  }

  #begin(now: number): void {
    this.#timers.clear(Timer.Wait);
    this.#phase = Phase.Waiting;
    if (!this.#online) return this.#voice.say('offline', 'network');
    if (!this.#reading) return;
    if (now < this.#notBefore) return this.#timers.set(Timer.Wait, this.#notBefore);
    this.#voice.say('connecting');
    if (!this.#options.tokens) return this.#open(now, undefined);
    this.#phase = Phase.Asking;
    this.#timers.set(Timer.Welcome, now + Limit.WelcomeWithin);
    this.#ask('connect');
  }

  #open(now: number, token: string | undefined): void {
    this.#phase = Phase.Opening;
    this.#resumes = this.#place.text;
    this.#drainAt = undefined;
    this.#refreshes = false;
    this.#silence = 0;
    this.#timers.set(Timer.Welcome, now + Limit.WelcomeWithin);
    const { isSse } = this.#route;
    const cursor = this.#inMessage ? 'message' : this.#resumes;
    const url = withQuery(this.#addresses[isSse ? 1 : 0], this.#options, cursor);
    this.#voice.put({ do: 'open', transport: isSse ? 'sse' : 'ws', url, token });
  }

  #hangUp(code: number): void {
    if (this.#phase >= Phase.Opening) this.#voice.put({ do: 'close', code });
  }

  #onClosed(now: number, code: number): void {
    if (code === 1012 && this.#drainAt !== undefined) this.#handOver(now, this.#drainAt);
    else this.#ended(now, ...onCode(code));
  }

  /** What follows the end of a try or a connection. */
  #ended(now: number, ...[reason, isNowhere, isFinal]: Ending): void {
    if (this.#phase === Phase.Opening || this.#phase === Phase.Opened) this.#route.ended(!!isNowhere);
    this.#left(now);
    const isCursor = reason === 'cursor';
    if (isFinal || (reason === 'token' && !this.#options.tokens) || (isCursor && this.#malformed)) {
      this.#phase = Phase.Idle;
      return this.#voice.say('refused', reason);
    }
    if (isCursor) {
      this.#malformed = this.#owesReload = true;
      this.#place.mark(undefined);
      this.#backlog.forget();
    }
    this.#voice.say('offline', this.#online ? reason : 'network');
    if (this.#online) this.#timers.set(Timer.Wait, Math.max(now, this.#notBefore) + this.#waits.next());
    else this.#waits.failures++;
  }

  /** What was known of the connection holds no longer. */
  #left(now: number): void {
    this.#asksRefresh = this.#refreshes = false;
    this.#timers.hangUp();
    if (this.#phase === Phase.Welcomed && now - this.#welcomedAt >= Limit.Stable) {
      this.#waits.failures = 0;
      this.#malformed = false;
    }
    this.#phase = Phase.Waiting;
  }

  /** Come back without a wait: at the moment that the relay named, or when reading goes on. */
  #handOver(now: number, at: number, why: Reason = 'restarting'): void {
    this.#left(now);
    this.#voice.say('offline', why);
    this.#notBefore = at;
    this.#begin(now);
  }

  #silent(now: number): void {
    this.#hangUp(4409);
    this.#ended(now, this.#phase === Phase.Asking ? 'token' : 'silent', true);
  }

  #ping(now: number, again = true): void {
    if (this.#phase < Phase.Opened) return;
    if (again) this.#timers.set(Timer.Ping, now + Limit.PingEvery);
    this.#heard = false;
    this.#timers.set(Timer.Answer, now + Limit.AnswerWithin);
    this.#voice.send({ type: 'ping' });
  }

  /** Reading stops when too much waits for the program, and goes on when half of it is taken. */
  #pace(now: number): void {
    const { waiting, unstored } = this.#backlog;
    if (unstored && !this.#timers.has(Timer.Store)) this.#timers.set(Timer.Store, now + Limit.StoreWithin);
    if (this.#reading && waiting >= this.#queue) {
      this.#reading = false;
      this.#voice.put({ do: 'slow', value: waiting });
      this.#voice.put({ do: 'reading', reading: false });
    } else if (!this.#reading && waiting <= this.#queue / 2) {
      this.#reading = true;
      this.#voice.put({ do: 'reading', reading: true });
      if (!this.#heard && this.#timers.has(Timer.Ping)) this.#timers.set(Timer.Answer, now + Limit.AnswerWithin);
      if (this.#phase === Phase.Waiting && !this.#timers.has(Timer.Wait)) this.#begin(now);
    }
  }

  // Frames

  #onEvent({ event, position }: Frame, id: string | undefined): void {
    const raw = event as RawEvent | null;
    if (!raw || typeof raw.eventType !== 'string') return;
    const where = typeof position === 'string' ? position : undefined;
    if (where) this.#place.note(where);
    const isRepeat = typeof raw.id === 'string' && this.#repeats.has(raw.id);
    this.#backlog.event(isRepeat ? undefined : typed(raw), where);
    if (id) this.#mark(id);
  }

  #onFrame(now: number, frame: Frame): void {
    const { type, cursor } = frame;
    if (type === 'welcome') this.#onWelcome(now, frame);
    else if (type === 'recovered') this.#voice.say('live');
    else if (type === 'truncated') return this.#onTruncated(frame.ranges, cursor);
    else if (type === 'access') this.#voice.put({ do: 'access', value: frame as unknown as Access });
    else if (type === 'token_expiring') this.#ask('refresh');
    else if (type === 'reconnect') this.#onReconnect(now, frame.afterMs);
    else if (type === 'error' && frame.code === 'try_later') this.#timers.set(Timer.Refresh, now + Limit.RefreshAgain);
    else if (type === 'close' && this.#route.isSse) {
      return this.#onClosed(now, Number(frame.code) || 1006);
    } else if (type !== 'heartbeat') return;
    if (typeof cursor === 'string') this.#mark(cursor);
  }

  #onWelcome(now: number, { features, heartbeatSeconds }: Frame): void {
    this.#phase = Phase.Welcomed;
    this.#welcomedAt = now;
    this.#route.stay();
    this.#timers.clear(Timer.Welcome);
    const isSocket = !this.#route.isSse;
    this.#refreshes = isSocket && Array.isArray(features) && features.includes('refresh');
    const heartbeat = Number(heartbeatSeconds);
    this.#silence = isSocket || !(heartbeat > 0) ? 0 : 3_000 * heartbeat;
    if (this.#silence) this.#timers.set(Timer.Silence, now + this.#silence);
    this.#voice.say(this.#resumes ? 'replaying' : 'live');
    if (this.#owesReload) this.#onTruncated([], undefined);
    this.#owesReload = false;
  }

  #onTruncated(given: unknown, cursor: unknown): void {
    const ranges: Range[] = Array.isArray(given) ? given : [];
    const next = typeof cursor === 'string' ? cursor : undefined;
    if (next) this.#place.mark(next);
    if (this.#options.reload !== false) this.#backlog.truncated(ranges, next);
    else if (next) this.#backlog.cursor(next);
  }

  #onReconnect(now: number, afterMs: unknown): void {
    this.#drainAt = now + Math.max(Limit.LeastAfter, typeof afterMs === 'number' ? afterMs : 0);
    this.#timers.set(Timer.Drain, this.#drainAt);
  }

  #mark(cursor: string): void {
    this.#place.mark(cursor);
    this.#backlog.cursor(cursor);
  }

  // Saying

  #ask(purpose: 'connect' | 'refresh'): void {
    if (purpose === 'refresh') {
      if (!this.#options.tokens || !this.#refreshes || this.#asksRefresh) return;
      this.#asksRefresh = true;
    }
    this.#voice.put({ do: 'ask', purpose });
  }
}

/** The business services, asked by fetch in the person's name. */

import type { Approval, Instant, Organization, Person, Role } from '../core/domain.ts';
import { ROLES } from '../core/domain.ts';
import { CARDS, MAX_LINES, MAX_MESSAGES } from '../core/heard.ts';
import * as parse from '../core/parse.ts';
import { Fields } from '../core/parse.ts';
import type { Part, Values } from '../core/parts.ts';
import { verdicts } from '../core/verdicts.ts';
import type { Verdict } from '../core/desk.ts';
import { Failed, getJson } from './http.ts';

/** How a request says whose it is. isRefused: what it said before was not taken (401). */
export type Headers = (isRefused: boolean) => Promise<Record<string, string>>;

const UNAUTHORIZED = 401;

export interface Member {
  readonly user: string;
  readonly name: string;
  readonly roles: readonly Role[];
}

const PAGE = 200;
const UNREAD = 100;
/** Of these, more than one at once are cheaper in one answer. */
const TOGETHER: readonly Part[] = ['stats', 'kpis', 'activities', 'agenda'];

export class Services {
  readonly #base: string;
  readonly #headers: Headers;

  /** @param base the API's base, without `/api/v1` */
  constructor(base: string, headers: Headers) {
    this.#base = `${base}/api/v1`;
    this.#headers = headers;
  }

  async organizations(): Promise<readonly Organization[]> {
    const answer = await this.#get(`/organizations?limit=${PAGE}`);
    return answer.list('items', parse.organization);
  }

  /** Whom the person may see: the treasury alone; who has no user is left out. */
  async members(organizationId: string): Promise<readonly Member[]> {
    const answer = await this.#get(
      `/members?organizationId=${encodeURIComponent(organizationId)}&status=ACTIVE&limit=${PAGE}`,
    );
    return answer.list('items', member).filter((one): one is Member => one.user !== null);
  }

  /** One promise for each part that is asked for. */
  ask(parts: readonly Part[], organizationId: string, now: Instant): { readonly [P in Part]?: Promise<Values[P]> } {
    const of = `organizationId=${encodeURIComponent(organizationId)}`;
    const many = parts.filter((part) => TOGETHER.includes(part)).length > 1;
    const all = many ? this.#get(`/dashboard?${of}`) : null;
    const asks: { readonly [P in Part]: () => Promise<Values[P]> } = {
      stats: async () => parse.stats(all ? (await all).object('stats') : await this.#get(`/dashboard/stats?${of}`)),
      kpis: async () =>
        all ? (await all).list('kpis', parse.kpi) : (await this.#get(`/dashboard/kpis?${of}`)).list('items', parse.kpi),
      activities: async () =>
        all
          ? (await all).list('activities', parse.activity)
          : (await this.#get(`/dashboard/activities?${of}&limit=${MAX_LINES}`)).list('items', parse.activity),
      agenda: async () =>
        all
          ? (await all).list('events', parse.agendaEvent)
          : (await this.#get(`/dashboard/events?${of}&limit=${MAX_LINES}`)).list('items', parse.agendaEvent),
      approvals: async () => this.#approvals(`${of}&status=PENDING&sort=createdAt&limit=${CARDS}`),
      months: async () => parse.months(await this.#get(`/dashboard/months?${of}`)),
      verdicts: async () => verdicts(await this.#approvals(`${of}&sort=-createdAt&limit=${PAGE}`), now),
      notifications: async () => {
        const [newest, unread] = await Promise.all([
          this.#get(`/notifications?limit=${MAX_MESSAGES}`),
          this.#get(`/notifications?unread=true&limit=${UNREAD}`),
        ]);
        return parse.inbox(newest, unread);
      },
    };
    return Object.fromEntries(parts.map((part) => [part, asks[part]()]));
  }

  async approval(id: string): Promise<Approval> {
    return parse.approval(await this.#get(`/finance/approvals/${encodeURIComponent(id)}`));
  }

  /** @param key the same press sent twice is one */
  async decide(id: string, verdict: Verdict, reason: string, key: string): Promise<Approval> {
    const body = verdict === 'reject' ? JSON.stringify({ reason }) : null;
    const answer = await this.#send('POST', `/finance/approvals/${encodeURIComponent(id)}/${verdict}`, body, {
      'Idempotency-Key': key,
    });
    return parse.approval(answer);
  }

  async mark(id: string): Promise<void> {
    await this.#send('PUT', `/notifications/${encodeURIComponent(id)}/read`, null, {});
  }

  async #approvals(query: string): Promise<readonly Approval[]> {
    return (await this.#get(`/finance/approvals?${query}`)).list('items', parse.approval);
  }

  #get(path: string): Promise<Fields> {
    return this.#ask(path, {}, {});
  }

  #send(method: string, path: string, body: string | null, more: Record<string, string>): Promise<Fields> {
    const type: Record<string, string> = body === null ? {} : { 'Content-Type': 'application/json' };
    return this.#ask(path, { method, body }, { ...type, ...more });
  }

  /** A token that ended on the way is renewed, once. */
  async #ask(path: string, options: RequestInit, more: Record<string, string>): Promise<Fields> {
    const ask = async (isRefused: boolean): Promise<unknown> => {
      return getJson(this.#base + path, { ...options, headers: { ...(await this.#headers(isRefused)), ...more } });
    };
    const answer = await ask(false).catch((error: unknown) => {
      if (error instanceof Failed && error.problem.status === UNAUTHORIZED) return ask(true);
      throw error;
    });
    return new Fields(answer, path.split('?')[0] ?? path);
  }
}

/** What development takes instead of a token. */
export function personHeaders(person: Person): Record<string, string> {
  const headers: Record<string, string> = {};
  if (person.user !== null) headers['X-User-Id'] = person.user;
  if (person.organizations !== null) headers['X-Organization-Ids'] = person.organizations.join();
  if (person.roles !== null) headers['X-Roles'] = person.roles.join();
  return headers;
}

function member(of: Fields): { user: string | null; name: string; roles: readonly Role[] } {
  const roles = of.texts('roles');
  return {
    user: of.textOrNull('userId'),
    name: `${of.text('firstName')} ${of.text('lastName')}`,
    roles: ROLES.filter((role) => roles.includes(role)),
  };
}

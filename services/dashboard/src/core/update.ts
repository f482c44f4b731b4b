/**
 * What the page does: a state and what happened give the next state, and what the outer world is to
 * do. There is no DOM here, no clock and no chance: time and chance come with the messages.
 */

import * as desks from './desk.ts';
import { mayDecide, type Instant } from './domain.ts';
import { ask, deadline as gateDeadline, GAP_MS, hurry, isDue, SLOW_GAP_MS, SPREAD_MS, touch } from './gate.ts';
import { CHARTS, PARTS, touched, type Part } from './parts.ts';
import { fail, hear, load, paint, paintDeadline, type Slot, type Slots } from './slot.ts';
import * as speeches from './speech.ts';
import { initial, linkOf, type Effect, type Message, type State } from './state.ts';

export type Step = readonly [state: State, effects: readonly Effect[]];

const UNAUTHORIZED = 401;
const GAPS: { readonly [P in Part]?: number } = { months: SLOW_GAP_MS, verdicts: SLOW_GAP_MS };

/** One step. */
export function update(state: State, message: Message): Step {
  const [next, effects] = react(state, message);
  return 'now' in message ? advance(next, message.now, effects) : [next, effects];
}

/** When the page wants the next `tick`; Infinity where it waits for nothing. */
export function deadline(state: State): Instant {
  let first = Math.min(desks.deadline(state.desk), speeches.deadline(state.speech));
  for (const part of PARTS) {
    const slot: Slot<unknown> = state.slots[part];
    first = Math.min(first, paintDeadline(slot));
    if (!state.isLoggedOut && state.organization) first = Math.min(first, gateDeadline(slot.gate));
  }
  return first;
}

function react(state: State, message: Message): Step {
  switch (message.is) {
    case 'tick':
      return [state, []];
    case 'link':
      return onLink(state, message.link);
    case 'event':
      return onEvent(state, message);
    case 'loaded':
      return onLoaded(state, message);
    case 'failed':
      return onFailed(state, message);
    case 'reload':
      return [{ ...touchAll(state, PARTS), reloading: message.now }, []];
    case 'network':
      return onNetwork(state, message);
    case 'choose':
      return choose(state, message.id, message.now);
    case 'organizations':
      return onOrganizations(state, message);
    case 'access':
      return [state, [{ do: 'organizations' }]];
    case 'names':
      return [{ ...state, names: new Map([...state.names, ...message.names]) }, []];
    case 'logged-out':
      return [{ ...state, isLoggedOut: true }, []];
    case 'press':
      return onPress(state, message);
    case 'accepted':
      return onAccepted(state, message);
    case 'refused':
      return onRefused(state, message);
    case 'looked':
      return onLooked(state, message);
    case 'hold':
      return [{ ...state, desk: desks.hold(state.desk, message.isHeld, message.now) }, []];
    case 'mark':
      return onMark(state, message.ids);
    case 'marked':
      return onMarked(state, message);
  }
}

type Of<Is extends Message['is']> = Message & { readonly is: Is };

function onLink(state: State, link: State['link']): Step {
  const now = link.since;
  let next: State = told(state, { ...state, link }, now);
  if (link.state === 'live') {
    next = eachGate({ ...next, heardAt: since(state, now) }, (gate) => hurry(gate, now));
    // What happened between the first answers and the stream's beginning is in neither.
    if (!state.wasLive) next = touchAll({ ...next, wasLive: true }, PARTS);
  }
  return advance(next, now, []);
}

function onNetwork(state: State, { isOnline, now }: Of<'network'>): Step {
  const offlineSince = isOnline ? null : (state.offlineSince ?? now);
  const next = told(state, { ...state, offlineSince }, now);
  return [isOnline ? eachGate(next, (gate) => hurry(gate, now)) : next, []];
}

/** A screen reader hears that the page is no longer live, or is so again; of a short break nothing. */
function told(before: State, after: State, now: Instant): State {
  const { state } = linkOf(after);
  const isLive = state === 'live';
  if (!before.wasLive || isLive === (linkOf(before).state === 'live')) return after;
  const { speech } = after;
  if (isLive && speech.waiting.has('link')) return { ...after, speech: speeches.unsay(speech, 'link') };
  const said = isLive ? 'live' : state === 'refused' ? 'refused' : 'offline';
  return { ...after, speech: speeches.tell(speech, { says: 'link', state: said }, now) };
}

function onEvent(state: State, { event, now, chance }: Of<'event'>): Step {
  const parts = touched(event, state.organization?.id ?? null);
  if (parts.length === 0) return [state, []];
  const from = mayDecide(state.person) ? now : now + chance * SPREAD_MS;
  const slots: { -readonly [P in Part]: Slots[P] } = { ...state.slots };
  for (const part of parts) {
    const slot = slots[part] as Slot<never>;
    const heard = hear(part, slot, event, now);
    slots[part] = { ...heard, gate: touch(heard.gate, from) } as never;
  }
  let { speech } = state;
  if (event.eventType === 'APPROVAL_PENDING') speech = speeches.tell(speech, { says: 'new-approvals', count: 1 }, now);
  if (parts.includes('notifications')) speech = speeches.tell(speech, { says: 'new-messages', count: 1 }, now);
  return [onDesk({ ...state, slots, speech, heardAt: since(state, now) }, now), []];
}

/** As long as nothing was ever loaded nothing on screen is of any time. */
function since(state: State, now: Instant): Instant | null {
  return state.heardAt === null ? null : now;
}

function onLoaded(state: State, { part, value, asked, now }: Of<'loaded'>): Step {
  const slot = state.slots[part] as Slot<never>;
  if (slot.gate.asked !== asked) return [state, []]; // of an organisation that is no longer on screen
  const slots = { ...state.slots, [part]: load(part, slot, value as never, asked) };
  return endReload(onDesk({ ...state, slots, heardAt: now }, now), part, asked, true);
}

function onFailed(state: State, { part, problem, asked, now, chance }: Of<'failed'>): Step {
  const slot = state.slots[part] as Slot<unknown>;
  if (slot.gate.asked !== asked) return [state, []];
  const slots = { ...state.slots, [part]: fail(slot, problem, now, chance) };
  const isLoggedOut = state.isLoggedOut || problem.status === UNAUTHORIZED;
  return endReload({ ...state, slots, isLoggedOut }, part, asked, false);
}

/** A reload is done when every part was asked for since it began; one failure, and it is asked again. */
function endReload(state: State, part: Part, asked: Instant, isLoaded: boolean): Step {
  const since = state.reloading;
  if (since === null) return [state, []];
  if (!isLoaded && asked >= since && !CHARTS.includes(part)) {
    return [{ ...state, reloading: null }, [{ do: 'reloaded', isDone: false }]];
  }
  const isDone = PARTS.every((one) => CHARTS.includes(one) || (state.slots[one].asOf ?? -Infinity) >= since);
  return isDone ? [{ ...state, reloading: null }, [{ do: 'reloaded', isDone: true }]] : [state, []];
}

function choose(state: State, id: string, now: Instant): Step {
  const organization = state.organizations.find((one) => one.id === id);
  if (!organization || organization.id === state.organization?.id) return [state, []];
  const fresh = initial(state.person, state.organizations, id, now);
  const { names, link, offlineSince, wasLive, isLoggedOut, speech, reloading } = state;
  const slots = { ...fresh.slots, notifications: state.slots.notifications };
  const next = { ...fresh, names, link, offlineSince, wasLive, isLoggedOut, speech, reloading, slots };
  return [touchAll(next, PARTS), [{ do: 'remember', organizationId: id }]];
}

function onOrganizations(state: State, { organizations, now }: Of<'organizations'>): Step {
  const next = { ...state, organizations };
  const here = organizations.find((one) => one.id === state.organization?.id);
  if (here) return [{ ...next, organization: here }, []];
  const first = organizations[0];
  // Whoever no longer belongs to what is on screen must not go on seeing it.
  return first ? choose(next, first.id, now) : [{ ...initial(state.person, [], null, now), link: state.link }, []];
}

function onPress(state: State, { id, verdict, reason, key, now }: Of<'press'>): Step {
  const said = reason.trim();
  if (!desks.takesPress(state.desk, id, now) || (verdict === 'reject' && !said)) return [state, []];
  const desk = desks.press(state.desk, id, verdict, said, key);
  return [{ ...state, desk }, [{ do: 'decide', id, verdict, reason: said, key }]];
}

function onAccepted(state: State, { approval, now }: Of<'accepted'>): Step {
  const verdict = state.desk.decisions.get(approval.id)?.verdict ?? 'approve';
  const speech = speeches.tell(state.speech, { says: 'decided', verdict }, now);
  const next = { ...state, desk: desks.accepted(state.desk, approval, now), speech, heardAt: now };
  return [touchAll(next, ['stats', 'approvals', 'verdicts']), []];
}

function onRefused(state: State, { id, problem, now }: Of<'refused'>): Step {
  const speech = speeches.tell(state.speech, { says: 'not-decided' }, now);
  const isLoggedOut = state.isLoggedOut || problem.status === UNAUTHORIZED;
  const next = { ...state, desk: desks.refused(state.desk, id, problem), speech, isLoggedOut };
  // It may have arrived all the same, or another may have been faster: the list says how it stands.
  return [touchAll(next, ['approvals']), []];
}

function onLooked(state: State, { id, approval, now }: Of<'looked'>): Step {
  const looking = new Set(state.looking);
  looking.delete(id);
  const desk = approval ? desks.replace(state.desk, approval, now) : state.desk;
  return [{ ...state, looking, desk }, []];
}

function onMark(state: State, ids: readonly string[]): Step {
  const unread = state.slots.notifications.value?.items.filter((one) => !one.read && ids.includes(one.id)) ?? [];
  const fresh = unread.filter((one) => !state.marking.has(one.id));
  const marking = new Set([...state.marking, ...fresh.map((one) => one.id)]);
  return [{ ...state, marking }, fresh.map(({ id }) => ({ do: 'mark', id }))];
}

function onMarked(state: State, { id, isDone }: Of<'marked'>): Step {
  const marking = new Set(state.marking);
  marking.delete(id);
  const slot = state.slots.notifications;
  const inbox = slot.value;
  if (!isDone || !inbox?.items.some((one) => one.id === id && !one.read)) return [{ ...state, marking }, []];
  const items = inbox.items.map((one) => (one.id === id ? { ...one, read: true } : one));
  const value = { ...inbox, items, unread: Math.max(0, inbox.unread - 1) };
  const slots = { ...state.slots, notifications: { ...slot, value } };
  return [touchAll({ ...state, marking, slots }, ['notifications']), []];
}

/** What time alone brings about: what was heard is shown, what is due is asked for, what is old goes. */
function advance(state: State, now: Instant, before: readonly Effect[]): Step {
  const slots: { -readonly [P in Part]: Slots[P] } = { ...state.slots };
  const due: Part[] = [];
  const id = state.isLoggedOut ? undefined : state.organization?.id;
  for (const part of PARTS) {
    let slot = paint(part, slots[part] as Slot<never>, now);
    if (id !== undefined && isDue(slot.gate, now)) {
      due.push(part);
      slot = { ...slot, gate: ask(slot.gate, now, GAPS[part] ?? GAP_MS) };
    }
    slots[part] = slot as never;
  }
  const painted = onDesk({ ...state, slots }, now);
  const desk = desks.sweep(painted.desk, now);
  const asked = desks.unexplained(desk).filter((one) => !painted.looking.has(one));
  const looking = asked.length ? new Set([...painted.looking, ...asked]) : painted.looking;
  const speech = speeches.speak(painted.speech, now);
  const effects: Effect[] = [...before, ...asked.map((one) => ({ do: 'look', id: one }) as const)];
  if (id !== undefined && due.length) effects.push({ do: 'fetch', parts: due, organizationId: id, asked: now });
  return [{ ...painted, desk, looking, speech }, effects];
}

/** The approvals as the desk shows them. */
function onDesk(state: State, now: Instant): State {
  const { value } = state.slots.approvals;
  if (value === null || value === state.desk.told) return state;
  const before = state.desk.cards.filter((card) => card.status === 'PENDING').map((card) => card.id);
  const desk = desks.take(state.desk, value, now);
  const elsewhere = desk.cards.filter(
    (card) => card.status !== 'PENDING' && before.includes(card.id) && !desk.decisions.has(card.id),
  ).length;
  const speech = elsewhere ? speeches.tell(state.speech, { says: 'elsewhere', count: elsewhere }, now) : state.speech;
  return { ...state, desk, speech };
}

function touchAll(state: State, parts: readonly Part[]): State {
  const slots = { ...state.slots };
  for (const part of parts) Object.assign(slots, { [part]: { ...slots[part], gate: touch(slots[part].gate) } });
  return { ...state, slots };
}

function eachGate(state: State, change: (gate: Slot<unknown>['gate']) => Slot<unknown>['gate']): State {
  const slots = { ...state.slots };
  for (const part of PARTS) Object.assign(slots, { [part]: { ...slots[part], gate: change(slots[part].gate) } });
  return { ...state, slots };
}

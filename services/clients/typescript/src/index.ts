/** `@unionflow/client`: the public face. What is not named here may change without notice. */

export { Client, type ClientOptions, type Listeners, type Status } from './client.ts';
export type { Reason } from './codes.ts';
export type { Access, Effect, Range, State, Transport } from './effects.ts';
export { AlreadyRead, BadOptions } from './errors.ts';
export {
  ContributionEvent,
  DashboardStatsEvent,
  FinanceApprovalEvent,
  GenericEvent,
  MemberEvent,
  NotificationEvent,
  type Amount,
  type ApprovalData,
  type Data,
  type RawEvent,
  type StatsData,
  type UnionFlowEvent,
} from './events.ts';
export { overEventSource, type SourceClass, type SourceLike } from './eventsource.ts';
export type { SessionOptions } from './options.ts';
export { Session } from './session.ts';
export { localStorageStore, type CursorStore } from './store.ts';
export type { SocketClass, SocketLike } from './websocket.ts';
export type { Carrier, Hear, Wire } from './wire.ts';

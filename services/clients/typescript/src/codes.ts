/** What the end of a connection asks of a client: the wire's table of close codes, and HTTP's. */

/** Why a client is not connected; the words of the `status` stream. */
export type Reason =
  | 'disconnected' | 'network' | 'unreachable' | 'lost' | 'restarting' | 'busy' | 'slow' | 'silent'
  | 'limited' | 'token' | 'cursor' | 'protocol' | 'goodbye' | 'forbidden' | 'final' | 'address';

const CODES: Readonly<Record<number, Reason>> = {
  1000: 'goodbye',
  1002: 'protocol',
  1003: 'protocol',
  1007: 'protocol',
  1009: 'protocol',
  1012: 'restarting',
  1013: 'busy',
  4400: 'cursor',
  4401: 'token',
  4403: 'forbidden',
  4408: 'slow',
  4409: 'silent',
  4429: 'limited',
};
const FINAL: readonly Reason[] = ['goodbye', 'protocol', 'forbidden', 'final'];

const CODE_OF_STATUS: Readonly<Record<number, number>> = {
  400: 4400,
  401: 4401,
  403: 4403,
  429: 4429,
  503: 1013,
};
const PASSING: readonly number[] = [408, 425, 426]; // below 500, and yet a client comes back

/** Why it ended; whether it got nowhere, for want of a relay's word; whether the client stops. */
export type Ending = [reason: Reason, isNowhere?: boolean, isFinal?: boolean];

/** What a close code says. */
export function onCode(code: number): Ending {
  const reason = code >= 4500 && code <= 4999 ? 'final' : CODES[code];
  return reason ? [reason, false, FINAL.includes(reason)] : ['lost', true];
}

/** What an HTTP status instead of a connection says; 0 where nobody answered. */
export function onStatus(status: number): Ending {
  const code = CODE_OF_STATUS[status];
  if (code) return onCode(code);
  if (!status) return ['unreachable', true];
  const passes = status < 400 || status >= 500 || PASSING.includes(status);
  return passes ? ['protocol', true] : ['address', true, true];
}

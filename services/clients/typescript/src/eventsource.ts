/**
 * Server-sent events by an EventSource, where fetch gives no stream (React Native): pass it as the
 * option `sse`. Apart from the client, so that only who needs it carries it.
 */

import type { Carrier } from './wire.ts';

const TYPES = [
  'welcome', 'event', 'heartbeat', 'truncated', 'access', 'recovered', 'token_expiring', 'reconnect', 'close',
];

/** As much of an EventSource as is used here. */
export interface SourceLike {
  onopen: ((event: never) => unknown) | null;
  onerror: ((event: never) => unknown) | null;
  addEventListener(type: string, listener: (event: never) => void): void;
  close(): void;
}

export type SourceClass = new (url: string) => SourceLike;

/** The token goes in the address, since an EventSource can set no header. */
export function overEventSource(Source: SourceClass): Carrier {
  return (url, token, hear) => {
    const query = token ? `${url.includes('?') ? '&' : '?'}access_token=${encodeURIComponent(token)}` : '';
    const source = new Source(url + query);
    let isOpen = false;
    source.onopen = () => {
      isOpen = true;
      hear('opened', true);
    };
    source.onerror = () => {
      source.close(); // the session decides when to come back, and with which cursor
      if (isOpen) hear('closed', 1006);
      else hear('failed');
    };
    for (const type of TYPES) {
      source.addEventListener(type, ({ data }: { readonly data?: unknown }) => hear('frame', data));
    }
    return { close: () => source.close() };
  };
}

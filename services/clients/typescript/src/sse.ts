/**
 * Frames over server-sent events, for networks that cut WebSockets. A reader made of fetch sends the
 * token in a header and sees the status.
 */

import { eventStream } from './stream.ts';
import type { Carrier } from './wire.ts';

export function overFetch(request: typeof fetch): Carrier {
  return (url, token, hear) => {
    const stop = new AbortController();
    let isOpen = false;
    let paused: Promise<void> | undefined;
    let goOn = (): void => {};
    const read = async (): Promise<void> => {
      const answer = await request(url, {
        headers: token ? { Authorization: `Bearer ${token}` } : {},
        cache: 'no-store',
        signal: stop.signal,
      });
      const { headers, status, body } = answer;
      if (status !== 200 || !body || !headers.get('Content-Type')?.startsWith('text/event-stream')) {
        stop.abort();
        return hear('failed', status, 1000 * (Number(headers.get('Retry-After')) || 0));
      }
      isOpen = true;
      hear('opened', true);
      const feed = eventStream((data, id) => hear('frame', data, id));
      const decoder = new TextDecoder();
      const reader = body.getReader();
      for (let piece; !(piece = await reader.read()).done; await paused) {
        feed(decoder.decode(piece.value, { stream: true }));
      }
      hear('closed', 1006);
    };
    read().catch(() => (isOpen ? hear('closed', 1006) : hear('failed')));
    return {
      close() {
        goOn();
        stop.abort();
      },
      pause(isPaused) {
        goOn();
        paused = isPaused ? new Promise((resolve) => (goOn = resolve)) : undefined;
      },
    };
  };
}

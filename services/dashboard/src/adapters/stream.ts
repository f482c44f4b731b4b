/** The live stream: @unionflow/client, told in messages of the page. */

import { Client } from '@unionflow/client';

import type { Person } from '../core/domain.ts';
import type { Message } from '../core/state.ts';

export interface Stream {
  stop(): void;
}

/**
 * @param token null in development, where the person is told in the address
 * @param reload loads everything anew; resolves when it has
 */
export function openStream(
  url: string,
  person: Person,
  token: (() => Promise<string>) | null,
  tell: (message: Message) => void,
  reload: () => Promise<void>,
): Stream {
  const client = new Client({
    url,
    onTruncated: reload,
    ...(token ? { token } : { organizations: person.organizations ?? [], user: person.user ?? undefined }),
  });
  client.on('status', ({ state, reason, since }) => {
    tell({ is: 'link', link: { state, reason, since: since.getTime() } });
  });
  client.on('event', (event) => tell({ is: 'event', event, now: Date.now(), chance: Math.random() }));
  client.on('access', () => tell({ is: 'access', now: Date.now() }));
  client.on('error', () => undefined); // told already: by the status, or where the reload failed
  void client.connect();
  return { stop: () => client.disconnect() };
}

/** Where a client connects: from the API's base, or from the WebSocket's own address. */

import { BadOptions } from './errors.ts';

const SOCKET = '/ws/dashboard';
const STREAM = '/sse/dashboard';
const ADDRESS = /^(?:http|ws)(s?):\/\/((?:\[[\d.:a-f]+\]|[^\s/?#@:[\]]+)(?::(\d+))?)(\/[^\s?#]*)?(\?[^\s#]*)?$/i;

/** What to ask a relay for; the same in every connection of one client. */
export interface Wanted {
  readonly organizations?: readonly string[] | undefined;
  readonly user?: string | undefined;
  readonly eventTypes?: readonly string[] | undefined;
  readonly conflate?: readonly string[] | undefined;
}

/**
 * The addresses of a relay's WebSocket and of its server-sent events, without a query of ours. Made
 * without `URL`, of which React Native has only a part.
 *
 * @param base an API's base (`https://api.example.org/unionflow`)
 * @param url the WebSocket's whole address; it wins over `base`
 * @throws BadOptions where it is no http, https, ws or wss address
 */
export function addresses(base: string | undefined, url: string | undefined): [ws: string, sse: string] {
  const given = url ?? base ?? '';
  const [found, tls = '', host, port = 0, folder = '', query = ''] = ADDRESS.exec(given) ?? [];
  if (!found || +port > 65_535) throw new BadOptions(`"${given}" is no address like https://api.example.org`);
  let path = folder.replace(/\/+$/, '');
  if (url === undefined && !path.endsWith(SOCKET)) path += SOCKET;
  const rest = tls.toLowerCase() + '://' + host;
  return ['ws' + rest + path + query, 'http' + rest + path.replace(SOCKET, STREAM) + query];
}

/** An address with what is wanted, and where to begin, in its query. */
export function withQuery(address: string, wanted: Wanted, cursor: string | undefined): string {
  const add = (name: string, value: string | undefined): void => {
    if (!value) return;
    const text = encodeURIComponent(value).replace(/%(?:3A|2C)/g, decodeURIComponent);
    address += (address.includes('?') ? '&' : '?') + name + '=' + text;
  };
  for (const organization of wanted.organizations ?? []) add('organization', organization);
  add('user', wanted.user);
  add('eventTypes', wanted.eventTypes?.join());
  add('conflate', wanted.conflate?.join());
  add('cursor', cursor);
  return address;
}

/** Frames over a WebSocket: the browser's, a worker's, React Native's, Node's, or a library's. */

import type { Carrier } from './wire.ts';

const PROTOCOL = 'unionflow.v1';
const GOODBYE = 1000;

/** As much of a WebSocket as is used here. */
export interface SocketLike {
  readonly protocol: string;
  onopen: ((event: never) => unknown) | null;
  onmessage: ((event: { readonly data: unknown }) => unknown) | null;
  onclose: ((event: { readonly code: number }) => unknown) | null;
  onerror: ((event: never) => unknown) | null;
  send(text: string): void;
  close(code: number): void;
}

export type SocketClass = new (url: string, protocols: string[]) => SocketLike;

/** Connect; the token goes beside the subprotocol, since a browser can set no header. */
export function overWebSocket(Socket: SocketClass): Carrier {
  return (url, token, hear) => {
    const socket = new Socket(url, token ? [PROTOCOL, `bearer.${token}`] : [PROTOCOL]);
    let isOpen = false;
    socket.onopen = () => {
      isOpen = true;
      hear('opened', socket.protocol === PROTOCOL);
    };
    socket.onmessage = ({ data }) => hear('frame', data);
    socket.onclose = ({ code }) => (isOpen ? hear('closed', code) : hear('failed'));
    socket.onerror = () => {}; // `onclose` follows; a library would throw for want of a listener
    return {
      send: (text) => socket.send(text),
      // A browser lets a page say 1000 and 3000 to 4999.
      close: (code) => socket.close(code < 3000 ? GOODBYE : code),
    };
  };
}

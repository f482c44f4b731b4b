/** A small relay over real sockets, which says what a test tells it to: `ws` and HTTP in this process. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';

export class Relay {
  readonly requests: IncomingMessage[] = [];
  readonly heard: unknown[] = [];
  /** What each connection is told after its handshake. */
  greeting: object[] = [{ type: 'welcome', cursor: '1~A:0', heartbeatSeconds: 25, features: ['refresh'] }];
  hasWebSockets = true;
  sockets: WebSocket[] = [];
  streams: ServerResponse[] = [];
  readonly #server: Server;
  readonly #acceptor = new WebSocketServer({ noServer: true, handleProtocols: () => 'unionflow.v1' });

  private constructor() {
    this.#server = createServer((request, response) => this.#stream(request, response));
    this.#server.on('upgrade', (request, socket, head) => {
      this.requests.push(request);
      if (!this.hasWebSockets) return socket.destroy();
      this.#acceptor.handleUpgrade(request, socket, head, (one) => {
        this.sockets.push(one);
        one.on('message', (message) => this.heard.push(JSON.parse(String(message))));
        for (const frame of this.greeting) one.send(JSON.stringify(frame));
      });
    });
  }

  static async start(): Promise<Relay> {
    const relay = new Relay();
    await new Promise<void>((resolve) => relay.#server.listen(0, '127.0.0.1', resolve));
    return relay;
  }

  get base(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Say a frame on every connection. */
  say(frame: object): void {
    for (const socket of this.sockets) socket.send(JSON.stringify(frame));
    for (const stream of this.streams) stream.write(`data: ${JSON.stringify(frame)}\n\n`);
  }

  event(number: number): void {
    const event = { id: `e${number}`, eventType: 'KPI_UPDATED', organizationId: 'm', data: { number } };
    this.say({ type: 'event', position: `A.0.${number}`, event });
  }

  cut(): void {
    for (const socket of this.sockets.splice(0)) socket.terminate();
    for (const stream of this.streams.splice(0)) stream.destroy();
  }

  async stop(): Promise<void> {
    this.cut();
    this.#acceptor.close();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #stream(request: IncomingMessage, response: ServerResponse): void {
    this.requests.push(request);
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    this.streams.push(response);
    for (const frame of this.greeting) response.write(`event: x\ndata: ${JSON.stringify(frame)}\n\n`);
  }
}

/** Wait until it holds, for want of an event. */
export async function until(holds: () => unknown): Promise<void> {
  for (const end = Date.now() + 10_000; !holds(); ) {
    if (Date.now() > end) throw new Error(`it never held: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

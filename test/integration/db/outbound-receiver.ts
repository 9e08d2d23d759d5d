import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly id: string;
  readonly path: string;
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
  readonly at: number;
}

/** What to answer: a status, or anything at all by hand. */
export type Behave = (received: Received, response: ServerResponse) => number | null | Promise<number | null>;

export interface Receiver {
  readonly url: string;
  /** As they arrived. */
  readonly received: Received[];
  behave: Behave;
  close(): void;
}

/** An app's endpoint; it takes everything until told otherwise. */
export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const receiver = { received, behave: (): number => 200 } as { received: Received[]; behave: Behave };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const one: Received = {
        id: String(request.headers['webhook-id']),
        path: request.url ?? '',
        body: Buffer.concat(chunks).toString(),
        headers: request.headers,
        at: performance.now(),
      };
      received.push(one);
      void Promise.resolve(receiver.behave(one, response)).then((status) => {
        if (status !== null) response.writeHead(status).end('thanks');
      });
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return Object.assign(receiver, {
    url: `http://127.0.0.1:${port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  });
}

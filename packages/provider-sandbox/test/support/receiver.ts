import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
  type: string;
}

export interface Receiver {
  url(path: string): string;
  received: Received[];
  /** Status of the next answers; 200 once it is used up. */
  answerWith(...statuses: number[]): void;
  waitFor(matches: (event: Received) => boolean, count?: number): Promise<Received[]>;
  close(): Promise<void>;
}

/** A local server that keeps every webhook it is sent. */
export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const statuses: number[] = [];
  const waiting = new Set<() => void>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const { type } = JSON.parse(body) as { type: string };
      received.push({ path: request.url ?? '', headers: request.headers, body, type });
      response.statusCode = statuses.shift() ?? 200;
      response.end('ok');
      for (const check of waiting) check();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: (path) => `http://127.0.0.1:${port}/${path}`,
    received,
    answerWith: (...next) => void statuses.push(...next),
    waitFor(matches, count = 1) {
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(check);
          reject(new Error(`got only ${received.map((event) => `${event.path} ${event.type}`).join(', ')}`));
        }, 4000);
        function check(): void {
          const found = received.filter(matches);
          if (found.length < count) return;
          clearTimeout(timer);
          waiting.delete(check);
          resolve(found);
        }
        waiting.add(check);
        check();
      });
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

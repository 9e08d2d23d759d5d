import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A geolocation service on this machine that answers as told. */
export interface GeoServiceStub {
  readonly url: string;
  /** Paths asked for, in their order. */
  readonly asked: string[];
  answer: (response: ServerResponse, request: IncomingMessage) => void;
  close(): void;
}

export async function startGeoServiceStub(): Promise<GeoServiceStub> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    stub.answer(response, request);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const stub: GeoServiceStub = {
    url: `http://127.0.0.1:${port}`,
    asked,
    answer: (response) => response.end('{}'),
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
  return stub;
}

export const json =
  (body: unknown, headers: Readonly<Record<string, string>> = {}, status = 200) =>
  (response: ServerResponse): void =>
    void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));

/** Takes the question and says nothing. */
export const silence = (): void => undefined;

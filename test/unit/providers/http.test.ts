import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createTransport, startBudget, type TransportError } from '../../../src/providers/http.ts';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function serve(listener: RequestListener): Promise<string> {
  const started = createServer(listener);
  server = started;
  await new Promise<void>((done) => started.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${(started.address() as AddressInfo).port}`;
}

const post = (url: string) => ({ operation: 'x.create', method: 'POST', url, headers: {}, body: '{}', timeoutMs: 200 });
const faultOf = (sent: Promise<unknown>) => sent.then(String, (error: TransportError) => error.fault);

describe('transport', () => {
  it('keeps the connection and reports each call', async () => {
    const ports = new Set<number | undefined>();
    const url = await serve((request, response) => {
      ports.add(request.socket.remotePort);
      response.setHeader('Retry-After', '3').end('body');
    });
    const calls: string[] = [];
    const transport = createTransport({
      timeoutMs: 200,
      onCall: (call) => calls.push(`${call.operation} ${call.outcome}`),
    });
    const first = await transport.send(post(url));
    for (let more = 0; more < 4; more += 1) await transport.send(post(url));
    expect(first).toMatchObject({ status: 200, text: 'body', headers: { 'retry-after': '3' } });
    // A second one opens when the first is not yet back in the pool.
    expect(ports.size).toBeLessThanOrEqual(2);
    expect(calls).toEqual(Array(5).fill('x.create 200'));
  });

  it('knows a refused connection and an unknown host for not sent', async () => {
    const url = await serve(() => {});
    await new Promise((done) => server?.close(done));
    const transport = createTransport({ timeoutMs: 200 });
    expect(await faultOf(transport.send(post(url)))).toBe('not_sent');
    expect(await faultOf(transport.send({ ...post('http://nobody.invalid'), timeoutMs: 5000 }))).toBe('not_sent');
  });

  it('never repeats a call whose connection was cut', async () => {
    let received = 0;
    const url = await serve((request) => {
      received += 1;
      request.socket.destroy();
    });
    expect(await faultOf(createTransport({ timeoutMs: 200 }).send(post(url)))).toBe('lost');
    expect(received).toBe(1);
  });

  it('times out over headers and body together', async () => {
    const silent = await serve((_request, response) => {
      response.write('half');
    });
    expect(await faultOf(createTransport({ timeoutMs: 200 }).send(post(silent)))).toBe('timeout');
  });

  it('spends one budget over several calls', async () => {
    const budget = startBudget(100);
    await new Promise((done) => setTimeout(done, 60));
    expect(budget.remainingMs()).toBeLessThanOrEqual(45);
    await new Promise((done) => setTimeout(done, 60));
    expect(budget.remainingMs()).toBe(1);
  });
});

import { once } from 'node:events';
import type { LookupAddress } from 'node:dns';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { request } from 'undici';
import type { EgressRules } from '../../../src/egress/egress-rules.ts';
import { createGuardedAgent, guardedLookup, type ResolveAll } from '../../../src/egress/guarded-agent.ts';

let server: Server;
let port: number;
let hits = 0;
beforeAll(async () => {
  server = createServer((_request, response) => {
    hits += 1;
    response.setHeader('connection', 'close').end('inside');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => server.close());

const strict: EgressRules = { allowPrivate: false, httpsOnly: false };
const loose: EgressRules = { allowPrivate: true, httpsOnly: false };

/** Answers each lookup with the next of these, and the last from then on. */
function aResolver(...answers: string[][]) {
  const asked: string[] = [];
  const resolve: ResolveAll = (hostname, _options, callback) => {
    const addresses = answers[Math.min(asked.length, answers.length - 1)] ?? [];
    asked.push(hostname);
    callback(
      null,
      addresses.map((address): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
  return { asked, resolve };
}

async function ask(url: string, rules: EgressRules, resolve?: ResolveAll) {
  const agent = createGuardedAgent(rules, { connectTimeoutMs: 500, ...(resolve && { resolve }) });
  try {
    const { body } = await request(url, { dispatcher: agent, signal: AbortSignal.timeout(700) });
    return await body.text();
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : String(error);
  } finally {
    await agent.destroy();
  }
}

describe('the guarded agent', () => {
  it('reaches what the rules allow', async () => {
    expect(await ask(`http://127.0.0.1:${port}/`, loose)).toBe('inside');
    expect(await ask(`http://app.example:${port}/`, loose, aResolver(['127.0.0.1']).resolve)).toBe('inside');
  });

  it.each(['127.0.0.1', '[::ffff:127.0.0.1]', '2130706433', '0x7f.1', '[::1]', '0.0.0.0'])(
    'refuses http://%s without connecting',
    async (host) => {
      const before = hits;
      expect(await ask(`http://${host}:${port}/`, strict)).toBe('FORBIDDEN_ADDRESS');
      expect(hits).toBe(before);
    },
  );

  it.each([
    ['127.0.0.1'],
    ['169.254.169.254'],
    ['10.0.0.1'],
    ['::1'],
    ['::ffff:7f00:1'],
    ['64:ff9b::7f00:1'],
    ['fd00::1'],
  ])('refuses a name that leads to %s', async (address) => {
    const { resolve, asked } = aResolver([address]);
    expect(await ask(`http://app.example:${port}/`, strict, resolve)).toBe('FORBIDDEN_ADDRESS');
    expect(asked).toEqual(['app.example']);
  });

  it('refuses a name with a private address among public ones', async () => {
    const { resolve } = aResolver(['8.8.8.8', '127.0.0.1']);
    expect(await ask(`http://app.example:${port}/`, strict, resolve)).toBe('FORBIDDEN_ADDRESS');
  });

  it('asks for the address once per connection, and dials the very answer it judged', async () => {
    const { resolve, asked } = aResolver(['127.0.0.1'], ['203.0.113.1']);
    expect(await ask(`http://app.example:${port}/`, loose, resolve)).toBe('inside');
    expect(asked).toEqual(['app.example']);
  });

  it('hands the socket what it judged, and judges anew at the next connection: rebinding gains nothing', async () => {
    const { resolve } = aResolver(['8.8.8.8', '2001:4860:4860::8888'], ['127.0.0.1']);
    const lookup = guardedLookup(strict, resolve);
    const answer = () =>
      new Promise<unknown>((done) => {
        lookup('app.example', { all: true }, (error, addresses) => done(error?.code ?? addresses));
      });
    expect(await answer()).toEqual([
      { address: '8.8.8.8', family: 4 },
      { address: '2001:4860:4860::8888', family: 6 },
    ]);
    expect(await answer()).toBe('FORBIDDEN_ADDRESS');
  });

  it('follows no redirect', async () => {
    const target = createServer((_request, response) => {
      response.writeHead(302, { location: `http://127.0.0.1:${port}/` }).end('moved');
    }).listen(0, '127.0.0.1');
    await once(target, 'listening');
    const before = hits;
    expect(await ask(`http://127.0.0.1:${(target.address() as AddressInfo).port}/`, loose)).toBe('moved');
    expect(hits).toBe(before);
    target.close();
  });
});

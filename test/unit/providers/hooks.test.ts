import { afterEach, describe, expect, it } from 'vitest';
import { BillingError } from '../../../src/domain/errors.ts';
import { createAccount, moduleOf, providerIds } from '../../../src/providers/accounts.ts';
import type { HttpCall, HttpSettings } from '../../../src/providers/port.ts';
import { startStubServer, type StubAnswer, type StubServer } from './stub-server.ts';

let stub: StubServer | undefined;
afterEach(() => stub?.close());

const examplesOf = (id: string) =>
  Object.fromEntries(Object.entries(moduleOf(id).credentials).map(([key, field]) => [key, field.example]));

async function accountAt(id: string, answer: StubAnswer, http: Omit<HttpSettings, 'timeoutMs'>) {
  stub = await startStubServer(() => answer);
  const env = { ...examplesOf(id), [`${id.toUpperCase()}_BASE_URL`]: stub.url };
  const made = createAccount(id, env, () => ({ timeoutMs: 2_000, ...http }));
  if ('faults' in made) throw new Error(JSON.stringify(made.faults));
  return { client: made.account.client, stub };
}

describe.each(providerIds())('every call to %s', (id) => {
  it('is asked for first, and is surely not sent when it may not go', async () => {
    const refused = new BillingError({ code: 'provider_rate_limited', kind: 'rate_limited', message: 'Wait.' });
    const seen: HttpCall[] = [];
    const { client, stub: server } = await accountAt(
      id,
      { status: 200 },
      {
        admit: () => Promise.reject(refused),
        observe: (call) => seen.push(call),
      },
    );
    await expect(client.account.check()).rejects.toBe(refused);
    expect(server.requests).toEqual([]);
    expect(seen).toEqual([]);
  });

  it.each([
    [{ status: 503 }, { status: 503, fault: null }],
    [{ status: 401 }, { status: 401, fault: null }],
    ['cut', { status: null, fault: 'lost' }],
  ] as const)('that ends in %o is told as it ended', async (answer, end) => {
    const seen: HttpCall[] = [];
    const { client, stub: server } = await accountAt(id, answer, { observe: (call) => seen.push(call) });
    await expect(client.account.check()).rejects.toThrow(BillingError);
    expect(seen).toHaveLength(server.requests.length);
    expect(seen.at(-1)).toMatchObject(end);
  });

  it('keeps a limit at its own address only', () => {
    const { rateLimits } = moduleOf(id);
    const limitAt = (baseUrl: string) => {
      let limit: unknown = 'not asked';
      createAccount(id, { ...examplesOf(id), [`${id.toUpperCase()}_BASE_URL`]: baseUrl }, ({ rateLimit }) => {
        limit = rateLimit;
        return { timeoutMs: 1_000 };
      });
      return limit;
    };
    expect(limitAt('http://127.0.0.1:1')).toBeNull();
    for (const host of rateLimits.hosts) expect([rateLimits.live, rateLimits.test]).toContainEqual(limitAt(host));
    expect(rateLimits.source).toMatch(/20\d\d/);
  });
});

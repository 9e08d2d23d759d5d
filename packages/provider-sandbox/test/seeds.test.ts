import { describe, expect, it } from 'vitest';
import { createRandomness } from '../src/core/random.ts';
import { seededRsaPair } from '../src/core/seeded-rsa.ts';
import { createStore } from '../src/core/store.ts';
import { retryDelayMs } from '../src/webhooks/retry-schedule.ts';
import { conektaDigest } from '../src/webhooks/signatures.ts';
import { createVerify } from 'node:crypto';
import { type Harness, aPolarProduct, aStripeSession, startHarness } from './support/harness.ts';

/** What a client can see of a run: keys, ids and which requests a fault at a rate of one half hit. */
async function aRun(harness: Harness): Promise<{ config: object; seen: unknown[] }> {
  const { control, sandbox } = harness;
  await control('POST', '/faults', { provider: 'stripe', operation: 'customers.create', kind: 'status', rate: 0.5 });
  const hits: boolean[] = [];
  for (let call = 0; call < 12; call += 1) {
    const made = await harness.stripe.customers.create({ name: `Customer ${call}` }).catch(() => null);
    hits.push(made === null);
  }
  const session = await aStripeSession(harness);
  const product = await aPolarProduct(harness);
  const account = sandbox.createAccount({ name: 'Other' });
  return { config: [sandbox.config, sandbox.adminToken].flat(), seen: [hits, session.id, product.id, account.id] };
}

const withoutPort = (value: unknown): string => JSON.stringify(value).replaceAll(/127\.0\.0\.1:\d+/g, 'host');

describe('a seed', () => {
  it('repeats keys, ids and faults from one run to the next', async () => {
    const [first, second] = [await startHarness({ seed: 42 }), await startHarness({ seed: 42 })];
    const runs = [await aRun(first), await aRun(second)];
    expect(withoutPort(runs[0])).toBe(withoutPort(runs[1]));
    expect(runs[0]?.seen[0]).toContain(true);
    expect(runs[0]?.seen[0]).toContain(false);
    await Promise.all([first.sandbox.close(), second.sandbox.close()]);
  });

  it('gives other keys and ids than another seed, and than no seed', async () => {
    const harnesses = [await startHarness({ seed: 1 }), await startHarness({ seed: 2 }), await startHarness()];
    const keys = harnesses.map(({ sandbox }) => sandbox.config.polar.api_key);
    const ids = await Promise.all(harnesses.map(async (each) => (await aPolarProduct(each)).id));
    expect(new Set(keys).size).toBe(3);
    expect(new Set(ids).size).toBe(3);
    await Promise.all(harnesses.map(({ sandbox }) => sandbox.close()));
  });

  it('begins again after a reset, with the keys kept', async () => {
    const harness = await startHarness({ seed: 7 });
    const before = [harness.sandbox.config.stripe.api_key, (await aPolarProduct(harness)).id];
    await harness.control('POST', '/reset');
    expect([harness.sandbox.config.stripe.api_key, (await aPolarProduct(harness)).id]).toEqual(before);
    await harness.sandbox.close();
  });

  it('makes RSA keys that sign and verify', () => {
    const { keys } = createRandomness(
      createStore(null, () => true),
      5,
    );
    const pair = seededRsaPair(keys);
    const signature = conektaDigest(pair.privateKey, '{"id":"1"}');
    const check = createVerify('RSA-SHA256').update('{"id":"1"}');
    expect(check.verify(pair.publicKey, signature, 'base64')).toBe(true);
  });

  it("shapes the jitter of Polar's retries within its documented bounds", () => {
    for (const failures of [1, 2, 5])
      for (const chance of [0, 0.5, 1]) {
        const wait = Number(retryDelayMs('polar', failures, 1, chance));
        expect(wait).toBeGreaterThanOrEqual(2000 * 2 ** failures);
        expect(wait).toBeLessThanOrEqual(4000 * 2 ** failures);
      }
    expect(retryDelayMs('polar', 9, 1, 1)).toBe(1_200_000);
    expect(retryDelayMs('polar', 10, 1, 0)).toBeNull();
  });
});

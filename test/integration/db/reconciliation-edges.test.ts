import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CompareResult } from '../../../src/activities/compare-step.ts';
import { newId } from '../../../src/db/new-id.ts';
import { BillingError } from '../../../src/domain/errors.ts';
import { operationsOf, providerIds } from '../../../src/providers/accounts.ts';
import { beginRun, nameOf, runCycle, toldBy, type RunRef } from './reconciliation/cycle.ts';
import { openShop, type Shop, type Sold } from './reconciliation/shop.ts';

const needed = ['changes.charge', 'subscriptions.get', 'refunds.create'];
const providers = providerIds().filter((id) => needed.every((operation) => operationsOf(id).includes(operation)));

let shop: Shop;
let sales: ReadonlyMap<string, { readonly once: Sold; readonly monthly: Sold }>;

beforeAll(async () => {
  shop = await openShop();
  sales = new Map();
  const made = new Map<string, { once: Sold; monthly: Sold }>();
  for (const provider of providers)
    made.set(provider, {
      once: await shop.sell(provider, 'payment'),
      monthly: await shop.sell(provider, 'subscription'),
    });
  sales = made;
}, 120_000);
afterAll(() => shop?.close());

const salesAt = (provider: string) => {
  const found = sales.get(provider);
  if (!found) throw new Error(`no sales at ${provider}`);
  return found;
};
/** Both steps to their ends, with something in between. */
const runWith = async (provider: string, between: () => Promise<void>): Promise<readonly string[]> => {
  const ref = await beginRun(shop, provider);
  await walk('compareTheirs', ref);
  await between();
  await walk('compareOurs', ref);
  return toldBy(shop, ref.runId);
};
const walk = async (phase: 'compareTheirs' | 'compareOurs', ref: RunRef) => {
  for (let cursor: string | null = null; ;) {
    ({ cursor } = await shop.activities[phase]({ ...ref, cursor }));
    if (cursor === null) return;
  }
};

/** As the engine does it: a step that failed is sent again as it was. */
const walkWithRetries = async (phase: 'compareTheirs' | 'compareOurs', ref: RunRef) => {
  let cursor: string | null = null;
  for (let attempt = 0; attempt < 500; attempt += 1) {
    const step: CompareResult | null = await shop.activities[phase]({ ...ref, cursor }).catch(() => null);
    if (step?.cursor === null) return;
    cursor = step?.cursor ?? cursor;
  }
  throw new Error(`${phase} does not come to its end`);
};

/** Their changes, each page asked for by two attempts at once, as when one is taken for dead. */
const walkTwice = async (ref: RunRef) => {
  const send = (cursor: string | null): Promise<CompareResult> => shop.activities.compareTheirs({ ...ref, cursor });
  for (let cursor: string | null = null; ;) {
    const answers: readonly CompareResult[] = await Promise.all([send(cursor), send(cursor)]);
    const cursors = new Set(answers.map((answer) => answer.cursor));
    if (cursors.size > 1) throw new Error(`two attempts went on from ${[...cursors].join(' and ')}`);
    cursor = [...cursors][0] ?? null;
    if (cursor === null) return;
  }
};

describe.each(providerIds())('an account at %s', (provider) => {
  it('agrees with what was recorded of it, whatever it can tell', async () => {
    await shop.sell(provider, 'payment');
    await shop.sell(provider, 'subscription');
    const { told, compared } = await runCycle(shop, provider);
    expect(told).toEqual([]);
    expect(compared).toBeGreaterThan(4);
  });
});

describe.each(providers)('reconciliation at %s', (provider) => {
  it('tells nothing of what is mended before the second look', async () => {
    const { monthly } = salesAt(provider);
    const set = (status: string) =>
      shop.run('update subscriptions set status = ? where checkout_id = ?', [status, monthly.checkoutId]);
    await set('past_due');
    expect(await runWith(provider, () => set('active'))).toEqual([]);
    await set('past_due');
    expect(await runWith(provider, async () => undefined)).toEqual([expect.stringMatching(/^state subscription /)]);
    await set('active');
  });

  it('tells nothing of what began to differ after the first look: that is the next run’s', async () => {
    const { monthly } = salesAt(provider);
    const set = (change: string) =>
      shop.run(`update subscriptions set ${change} where checkout_id = ?`, [monthly.checkoutId]);
    await set(`status = 'past_due'`);
    const told = await runWith(provider, () => set(`current_period_end = current_period_end + interval '1 day'`));
    expect(told).toEqual([expect.stringMatching(/^state subscription /)]);
    await set(`status = 'active', current_period_end = current_period_end - interval '1 day'`);
    expect((await runCycle(shop, provider)).told).toEqual([]);
  });

  it('leaves other systems’ charges on the same account alone, and counts them', async () => {
    const before = await runCycle(shop, provider);
    const stranger = { ...salesAt(provider).once, organizationId: newId('key'), checkoutId: 'theirs' };
    const input = shop.inputFor(stranger);
    await shop.pay(provider, { ...input, metadata: {} });
    const others = { checkout_id: newId('chk'), project_id: 'another' };
    await shop.pay(provider, { ...shop.inputFor({ ...stranger, organizationId: newId('key') }), metadata: others });
    const after = await runCycle(shop, provider);
    expect(after.told).toEqual([]);
    expect(after.foreign).toBe(before.foreign + 2);
  });

  it('tells one difference of a sale whose webhook was lost: the sale itself', async () => {
    const lost = await shop.sellUnrecorded(provider, 'subscription');
    const { told } = await runCycle(shop, provider);
    expect(told).toEqual([nameOf({ kind: 'state', objectKind: 'checkout', objectId: lost.providerCheckoutId })]);
    await shop.recordNow(lost);
    expect((await runCycle(shop, provider)).told).toEqual([]);
  });

  it('tells what was paid for a checkout that another provider was paid for', async () => {
    const other = providers.find((id) => id !== provider) ?? provider;
    const { once } = salesAt(other);
    const { truth } = await shop.pay(provider, shop.inputFor({ ...once, provider }));
    const objectId = truth?.payment?.providerPaymentId ?? '';
    const found = { kind: 'duplicate_charge', objectKind: 'payment', objectId };
    expect((await runCycle(shop, provider)).told).toContain(nameOf(found));
  });

  it('tells of a second subscription to one checkout, which would go on charging', async () => {
    const sold = await shop.sell(provider, 'subscription');
    const { truth } = await shop.pay(provider, shop.inputFor(sold));
    // Some providers refuse a second one to the same customer: then there is nothing to tell.
    const strange = truth?.subscription?.providerSubscriptionId ?? null;
    const { told } = await runCycle(shop, provider);
    const missing = strange === null ? [] : [`missing_here subscription ${strange}`];
    expect(told.filter((name) => name.endsWith(` subscription ${strange}`))).toEqual(missing);
    const charged = told.filter((name) => name.endsWith(` payment ${truth?.payment?.providerPaymentId}`));
    expect(charged).toHaveLength(missing.length);
  });

  it('goes on where it was refused, and tells the same', async () => {
    for (const mode of ['payment', 'subscription', 'payment'] as const) await shop.sell(provider, mode);
    const calm = await runCycle(shop, provider);
    const ref = await beginRun(shop, provider);
    // Every fifth operation fails: an outage, again and again.
    const down = { code: 'provider_unavailable', kind: 'unavailable', message: 'down' } as const;
    const refusals = shop.failEvery(provider, 5, () => new BillingError(down));
    await walkWithRetries('compareTheirs', ref);
    await walkWithRetries('compareOurs', ref);
    expect(refusals.stop()).toBeGreaterThan(0);
    expect(await toldBy(shop, ref.runId)).toEqual(calm.told);
  }, 120_000);

  it('writes a page once, though two attempts work at it', async () => {
    const calm = await runCycle(shop, provider);
    const ref = await beginRun(shop, provider);
    await walkTwice(ref);
    await walk('compareOurs', ref);
    expect(await toldBy(shop, ref.runId)).toEqual(calm.told);
  }, 120_000);

  it('stops when the run is canceled', async () => {
    const ref = await beginRun(shop, provider);
    await shop.run(`update reconciliation_runs set status = 'canceled' where id = ?`, [ref.runId]);
    const nothing = { cursor: null, compared: 0, found: 0, waitMs: 0 };
    expect(await shop.activities.compareTheirs({ ...ref, cursor: null })).toEqual(nothing);
    expect(await shop.activities.compareOurs({ ...ref, cursor: null })).toEqual(nothing);
  });
});

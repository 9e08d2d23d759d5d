import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operationsOf, providerIds } from '../../../src/providers/accounts.ts';
import { runCycle, type Cycle } from './reconciliation/cycle.ts';
import { plantAll, plantings, seeded } from './reconciliation/plant.ts';
import { openShop, type Shop, type Sold } from './reconciliation/shop.ts';

const number = (name: string, standard: number) => Number(process.env[name] ?? standard);
const seed = number('RECONCILE_SEED', 20_261_121);
/** Of each of ten kinds, over all providers. */
const each = number('RECONCILE_EACH', 100);

const needed = ['changes.list', 'changes.charge', 'refunds.create', 'subscriptions.get'];
const providers = providerIds().filter((id) => needed.every((operation) => operationsOf(id).includes(operation)));

const replay = `RECONCILE_SEED=${seed} RECONCILE_EACH=${each} npx vitest run --project database test/integration/db/reconciliation.test.ts`;

let shop: Shop;
let sales: readonly Sold[];

beforeAll(async () => {
  shop = await openShop();
  // Room for what may not meet at one sale, and a few that nothing happens to.
  const share = Math.ceil((each * 1.1) / providers.length);
  sales = await shop.sellMany(
    providers.flatMap((provider) => [
      ...Array.from({ length: share }, () => [provider, 'subscription'] as [string, 'subscription']),
      ...Array.from({ length: share * 2 }, () => [provider, 'payment'] as [string, 'payment']),
      ...Array.from({ length: share }, () => [provider, 'payment', true] as [string, 'payment', boolean]),
    ]),
  );
}, 900_000);
afterAll(() => shop?.close());

async function runAll(): Promise<readonly Cycle[]> {
  const cycles: Cycle[] = [];
  for (const provider of providers) cycles.push(await runCycle(shop, provider));
  return cycles;
}

function report(title: string, cycles: readonly Cycle[]): void {
  const compared = cycles.reduce((sum, cycle) => sum + cycle.compared, 0);
  const seconds = cycles.reduce((sum, cycle) => sum + cycle.durationMs, 0) / 1_000;
  const told = cycles.reduce((sum, cycle) => sum + cycle.told.length, 0);
  console.log(
    `${title}: ${compared} objects of ${sales.length} sales in ${seconds.toFixed(1)} s, ${Math.round(compared / seconds)} objects/s, ${told} differences`,
  );
}

describe('reconciliation with real accounts', () => {
  it('tells nothing where both sides agree', async () => {
    const cycles = await runAll();
    report('agreeing', cycles);
    expect(cycles.flatMap(({ told }) => told)).toEqual([]);
  }, 600_000);

  it(`finds every one of the ${each * plantings.length} planted differences in one cycle, and nothing else`, async ({
    onTestFailed,
  }) => {
    onTestFailed(() => console.log(`the same again: ${replay}`));
    const planted = await plantAll(shop, sales, each, seeded(seed));
    const cycles = await runAll();
    report('planted', cycles);
    expect(cycles.flatMap(({ told }) => told).toSorted()).toEqual(planted);
  }, 600_000);
});

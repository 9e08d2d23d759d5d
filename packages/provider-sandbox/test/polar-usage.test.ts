import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aMonthlyPlan, type PolarCaller, startPolarCaller } from './support/polar-caller.ts';

let polar: PolarCaller;

beforeAll(async () => {
  polar = await startPolarCaller();
});
afterAll(() => polar.harness.sandbox.close());

const aMeter = (name: string): Promise<string> =>
  polar.make('/v1/meters/', {
    name: `Meter of ${name}`,
    filter: { conjunction: 'and', clauses: [{ property: 'name', operator: 'eq', value: name }] },
    aggregation: { func: 'sum', property: 'units' },
  });
const ingest = (...events: object[]) => polar.call('POST', '/v1/events/ingest', { events });
const used = (name: string, externalId: string, units: number, id: string) => ({
  ...{ name, external_customer_id: externalId, external_id: id, metadata: { units } },
});

describe("Polar's usage", () => {
  it('counts an event once for ever and refuses a batch as a whole', async () => {
    expect((await ingest(used('call', 'u-1', 3, 'e-1'))).body).toEqual({ inserted: 1, duplicates: 0 });
    expect((await ingest(used('call', 'u-2', 9, 'e-1'))).body).toEqual({ inserted: 0, duplicates: 1 });
    const unknown = { name: 'call', customer_id: '4a1d3c9e-5b7a-4b5e-9a5d-0c1f2e3d4b5a' };
    const refused = await ingest(used('call', 'u-1', 5, 'e-2'), unknown);
    expect(refused).toMatchObject({ status: 422, body: { detail: [{ loc: ['body', 'events', 1, 'customer_id'] }] } });
    expect((await ingest(used('call', 'u-1', 5, 'e-2'))).body).toEqual({ inserted: 1, duplicates: 0 });
    expect((await polar.items('/v1/events/names?source=user'))[0]).toMatchObject({ name: 'call', occurrences: 2 });
  });

  it('bills metered usage beyond the credit at the cycle, in the period received', async () => {
    const meter = await aMeter('render');
    const credit = {
      type: 'meter_credit',
      description: 'Included',
      properties: { units: 100, rollover: false, meter_id: meter },
    };
    const benefit = await polar.make('/v1/benefits/', credit);
    const prices = [
      { amount_type: 'fixed', price_amount: 1000 },
      { amount_type: 'metered_unit', meter_id: meter, unit_amount: '2.5' },
    ];
    const product = await polar.make('/v1/products/', aMonthlyPlan(0, { prices }));
    await polar.call('POST', `/v1/products/${product}/benefits`, { benefits: [benefit] });
    const { externalId, customer, subscription } = await polar.buys(product);
    await ingest(used('render', externalId, 130, 'r-1'));
    const own = () => polar.items(`/v1/customer-meters/?customer_id=${customer}`);
    expect(await own()).toMatchObject([{ consumed_units: 130, credited_units: 100, balance: -30 }]);
    const shown = (await polar.call('GET', `/v1/subscriptions/${String(subscription?.['id'])}`)).body;
    expect(shown['meters']).toMatchObject([{ meter_id: meter, consumed_units: 130, amount: 75 }]);
    await polar.advance('P32D');
    const [renewal] = await polar.items(`/v1/orders/?subscription_id=${String(subscription?.['id'])}`);
    expect(renewal).toMatchObject({ billing_reason: 'subscription_cycle', subtotal_amount: 1075 });
    expect(await own()).toMatchObject([{ consumed_units: 0, credited_units: 100, balance: 100 }]);
    await polar.advance('P32D');
    expect((await polar.items(`/v1/orders/?subscription_id=${String(subscription?.['id'])}`))[0]).toMatchObject({
      subtotal_amount: 1000,
    });
  });

  it('bills a yearly plan each month for its usage alone', async () => {
    const meter = await aMeter('export');
    const product = await polar.make('/v1/products/', {
      name: 'Yearly plan',
      ...{ recurring_interval: 'year', meter_interval: 'month' },
      prices: [
        { amount_type: 'fixed', price_amount: 12_000 },
        { amount_type: 'metered_unit', meter_id: meter, unit_amount: 10, cap_amount: 150 },
      ],
    });
    const { externalId, subscription } = await polar.buys(product);
    await ingest(used('export', externalId, 40, 'x-1'));
    await polar.advance('P32D');
    expect((await polar.items(`/v1/orders/?subscription_id=${String(subscription?.['id'])}`))[0]).toMatchObject({
      ...{ billing_reason: 'subscription_meter_cycle', total_amount: 150, status: 'paid' },
    });
  });

  it('aggregates and filters as a meter says', async () => {
    const filter = {
      conjunction: 'or',
      clauses: [
        { property: 'model', operator: 'like', value: 'big' },
        { conjunction: 'and', clauses: [{ property: 'metadata.tokens', operator: 'gte', value: 100 }] },
      ],
    };
    const expected = { count: 2, sum: 150, max: 100, min: 50, avg: 75, unique: 2 };
    await ingest(
      { name: 'chat', external_customer_id: 'm-1', metadata: { model: 'big-2', tokens: 50 } },
      { name: 'chat', external_customer_id: 'm-1', metadata: { model: 'small', tokens: 100 } },
      { name: 'chat', external_customer_id: 'm-1', metadata: { model: 'small', tokens: 1 } },
    );
    await polar.make('/v1/customers/', { email: 'm@example.com', external_id: 'm-1' });
    const [newest] = await polar.items('/v1/events/?name=chat');
    const now = Date.parse(String(newest?.['timestamp']));
    const query = new URLSearchParams({
      start_timestamp: new Date(now - 3_600_000).toISOString(),
      end_timestamp: new Date(now + 3_600_000).toISOString(),
      interval: 'day',
    });
    for (const [func, total] of Object.entries(expected)) {
      const meter = await polar.make('/v1/meters/', {
        name: `By ${func}`,
        filter,
        aggregation: { func, property: 'tokens' },
      });
      const answer = await polar.call('GET', `/v1/meters/${meter}/quantities?${query.toString()}`);
      expect([func, answer.body['total']]).toEqual([func, total]);
    }
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { UsageEventInput } from '../../../../src/providers/port-catalog.ts';
import { batchesOf, exactNumber, plainDecimal } from '../../../../src/providers/polar/usage-events.ts';
import { createPolarUsage } from '../../../../src/providers/polar/usage.ts';
import { fakePolar, invalid, ok, page } from './fake-polar.ts';

const event = (eventId: string, change: Partial<UsageEventInput> = {}): UsageEventInput => ({
  eventId,
  eventName: 'tokens',
  organizationId: 'org_1',
  providerCustomerId: 'c1',
  quantity: '1.5',
  timestamp: '2026-10-02T10:00:00.000Z',
  properties: { model: 'small' },
  ...change,
});

describe('usage events for Polar', () => {
  it('carry our id, the customer and the exact quantity', async () => {
    const { api, sent } = fakePolar({ 'POST /v1/events/ingest': ok({ inserted: 1, duplicates: 0 }) });
    await createPolarUsage(api).ingest([event('e1')]);
    expect(sent()[0]?.body).toEqual({
      events: [
        {
          name: 'tokens',
          customer_id: 'c1',
          external_id: 'e1',
          timestamp: '2026-10-02T10:00:00.000Z',
          metadata: { model: 'small', quantity: 1.5 },
        },
      ],
    });
  });

  it('leave out the faulty ones that Polar names and send the rest again', async () => {
    let calls = 0;
    const { api, sent } = fakePolar({
      'POST /v1/events/ingest': () => {
        calls += 1;
        return calls === 1
          ? invalid(
              { loc: ['body', 'events', 1, 'customer_id'], type: 'value_error' },
              { loc: ['body', 'events', 2, 'EventCreateCustomer', 'name'], type: 'string_too_long' },
            )
          : ok({ inserted: 1, duplicates: 1 });
      },
    });
    await expect(createPolarUsage(api).ingest(['e0', 'e1', 'e2', 'e3'].map((id) => event(id)))).resolves.toEqual({
      accepted: 1,
      duplicates: 1,
      rejected: [
        { eventId: 'e1', code: 'customer_unknown' },
        { eventId: 'e2', code: 'string_too_long' },
      ],
    });
    expect(sent()).toHaveLength(2);
  });

  it('send nothing when nothing is left', async () => {
    const { api, sent } = fakePolar({
      'POST /v1/events/ingest': invalid({ loc: ['body', 'events', 0, 'customer_id'], type: 'value_error' }),
    });
    const { rejected } = await createPolarUsage(api).ingest([event('e0'), event('e1', { quantity: 'many' })]);
    expect(rejected).toEqual([
      { eventId: 'e1', code: 'quantity_not_exact' },
      { eventId: 'e0', code: 'customer_unknown' },
    ]);
    expect(sent()).toHaveLength(1);
  });

  it('throw what concerns no event, and what is unclear', async () => {
    const refused = fakePolar({ 'POST /v1/events/ingest': invalid({ loc: ['body', 'events'], type: 'missing' }) });
    await expect(createPolarUsage(refused.api).ingest([event('e')])).rejects.toMatchObject({
      code: 'provider_rejected',
    });
    const lost = fakePolar({ 'POST /v1/events/ingest': { status: 'lost' } });
    await expect(createPolarUsage(lost.api).ingest([event('e')])).rejects.toMatchObject({ code: 'provider_timeout' });
  });

  it('go in batches that fit, in order, none lost', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 200 }), { maxLength: 60 }), (texts) => {
        const events = texts.map((note, index) => ({ eventId: String(index), body: { note } }));
        const batches = batchesOf(events, 500);
        expect(batches.flat()).toEqual(events);
        const sizes = batches
          .filter((batch) => batch.length > 1)
          .map((batch) => Buffer.byteLength(JSON.stringify(batch.map(({ body }) => body))));
        expect(Math.max(0, ...sizes)).toBeLessThanOrEqual(501);
      }),
    );
  });
});

describe('decimals for Polar', () => {
  it.each([
    ['1', 1],
    ['0.1', 0.1],
    ['001.50', 1.5],
    ['-3.25', -3.25],
    ['0.0000001', 1e-7],
    ['123456789012345678', null],
    ['0.1234567890123456789', null],
    ['1e3', null],
    ['', null],
    ['-0', 0],
  ])('reads %s', (text, value) => {
    const read = exactNumber(text);
    expect(read === null ? null : read + 0).toBe(value);
  });

  it('writes any number so that it reads the same, without an exponent', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const text = plainDecimal(value);
        expect(text).toMatch(/^-?\d+(\.\d+)?$/);
        expect(Number(text) + 0).toBe(value + 0);
      }),
    );
  });
});

describe('meters at Polar', () => {
  const meter = {
    idempotencyKey: 'k',
    meterId: 'mtr_1',
    name: 'AI',
    eventName: 'tokens',
    aggregation: 'sum',
    property: 'quantity',
  } as const;
  const made = {
    id: 'm1',
    name: 'Tokens',
    archived_at: null,
    filter: { conjunction: 'and', clauses: [{ property: 'name', operator: 'eq', value: 'tokens' }] },
    metadata: { meter_id: 'mtr_1' },
  };

  it('are made once, with a name long enough', async () => {
    let meters: readonly unknown[] = [];
    const { api, sent } = fakePolar({
      'GET /v1/meters/': () => page(...meters),
      'POST /v1/meters/': () => {
        meters = [made];
        return ok(made);
      },
    });
    const usage = createPolarUsage(api);
    const truth = { providerMeterId: 'm1', name: 'Tokens', eventName: 'tokens', isActive: true };
    await expect(usage.ensureMeter(meter)).resolves.toEqual(truth);
    await expect(usage.ensureMeter(meter)).resolves.toEqual(truth);
    expect(sent().map(({ body }) => body)).toEqual([
      {
        name: 'AI (meter)',
        filter: { conjunction: 'and', clauses: [{ property: 'name', operator: 'eq', value: 'tokens' }] },
        aggregation: { func: 'sum', property: 'quantity' },
        metadata: { meter_id: 'mtr_1' },
      },
    ]);
  });

  it('cannot count the last value', async () => {
    const { api, requests } = fakePolar({});
    await expect(createPolarUsage(api).ensureMeter({ ...meter, aggregation: 'last' })).rejects.toMatchObject({
      code: 'not_supported_by_provider',
    });
    expect(requests).toEqual([]);
  });

  it('tell what they counted as a decimal', async () => {
    const { api } = fakePolar({ 'GET /v1/meters/m1/quantities': ok({ quantities: [], total: 1e-7 }) });
    const query = { providerMeterId: 'm1', providerCustomerId: 'c1', from: '2026-10-01', to: '2026-10-31' };
    await expect(createPolarUsage(api).quantity(query)).resolves.toBe('0.0000001');
  });
});

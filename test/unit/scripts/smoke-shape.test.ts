import { describe, expect, it } from 'vitest';
import type { Exchange } from '../../../scripts/smoke/record-exchanges.ts';
import { differences, shapeOf } from '../../../scripts/smoke/shape.ts';
import { wireDifferences } from '../../../scripts/smoke/wire-shape.ts';

const told = { id: 'cus_1', state: 'open', amount: { amountMinor: 500, currency: 'MXN' }, lines: [{ name: 'A' }] };
const of = (theirs: unknown, ours: unknown) => differences(shapeOf(theirs), shapeOf(ours));

describe('two answers', () => {
  it('are of one shape whatever their ids and sums are', () => {
    const other = {
      ...told,
      id: 'cus_2',
      amount: { amountMinor: 900, currency: 'USD' },
      lines: [{ name: 'B' }, { name: 'C' }],
    };
    expect(of(other, told)).toEqual([]);
  });

  it.each([
    [{ ...told, amount: null }, ['amount: null there, object in ours']],
    [{ ...told, state: 'expired' }, ['state: “expired” there, “open” in ours']],
    [{ ...told, lines: [] }, ['lines: empty list there, list in ours']],
    [{ ...told, extra: { deep: 1 } }, ['extra: object there, absent in ours']],
    [{ ...told, id: 5 }, ['id: number there, text in ours']],
  ])('that differ are told by path: %j', (theirs, expected) => {
    expect(of(theirs, told)).toEqual(expect.arrayContaining(expected));
  });
});

describe('two exchanges', () => {
  const anExchange = (more: Partial<Exchange> = {}): Exchange => ({
    ...{ operation: 'customers.get', method: 'GET', url: 'https://a.example/v1/customers/cus_9h3kd82hd1', status: 200 },
    ...{ requestHeaders: {}, requestBody: null, responseHeaders: {}, responseBody: '{"id":"cus_9h3kd82hd1"}' },
    ...more,
  });
  const compare = (theirs: Partial<Exchange>, basePath = '') =>
    wireDifferences({ exchanges: [anExchange(theirs)], basePath }, { exchanges: [anExchange()], basePath: '' });

  it('are the same under another prefix and with other ids', () => {
    const url = 'http://b.example/ours/v1/customers/cus_0000aaaa1111';
    expect(compare({ url, responseBody: '{"id":"cus_0000aaaa1111"}' }, '/ours')).toEqual([]);
  });

  it('differ in status, in fields, and in being made at all', () => {
    expect(compare({ status: 404 })).toEqual(['GET /v1/customers/{}: 404 there, 200 in ours']);
    expect(compare({ responseBody: '{"id":"cus_9h3kd82hd1","tax":null}' })).toEqual([
      'GET /v1/customers/{} → [].tax: null there, absent in ours',
    ]);
    expect(compare({ method: 'DELETE' })).toEqual([
      'DELETE /v1/customers/{}: only there',
      'GET /v1/customers/{}: only in ours',
    ]);
  });
});

import { randomInt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { runChaos } from './chaos-run.ts';
import { compareBooks } from './verdict.ts';

const seed = Number(process.env['CHAOS_SEED'] ?? randomInt(1, 1_000_000));

describe('kill -9 during checkouts', () => {
  it(`leaves every checkout right and the books equal (CHAOS_SEED=${seed})`, { timeout: 240_000 }, async () => {
    const { faults, kills } = await runChaos({
      checkouts: 24,
      kills: 2,
      roundSeconds: 12,
      seed,
      print: () => undefined,
    });
    expect(faults).toEqual([]);
    expect(kills).toEqual({ api: 2, worker: 2, relay: 2, temporal: 2 });
  });
});

describe('compareBooks', () => {
  const buyer = { key: 'k', checkoutId: 'chk_1', provider: 'acme', isPaid: true, retries: 0 };
  const money = { provider: 'acme', amount_minor: 4900, currency: 'USD' };
  const charge = {
    ...money,
    kind: 'charge',
    id: 'ch_1',
    status: 'succeeded',
    metadata: { checkout_id: 'chk_1' },
  } as const;
  const payment = { ...money, checkout_id: 'chk_1', amount_minor: '4900' };

  it('finds nothing where both sides say the same', () => {
    expect(compareBooks({ buyers: [buyer], charges: [charge], payments: [payment] })).toEqual([]);
  });

  it('finds a buyer charged twice, even when both charges are recorded', () => {
    const twice = { buyers: [buyer], charges: [charge, { ...charge, id: 'ch_2' }], payments: [payment, payment] };
    expect(compareBooks(twice)).toEqual(['chk_1 was charged 2 times']);
  });

  it('finds an amount that differs by one minor unit', () => {
    const off = { buyers: [buyer], charges: [charge], payments: [{ ...payment, amount_minor: '4899' }] };
    expect(compareBooks(off)).toEqual(['chk_1: the provider took acme 4900 USD, we recorded acme 4899 USD']);
  });

  it('finds a charge of somebody who walked away', () => {
    const wrong = { buyers: [{ ...buyer, isPaid: false }], charges: [charge], payments: [payment] };
    expect(compareBooks(wrong)).toEqual(['chk_1 was charged although its buyer did not pay']);
  });

  it('finds a payment that nobody recorded', () => {
    const missing = { buyers: [buyer], charges: [charge], payments: [] };
    expect(compareBooks(missing)).toEqual(['chk_1: the provider took acme 4900 USD, we recorded nothing']);
  });
});

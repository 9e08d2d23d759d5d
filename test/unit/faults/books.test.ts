import { describe, expect, it } from 'vitest';
import type { LedgerEntry } from '../../../bench/clients/sandbox.ts';
import { compareBooks, type Books } from '../../faults/books.ts';
import type { Bought } from '../../faults/buyer.ts';
import { drawPlan } from '../../faults/plan.ts';

const [plan] = drawPlan({ seed: 1, checkouts: 1, ratePerSecond: 1 }).buyers;
if (plan === undefined) throw new Error('a plan of one has one buyer');

const money = { provider: 'acme', amount_minor: 4900, currency: 'USD' };
const entry = (kind: LedgerEntry['kind'], id: string, more: Partial<LedgerEntry> = {}): LedgerEntry => ({
  ...money,
  ...{ kind, id, status: 'succeeded', metadata: { checkout_id: 'chk_1' }, ...more },
});
const bought: Bought = {
  ...{ plan, checkoutId: 'chk_1', expected: 'paid', timesPaid: 1, isStrayPaid: false, fallback: null },
};
const payment = { ...money, checkout_id: 'chk_1', refunded_minor: 0 };
const refund = { ...money, checkout_id: 'chk_1' };
const paidOnce: Books = {
  bought: [bought],
  ledger: [entry('charge', 'ch_1')],
  checkouts: [{ id: 'chk_1', status: 'paid', fallback: null }],
  payments: [payment],
  refunds: [],
  fallbacks: [],
  reviewed: new Set(),
};
const fallback = { attempted_provider: 'acme', fallback_provider: 'other', reason: 'timeout' };
const other = { provider: 'other' } as const;
/** Both sessions were paid; the second went back, and a person was told. */
const paidTwice: Books = {
  bought: [{ ...bought, timesPaid: 2, isStrayPaid: true, fallback }],
  ledger: [entry('charge', 'ch_1', other), entry('charge', 'ch_2'), entry('refund', 're_1')],
  checkouts: [{ id: 'chk_1', status: 'paid', fallback }],
  payments: [
    { ...payment, ...other },
    { ...payment, refunded_minor: 4900 },
  ],
  refunds: [refund],
  fallbacks: [{ checkout_id: 'chk_1', ...fallback }],
  reviewed: new Set(['chk_1']),
};

describe('the books of a run', () => {
  it('agree where a buyer paid once', () => {
    expect(compareBooks(paidOnce)).toEqual([]);
  });

  it('agree where what was paid twice went back once and a person was told', () => {
    expect(compareBooks(paidTwice)).toEqual([]);
  });

  it('agree where nobody paid and nothing was taken', () => {
    const ended: Bought = { ...bought, expected: 'ended', timesPaid: 0 };
    const checkouts = [{ id: 'chk_1', status: 'canceled', fallback: null }];
    expect(compareBooks({ ...paidOnce, bought: [ended], ledger: [], payments: [], checkouts })).toEqual([]);
  });

  const planted: readonly (readonly [string, Books, string])[] = [
    [
      'a buyer charged twice and not paid back',
      {
        ...paidTwice,
        ledger: paidTwice.ledger.slice(0, 2),
        refunds: [],
        payments: [{ ...payment, ...other }, payment],
      },
      'chk_1 was charged 2 times, refunds taken off',
    ],
    [
      'money that was taken and given back, with nothing left of it',
      {
        ...paidOnce,
        ledger: [...paidOnce.ledger, entry('refund', 're_1')],
        payments: [{ ...payment, refunded_minor: 4900 }],
        refunds: [refund],
      },
      'chk_1 was paid by its buyer, and nothing was kept of it',
    ],
    [
      'a charge of somebody who did not pay',
      { ...paidOnce, bought: [{ ...bought, timesPaid: 0, expected: 'ended' }] },
      'chk_1 was paid 0 times on its pages, and charged 1 times',
    ],
    [
      'a paid checkout that does not say so',
      { ...paidOnce, checkouts: [{ id: 'chk_1', status: 'open', fallback: null }] },
      'chk_1 is open, with 1 charges',
    ],
    [
      'a checkout that says paid without a charge',
      { ...paidOnce, bought: [{ ...bought, timesPaid: 0 }], ledger: [], payments: [] },
      'chk_1 is paid, with 0 charges',
    ],
    [
      'a second charge that nobody was told of',
      { ...paidTwice, reviewed: new Set() },
      'chk_1 was charged twice, and nobody was told',
    ],
    [
      'a part of a charge given back',
      {
        ...paidTwice,
        ledger: [...paidTwice.ledger.slice(0, 2), entry('refund', 're_1', { amount_minor: 4899 })],
        refunds: [{ ...refund, amount_minor: 4899 }],
        payments: [
          { ...payment, ...other },
          { ...payment, refunded_minor: 4899 },
        ],
      },
      'chk_1 got back acme 4899 USD of acme 4900 USD + other 4900 USD',
    ],
    [
      'an amount that differs by one minor unit',
      { ...paidOnce, payments: [{ ...payment, amount_minor: 4899 }] },
      'charges acme USD: the provider has 4900, we have 4899',
    ],
    [
      'a payment that nobody recorded',
      { ...paidOnce, payments: [] },
      'chk_1: the providers have charge acme 4900 USD, we have nothing',
    ],
    ['a refund that nobody recorded', { ...paidTwice, refunds: [] }, 'payments say 4900 went back, refunds 0'],
    [
      'a checkout left open by a buyer who ended it',
      {
        ...paidOnce,
        ...{ bought: [{ ...bought, expected: 'ended', timesPaid: 0 }], ledger: [], payments: [] },
        checkouts: [{ id: 'chk_1', status: 'open', fallback: null }],
      },
      `chk_1 (${plan.behaviour}) is open, not ended`,
    ],
    [
      'a fallback that the table does not know',
      { ...paidTwice, fallbacks: [] },
      'chk_1 says it fell back from acme to other (timeout), the table nowhere (0 rows)',
    ],
    [
      'a fallback that the checkout does not know',
      { ...paidOnce, fallbacks: [{ checkout_id: 'chk_1', ...fallback }] },
      'chk_1 says it fell back nowhere, the table nowhere (1 rows)',
    ],
    [
      'a fallback that the caller was not told',
      { ...paidTwice, bought: [{ ...bought, timesPaid: 2, isStrayPaid: true, fallback: null }] },
      'the caller of chk_1 was told nowhere, it says from acme to other (timeout)',
    ],
    [
      'a second checkout for one key',
      { ...paidOnce, checkouts: [...paidOnce.checkouts, { id: 'chk_2', status: 'open', fallback: null }] },
      'chk_2 (open) belongs to no buyer',
    ],
    [
      'a charge for no checkout of ours',
      { ...paidOnce, ledger: [...paidOnce.ledger, entry('charge', 'ch_9', { metadata: {} })] },
      'the provider was paid for nobody, which is no checkout of ours',
    ],
  ];

  it.each(planted)('show %s', (_name, books, fault) => {
    expect(compareBooks(books)).toContain(fault);
  });
});

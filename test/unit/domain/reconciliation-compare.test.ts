import { describe, expect, it } from 'vitest';
import type { CheckoutTruth, InvoiceTruth, PaymentTruth } from '../../../src/domain/checkout/truth.ts';
import type { ChargeTruth, DisputeTruth, RefundTruth } from '../../../src/domain/payment/truth.ts';
import { compareCheckout, type OurCheckout } from '../../../src/domain/reconciliation/compare-checkout.ts';
import { compareMoney } from '../../../src/domain/reconciliation/compare-money.ts';
import { compareSubscription, type OurSubscription } from '../../../src/domain/reconciliation/compare-subscription.ts';
import type { Difference } from '../../../src/domain/reconciliation/difference.ts';
import { judgeCharge } from '../../../src/domain/reconciliation/judge-charge.ts';
import type {
  OurInvoice,
  OurMoney,
  OurPayment,
  OurRefund,
  Sale,
  TheirMoney,
} from '../../../src/domain/reconciliation/ledger.ts';
import type { SubscriptionTruth } from '../../../src/domain/subscription/truth.ts';

const checkoutSale: Sale = { kind: 'checkout', id: 'chk_1', organizationId: 'org_1', isPaidElsewhere: false };
const subscriptionSale: Sale = { ...checkoutSale, kind: 'subscription', id: 'sub_1' };
const usd = (amountMinor: number) => ({ amountMinor, currency: 'USD' });

const ourPayment = (changes: Partial<OurPayment> = {}): OurPayment => ({
  ...{ id: 'pay_1', organizationId: 'org_1', checkoutId: 'chk_1', subscriptionId: null, invoiceId: null },
  ...{ providerPaymentId: 'ch_1', status: 'succeeded', ...usd(4900), refundedMinor: 0, paidAt: null, ...changes },
});
const theirPayment = (changes: Partial<PaymentTruth> = {}): PaymentTruth => ({
  ...{ providerPaymentId: 'ch_1', status: 'succeeded', amount: usd(4900), taxMinor: null, refundedMinor: 0 },
  ...{ method: 'card', declineCode: null, paidAt: '2026-11-21T10:00:00.000Z', providerInvoiceId: null, ...changes },
});
const ourInvoice = (changes: Partial<OurInvoice> = {}): OurInvoice => ({
  ...{ id: 'inv_1', organizationId: 'org_1', providerInvoiceId: 'in_1', status: 'paid', totalMinor: 4900 },
  ...{ amountPaidMinor: 4900, amountRefundedMinor: 0, currency: 'USD', periodStart: null, periodEnd: null, ...changes },
});
const theirInvoice = (changes: Partial<InvoiceTruth> = {}): InvoiceTruth => ({
  ...{ providerInvoiceId: 'in_1', number: null, status: 'paid', total: usd(4900), amountPaidMinor: 4900 },
  ...{ amountRefundedMinor: 0, taxMinor: null, periodStart: null, periodEnd: null, issuedAt: null, paidAt: null },
  ...{ hostedUrl: null, pdfUrl: null, ...changes },
});
const ourRefund = (changes: Partial<OurRefund> = {}): OurRefund => ({
  ...{ id: 're_1', organizationId: 'org_1', paymentId: 'pay_1', providerRefundId: 'rf_1', status: 'succeeded' },
  ...{ ...usd(1000), ...changes },
});
const theirRefund = (changes: Partial<RefundTruth> = {}): RefundTruth => ({
  ...{ providerRefundId: 'rf_1', providerPaymentId: 'ch_1', refundId: null, status: 'succeeded', amount: usd(1000) },
  ...{ taxMinor: null, createdAt: null, ...changes },
});
const theirDispute: DisputeTruth = {
  ...{ providerDisputeId: 'dp_1', providerPaymentId: 'ch_1', providerInvoiceId: null, status: 'needs_response' },
  ...{ amount: usd(4900), reason: null, respondBy: null, createdAt: '2026-11-21T10:00:00.000Z' },
};

const ours = (changes: Partial<OurMoney> = {}): OurMoney => ({
  ...{ payments: [ourPayment()], invoices: [], refunds: [], disputes: [], ...changes },
});
const theirs = (changes: Partial<TheirMoney> = {}): TheirMoney => ({
  ...{ payments: [theirPayment()], invoices: [], refunds: new Map(), disputes: [], absent: new Set(), ...changes },
});
const told = (differences: readonly Difference[]) =>
  differences.map(({ kind, objectKind, objectId }) => `${kind} ${objectKind} ${objectId}`);
const money = (here: Partial<OurMoney>, there: Partial<TheirMoney>, sale = checkoutSale) =>
  told(compareMoney(sale, ours(here), theirs(there)));

describe('money of a sale, both sides', () => {
  it('agrees with itself', () => {
    expect(money({ invoices: [ourInvoice()] }, { invoices: [theirInvoice()] })).toEqual([]);
  });

  it('tells what one side lacks', () => {
    expect(money({ payments: [] }, {})).toEqual(['missing_here payment ch_1']);
    expect(money({}, { payments: [], absent: new Set(['ch_1']) })).toEqual(['missing_there payment ch_1']);
    expect(money({}, { invoices: [theirInvoice()] })).toEqual(['missing_here invoice in_1']);
    expect(money({}, { disputes: [theirDispute] })).toEqual(['missing_here dispute dp_1']);
  });

  it('is silent of what neither side was asked about', () => {
    expect(money({ invoices: [ourInvoice()] }, { payments: [] })).toEqual([]);
  });

  it('tells a sum that is off by one, of the payment or its invoice', () => {
    expect(money({ payments: [ourPayment({ amountMinor: 4901 })] }, {})).toEqual(['amount payment ch_1']);
    expect(money({ invoices: [ourInvoice({ totalMinor: 4899 })] }, { invoices: [theirInvoice()] })).toEqual([
      'amount invoice in_1',
    ]);
  });

  it('does not miss attempts that took nothing', () => {
    expect(money({ payments: [] }, { payments: [theirPayment({ status: 'declined' })] })).toEqual([]);
    expect(
      money({ payments: [ourPayment({ status: 'pending' })] }, { payments: [theirPayment({ status: 'declined' })] }),
    ).toEqual([]);
    expect(money({ payments: [ourPayment({ status: 'pending' })] }, {})).toEqual(['state payment ch_1']);
  });

  it('tells refunds by the provider’s id, by ours, or by the sum of one whose answer was lost', () => {
    const asked = (refunds: readonly OurRefund[], theirs: readonly RefundTruth[]) =>
      money(
        { refunds, payments: [ourPayment({ refundedMinor: 1000 })] },
        { payments: [theirPayment({ refundedMinor: 1000 })], refunds: new Map([['ch_1', theirs]]) },
      );
    expect(asked([ourRefund()], [theirRefund()])).toEqual([]);
    expect(asked([], [theirRefund()])).toEqual(['missing_here refund rf_1']);
    expect(asked([ourRefund({ providerRefundId: 'rf_2' })], [theirRefund()])).toEqual([
      'missing_here refund rf_1',
      'missing_there refund rf_2',
    ]);
    expect(asked([ourRefund({ status: 'failed' })], [theirRefund()])).toEqual([]); // what failed stays failed
    expect(asked([ourRefund()], [theirRefund({ status: 'failed' })])).toEqual(['state refund rf_1']);
    expect(asked([ourRefund({ providerRefundId: null, status: 'unknown' })], [theirRefund()])).toEqual([
      'state refund rf_1',
    ]);
    expect(asked([ourRefund({ providerRefundId: null, status: 'requested' })], [])).toEqual([]);
  });

  it('tells a refunded sum that no refund explains, but believes in no silence', () => {
    const off = { payments: [ourPayment({ refundedMinor: 500 })] };
    expect(money(off, {})).toEqual([]);
    expect(money(off, { refunds: new Map([['ch_1', []]]) })).toEqual(['amount payment ch_1']);
  });

  it('takes an invoice’s refunds from our rows where the provider does not tell them', () => {
    const here = ourInvoice({ status: 'refunded', amountRefundedMinor: 4900 });
    expect(money({ invoices: [here] }, { invoices: [theirInvoice()] })).toEqual([]);
    expect(money({ invoices: [ourInvoice({ status: 'open' })] }, { invoices: [theirInvoice()] })).toEqual([
      'state invoice in_1',
    ]);
  });
});

describe('charges for what was paid', () => {
  const second = theirPayment({ providerPaymentId: 'ch_2', paidAt: '2026-11-21T09:00:00.000Z' });

  it('are told once: what we know stays the one that paid, though it is the younger', () => {
    expect(money({}, { payments: [theirPayment(), second] })).toEqual(['duplicate_charge payment ch_2']);
  });

  it('are told of rows of ours too', () => {
    const rows = [ourPayment(), ourPayment({ id: 'pay_2', providerPaymentId: 'ch_2' })];
    expect(money({ payments: rows }, { payments: [theirPayment(), second] })).toEqual([
      'duplicate_charge payment ch_1',
    ]);
  });

  it('count no more once they went back in full', () => {
    const back = { ...second, refundedMinor: 4900 };
    expect(money({}, { payments: [theirPayment(), back] })).toEqual(['missing_here payment ch_2']);
  });

  it('are all too many where another provider was paid', () => {
    const sale = { ...checkoutSale, isPaidElsewhere: true };
    expect(money({ payments: [] }, {}, sale)).toEqual(['duplicate_charge payment ch_1']);
  });

  it('of a subscription are one a period: renewals and parts of one invoice are none', () => {
    const paid = (id: string, providerInvoiceId: string, amountMinor = 4900) =>
      theirPayment({ providerPaymentId: id, providerInvoiceId, amount: usd(amountMinor) });
    const period = (id: string, start: string, billingReason: InvoiceTruth['billingReason'] = 'subscription_cycle') =>
      theirInvoice({ providerInvoiceId: id, periodStart: start, periodEnd: null, billingReason });
    const duplicates = (payments: readonly PaymentTruth[], invoices: readonly InvoiceTruth[]) =>
      told(compareMoney(subscriptionSale, ours({ payments: [] }), theirs({ payments, invoices }))).filter((name) =>
        name.startsWith('duplicate'),
      );
    const january = period('in_1', '2026-01-01T00:00:00.000Z', 'subscription_start');
    const february = period('in_2', '2026-02-01T00:00:00.000Z');
    expect(duplicates([paid('ch_1', 'in_1'), paid('ch_2', 'in_2')], [january, february])).toEqual([]);
    expect(duplicates([paid('ch_1', 'in_1', 2900), paid('ch_2', 'in_1', 2000)], [january])).toEqual([]);
    expect(duplicates([paid('ch_1', 'in_1'), paid('ch_2', 'in_1')], [january])).toEqual([
      'duplicate_charge payment ch_2',
    ]);
    const again = period('in_3', '2026-01-01T00:00:00.000Z');
    expect(duplicates([paid('ch_1', 'in_1'), paid('ch_3', 'in_3')], [january, again])).toEqual([
      'duplicate_charge payment ch_3',
    ]);
    const change = period('in_4', '2026-01-01T00:00:00.000Z', 'subscription_update');
    expect(duplicates([paid('ch_1', 'in_1'), paid('ch_4', 'in_4')], [january, change])).toEqual([]);
  });
});

describe('a checkout and its session', () => {
  const row: OurCheckout = {
    ...{ id: 'chk_1', organizationId: 'org_1', status: 'open', amountMinor: 4900, subscriptionId: null },
    providerCheckoutId: 'cs_1',
  };
  const session = (changes: Partial<CheckoutTruth> = {}): CheckoutTruth => ({
    ...{ providerCheckoutId: 'cs_1', state: 'open', providerCustomerId: 'cus_1', payment: null, voucher: null },
    ...{ subscription: null, invoice: null, objects: [], ...changes },
  });
  const compare = (ours: Partial<OurCheckout>, theirs: CheckoutTruth | null, owners: readonly string[] = []) =>
    told(compareCheckout({ ...row, ...ours }, theirs, owners));

  it('tells what was paid there and not here, and the other way round', () => {
    expect(compare({}, session())).toEqual([]);
    expect(compare({}, session({ state: 'paid' }))).toEqual(['state checkout cs_1']);
    expect(compare({ status: 'expired' }, session({ state: 'paid' }))).toEqual(['state checkout cs_1']);
    expect(compare({ status: 'paid' }, session({ state: 'expired' }))).toEqual(['state checkout cs_1']);
    expect(compare({ status: 'paid', amountMinor: 0 }, session({ state: 'expired' }))).toEqual([]);
  });

  it('lets lapse what we ended, and says nothing of a status that it does not know', () => {
    expect(compare({ status: 'canceled' }, session())).toEqual([]);
    expect(compare({ status: 'paid' }, session({ state: 'unknown' }))).toEqual([]);
  });

  it('tells a session that is gone, unless it came to nothing', () => {
    expect(compare({ status: 'paid' }, null)).toEqual(['missing_there checkout cs_1']);
    expect(compare({ status: 'expired' }, null)).toEqual([]);
  });

  it('tells another organization’s customer; a guest is nobody’s', () => {
    expect(compare({}, session(), ['org_2'])).toEqual(['customer checkout cs_1']);
    expect(compare({}, session(), ['org_2', 'org_1'])).toEqual([]);
  });
});

describe('a subscription, both sides', () => {
  const row: OurSubscription = {
    ...{ id: 'sub_1', organizationId: 'org_1', status: 'active', priceId: 'price_1', quantity: 1, ...usd(2900) },
    ...{ providerSubscriptionId: 'ps_1', providerCustomerId: 'cus_1', cancelAtPeriodEnd: false },
    currentPeriodStart: new Date('2026-11-01T00:00:00.000Z'),
    currentPeriodEnd: new Date('2026-12-01T00:00:00.000Z'),
  };
  const truth: SubscriptionTruth = {
    ...{
      providerSubscriptionId: 'ps_1',
      providerCustomerId: 'cus_1',
      status: 'active',
      amount: usd(2900),
      price: null,
    },
    ...{ quantity: 1, currentPeriodStart: '2026-11-01T00:00:00.400Z', currentPeriodEnd: '2026-12-01T00:00:00.000Z' },
    ...{ trialStart: null, trialEnd: null, cancelAtPeriodEnd: false, cancelAt: null, canceledAt: null, endedAt: null },
    ...{ pausedAt: null, resumesAt: null, invoices: [], payments: [] },
  };
  const known = { isEndOurs: false, chargedPriceIds: [] as string[], owners: [] as string[] };
  const compare = (
    ours: Partial<OurSubscription>,
    theirs: Partial<SubscriptionTruth> | null,
    context: Partial<typeof known> = {},
  ) => told(compareSubscription({ ...row, ...ours }, theirs && { ...truth, ...theirs }, { ...known, ...context }));

  it.each([
    ['nothing, to the second', {}, {}, []],
    ['a state', { status: 'past_due' }, {}, ['state']],
    ['an end there that is none here', {}, { status: 'canceled' }, ['state']],
    ['an end here that is none there', { status: 'canceled' }, {}, ['state']],
    ['nothing of which end it was', { status: 'expired' }, { status: 'canceled', currentPeriodEnd: null }, []],
    ['a period', {}, { currentPeriodEnd: '2026-12-02T00:00:00.000Z' }, ['period']],
    ['nothing of a period untold', {}, { currentPeriodEnd: null }, []],
    ['a price', {}, { amount: usd(2901) }, ['amount']],
    ['a quantity', {}, { quantity: 2 }, ['amount']],
    ['a customer', {}, { providerCustomerId: 'cus_2' }, ['customer']],
    ['an end at the period’s end', {}, { cancelAtPeriodEnd: true }, ['state']],
  ] as const)('tells %s', (_what, ours, theirs, kinds) => {
    expect(compare(ours, theirs)).toEqual(kinds.map((kind) => `${kind} subscription ps_1`));
  });

  it('knows that an end may wait with us alone, and which price stands for ours', () => {
    expect(compare({ cancelAtPeriodEnd: true }, {}, { isEndOurs: true })).toEqual([]);
    expect(compare({}, {}, { chargedPriceIds: ['price_2'] })).toEqual(['amount subscription ps_1']);
    expect(compare({}, {}, { chargedPriceIds: ['price_1', 'price_2'] })).toEqual([]);
    expect(compare({}, {}, { owners: ['org_2'] })).toEqual(['customer subscription ps_1']);
  });

  it('is missed there while it lives here', () => {
    expect(compare({}, null)).toEqual(['missing_there subscription ps_1']);
    expect(compare({ status: 'canceled' }, null)).toEqual([]);
  });
});

describe('a charge behind which no sale of ours is known', () => {
  const charge: ChargeTruth = { payment: theirPayment(), providerCustomerId: 'cus_1', metadata: {}, objects: [] };
  const nobody = { projectId: 'p', organizationId: null, namesLostCheckout: false, isAnothers: false };

  it('is another system’s when it bears no sign of us, or another project’s sign', () => {
    expect(judgeCharge(charge, nobody).verdict).toBe('foreign');
    expect(judgeCharge(charge, { ...nobody, organizationId: 'org_1', isAnothers: true }).verdict).toBe('foreign');
    const others = { ...charge, metadata: { project_id: 'q' } };
    expect(judgeCharge(others, { ...nobody, organizationId: 'org_1' }).verdict).toBe('foreign');
  });

  it('is an orphan when it bears one', () => {
    const signs = [{ organizationId: 'org_1' }, { namesLostCheckout: true }];
    for (const sign of signs) expect(judgeCharge(charge, { ...nobody, ...sign }).verdict).toBe('orphan');
    expect(judgeCharge({ ...charge, metadata: { project_id: 'p' } }, nobody).verdict).toBe('orphan');
  });

  it('is nothing when it took nothing, or gave it back', () => {
    const signs = { ...nobody, organizationId: 'org_1' };
    for (const payment of [theirPayment({ status: 'declined' }), theirPayment({ refundedMinor: 4900 })])
      expect(judgeCharge({ ...charge, payment }, signs).verdict).toBe('nothing');
  });
});

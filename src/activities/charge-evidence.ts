import type { BillingReason, PaymentTruth } from '../domain/checkout/truth.ts';
import type { ChargeEvidence, ChargeReason } from '../domain/migration/evidence.ts';
import type { ProviderInvoice } from '../providers/port-money.ts';

const reasons: Readonly<Record<BillingReason, ChargeReason>> = {
  subscription_start: 'start',
  subscription_cycle: 'cycle',
  subscription_update: 'update',
  usage: 'usage',
};

interface Owner {
  readonly provider: string;
  readonly providerSubscriptionId: string;
}

/**
 * What a provider's invoices and payments of one subscription say of its charges. An invoice is one charge, however many
 * attempts it took; what was taken for it beyond its total is another.
 *
 * @param payments The newest few, which may tell refunds that the list of invoices does not.
 */
export function chargesOf(
  owner: Owner,
  invoices: readonly ProviderInvoice[],
  payments: readonly PaymentTruth[],
): readonly ChargeEvidence[] {
  const known = new Set(invoices.map(({ providerInvoiceId }) => providerInvoiceId));
  const stray = payments.filter(({ providerInvoiceId }) => providerInvoiceId === null || !known.has(providerInvoiceId));
  return [
    ...invoices.flatMap((invoice) => {
      const own = payments.filter(({ providerInvoiceId }) => providerInvoiceId === invoice.providerInvoiceId);
      return [...chargeOfInvoice(owner, invoice, own), ...beyondTotal(owner, invoice, own)];
    }),
    ...stray.flatMap((payment) => chargeOfPayment(owner, payment)),
  ];
}

function chargeOfInvoice(
  owner: Owner,
  invoice: ProviderInvoice,
  payments: readonly PaymentTruth[],
): readonly ChargeEvidence[] {
  const { status, periodStart, periodEnd, total, amountPaidMinor } = invoice;
  const at = invoice.paidAt ?? invoice.issuedAt ?? periodStart;
  // Nobody was asked for money by these.
  if (status === 'draft' || status === 'void' || at === null) return [];
  const isPaid = status === 'paid' || status === 'refunded' || status === 'partially_refunded';
  return [
    {
      ...{ ...owner, chargeId: invoice.providerInvoiceId, at },
      status: isPaid ? 'paid' : status === 'open' ? 'pending' : 'failed',
      amount: isPaid ? { ...total, amountMinor: amountPaidMinor } : total,
      refundedMinor: refundedOf(invoice, payments),
      reason: invoice.billingReason === null ? 'other' : reasons[invoice.billingReason],
      period: periodStart === null || periodEnd === null ? null : { start: periodStart, end: periodEnd },
    },
  ];
}

function refundedOf(invoice: ProviderInvoice, payments: readonly PaymentTruth[]): number | null {
  const { status, amountPaidMinor, amountRefundedMinor } = invoice;
  if (status === 'refunded') return amountPaidMinor;
  const told = Math.max(amountRefundedMinor, ...payments.map(({ refundedMinor }) => refundedMinor), 0);
  return status === 'partially_refunded' && told === 0 ? null : told;
}

/** Two payments that each settle a whole invoice are two charges. */
function beyondTotal(
  owner: Owner,
  { total }: ProviderInvoice,
  payments: readonly PaymentTruth[],
): readonly ChargeEvidence[] {
  const whole = payments.filter(
    ({ status, amount }) => status === 'succeeded' && amount.amountMinor > 0 && amount.amountMinor >= total.amountMinor,
  );
  return whole.slice(1).flatMap((payment) => chargeOfPayment(owner, payment));
}

function chargeOfPayment(owner: Owner, payment: PaymentTruth): readonly ChargeEvidence[] {
  const { providerPaymentId: chargeId, status, amount, refundedMinor, paidAt } = payment;
  if (status !== 'succeeded' || paidAt === null) return [];
  return [{ ...owner, chargeId, status: 'paid', amount, refundedMinor, reason: 'other', at: paidAt, period: null }];
}

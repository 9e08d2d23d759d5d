import type { InvoiceTruth, PaymentTruth } from '../checkout/truth.ts';
import type { OurInvoice, OurMoney, OurPayment, Sale, TheirMoney } from './ledger.ts';

/**
 * Charges that pay what another charge has paid: a checkout is paid once, an invoice up to its total, and a period of a
 * subscription by one invoice. What went back in full counts no more. Of several the first stays the one that paid:
 * the one that our rows know, else the oldest.
 */
export function findDuplicates(sale: Sale, ours: OurMoney, theirs: TheirMoney): readonly PaymentTruth[] {
  const charges = theirs.payments.filter(isKept).toSorted(byRight(ours.payments));
  if (sale.kind === 'checkout') return sale.isPaidElsewhere ? charges : charges.slice(1);
  const papers = papersOf(ours, theirs);
  const seen = new Map<string, { paidMinor: number; of: string }>();
  return charges.filter((charge) => {
    const paper = papers.of(charge);
    if (paper === null) return false;
    const paid = seen.get(paper.period) ?? { paidMinor: 0, of: paper.id };
    const isOver = paid.of !== paper.id || paid.paidMinor + charge.amount.amountMinor > paper.totalMinor;
    const isDuplicate = paid.paidMinor > 0 && isOver;
    if (!isDuplicate) seen.set(paper.period, { ...paid, paidMinor: paid.paidMinor + charge.amount.amountMinor });
    return isDuplicate;
  });
}

function isKept({ status, refundedMinor, amount }: PaymentTruth): boolean {
  return status === 'succeeded' && amount.amountMinor > 0 && refundedMinor < amount.amountMinor;
}

function byRight(known: readonly OurPayment[]) {
  const isKnown = (charge: PaymentTruth) =>
    known.some((row) => row.providerPaymentId === charge.providerPaymentId && row.status === 'succeeded');
  const timeOf = (charge: PaymentTruth) => (charge.paidAt === null ? Infinity : Date.parse(charge.paidAt));
  return (a: PaymentTruth, b: PaymentTruth) =>
    Number(isKnown(b)) - Number(isKnown(a)) ||
    timeOf(a) - timeOf(b) ||
    (a.providerPaymentId < b.providerPaymentId ? -1 : 1);
}

interface Paper {
  readonly id: string;
  readonly totalMinor: number;
  /** What is paid for once: the period of a renewal, else the invoice itself. */
  readonly period: string;
}

function papersOf(ours: OurMoney, theirs: TheirMoney): { of(charge: PaymentTruth): Paper | null } {
  const told = new Map(theirs.invoices.map((invoice) => [invoice.providerInvoiceId, invoice]));
  const rows = new Map(ours.invoices.map((row) => [row.providerInvoiceId ?? row.id, row]));
  return {
    of({ providerInvoiceId }) {
      if (providerInvoiceId === null) return null;
      const invoice = told.get(providerInvoiceId);
      if (invoice) return theirPaper(invoice);
      const row = rows.get(providerInvoiceId);
      return row ? ourPaper(row, providerInvoiceId) : null;
    },
  };
}

function theirPaper(invoice: InvoiceTruth): Paper {
  const { providerInvoiceId: id, total, periodStart, periodEnd, billingReason } = invoice;
  // A change in the middle of a period is paid beside the period itself.
  const isPeriod = billingReason === 'subscription_start' || billingReason === 'subscription_cycle';
  const period = isPeriod && periodStart !== null ? `${periodStart}/${periodEnd ?? ''}` : id;
  return { id, totalMinor: total.amountMinor, period };
}

function ourPaper(row: OurInvoice, id: string): Paper {
  return { id, totalMinor: row.totalMinor, period: id };
}

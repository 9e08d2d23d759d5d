import type { InvoiceTruth } from '../checkout/truth.ts';
import { invoiceStatusWith } from '../payment/refund.ts';
import { entityOf } from './compare-payment.ts';
import type { Difference, Side } from './difference.ts';
import type { OurInvoice, Sale } from './ledger.ts';
import { isSameTime, timeOf } from './same-time.ts';

/**
 * An invoice of ours and the provider's word on it: what it sums to, what became of it, what it pays for. Where a
 * provider does not say that money of an invoice went back, our refunds do. A period that one side does not tell is no
 * difference: some providers tell it only with the subscription.
 */
export function compareInvoice(ours: OurInvoice, theirs: InvoiceTruth): readonly Difference[] {
  const isSameSum =
    ours.totalMinor === theirs.total.amountMinor &&
    ours.amountPaidMinor === theirs.amountPaidMinor &&
    ours.currency === theirs.total.currency;
  const refundedMinor = Math.max(ours.amountRefundedMinor, theirs.amountRefundedMinor);
  const status = invoiceStatusWith(theirs.status, theirs.amountPaidMinor, refundedMinor);
  const isSamePeriod = isSameTime(ours.periodStart, theirs.periodStart) && isSameTime(ours.periodEnd, theirs.periodEnd);
  return [
    ...(isSameSum ? [] : [differing('amount', ours, theirs)]),
    ...(ours.status === status ? [] : [differing('state', ours, theirs)]),
    ...(isSamePeriod ? [] : [differing('period', ours, theirs)]),
  ];
}

/** A draft is not one yet, and one that nothing was due on may have left no trace. */
export function missingInvoice(sale: Sale, theirs: InvoiceTruth): readonly Difference[] {
  if (theirs.status === 'draft' || theirs.total.amountMinor === 0) return [];
  return [
    {
      kind: 'missing_here',
      ...{ objectKind: 'invoice', objectId: theirs.providerInvoiceId },
      ...entityOf(sale),
      ours: null,
      theirs: theirSide(theirs),
    },
  ];
}

export function absentInvoice(ours: OurInvoice): Difference {
  return differing('missing_there', ours, null);
}

function differing(kind: Difference['kind'], ours: OurInvoice, theirs: InvoiceTruth | null): Difference {
  return {
    kind,
    ...{ objectKind: 'invoice', objectId: ours.providerInvoiceId ?? ours.id },
    ...{ entityKind: 'invoice', entityId: ours.id, organizationId: ours.organizationId },
    ours: {
      ...{ status: ours.status, total_minor: ours.totalMinor, paid_minor: ours.amountPaidMinor },
      ...{ refunded_minor: ours.amountRefundedMinor, currency: ours.currency },
      ...{ period_start: timeOf(ours.periodStart), period_end: timeOf(ours.periodEnd) },
    },
    theirs: theirs && theirSide(theirs),
  };
}

function theirSide(theirs: InvoiceTruth): Side {
  return {
    ...{ status: theirs.status, total_minor: theirs.total.amountMinor, paid_minor: theirs.amountPaidMinor },
    ...{ refunded_minor: theirs.amountRefundedMinor, currency: theirs.total.currency },
    ...{ period_start: theirs.periodStart, period_end: theirs.periodEnd },
  };
}

import { absentDispute, compareDispute, missingDispute } from './compare-dispute.ts';
import { absentInvoice, compareInvoice, missingInvoice } from './compare-invoice.ts';
import {
  absentPayment,
  comparePayment,
  compareRefunded,
  entityOf,
  missingPayment,
  ofCharge,
  ourPayment,
  theirPayment,
} from './compare-payment.ts';
import { compareRefunds } from './compare-refund.ts';
import type { Difference } from './difference.ts';
import { findDuplicates } from './find-duplicates.ts';
import type { OurMoney, OurPayment, Sale, TheirMoney } from './ledger.ts';

/** All money of one sale, both sides: payments with what went back, invoices, disputes, and what was charged twice. */
export function compareMoney(sale: Sale, ours: OurMoney, theirs: TheirMoney): readonly Difference[] {
  const duplicates = new Set(findDuplicates(sale, ours, theirs));
  return [
    ...theirs.payments.flatMap((truth): readonly Difference[] => {
      const row = ours.payments.find(({ providerPaymentId }) => providerPaymentId === truth.providerPaymentId);
      const isDuplicate = duplicates.has(truth);
      const twice: readonly Difference[] = isDuplicate
        ? [
            {
              ...{ kind: 'duplicate_charge', ...ofCharge(truth), ...entityOf(sale) },
              ...{ ours: row ? ourPayment(row) : null, theirs: theirPayment(truth) },
            },
          ]
        : [];
      if (!row) return isDuplicate ? twice : missingPayment(sale, truth);
      const unlike = comparePayment(row, truth);
      return [...twice, ...unlike, ...(unlike.length > 0 ? [] : compareBack(row, ours, theirs))];
    }),
    ...ours.payments.flatMap((row) => (isAbsent(theirs, row.providerPaymentId) ? [absentPayment(row)] : [])),
    ...compareInvoices(sale, ours, theirs),
    ...compareDisputes(ours, theirs),
  ];
}

/** Refunds of a payment that both sides have; their sum is compared only where each of them agrees. */
function compareBack(payment: OurPayment, ours: OurMoney, theirs: TheirMoney): readonly Difference[] {
  const told = theirs.refunds.get(payment.providerPaymentId) ?? null;
  const rows = ours.refunds.filter(({ paymentId }) => paymentId === payment.id);
  const unlike = told === null ? [] : compareRefunds(payment, rows, told);
  const truth = theirs.payments.find(({ providerPaymentId }) => providerPaymentId === payment.providerPaymentId);
  if (unlike.length > 0 || !truth || payment.status !== 'succeeded') return unlike;
  const listedMinor = (told ?? [])
    .filter(({ status }) => status === 'succeeded')
    .reduce((sum, { amount }) => sum + amount.amountMinor, 0);
  const refundedMinor = Math.max(truth.refundedMinor, listedMinor);
  return compareRefunded(payment, { ...truth, refundedMinor }, told !== null);
}

function compareInvoices(sale: Sale, ours: OurMoney, theirs: TheirMoney): readonly Difference[] {
  return [
    ...theirs.invoices.flatMap((truth) => {
      const row = ours.invoices.find(({ providerInvoiceId }) => providerInvoiceId === truth.providerInvoiceId);
      return row ? compareInvoice(row, truth) : missingInvoice(sale, truth);
    }),
    ...ours.invoices.flatMap((row) => (isAbsent(theirs, row.providerInvoiceId) ? [absentInvoice(row)] : [])),
  ];
}

function compareDisputes(ours: OurMoney, theirs: TheirMoney): readonly Difference[] {
  return [
    ...theirs.disputes.flatMap((truth) => {
      const row = ours.disputes.find(({ providerDisputeId }) => providerDisputeId === truth.providerDisputeId);
      if (row) return compareDispute(row, truth);
      const payment = ours.payments.find(({ providerPaymentId }) => providerPaymentId === truth.providerPaymentId);
      return payment ? [missingDispute(payment, truth)] : [];
    }),
    ...ours.disputes.flatMap((row) => (isAbsent(theirs, row.providerDisputeId) ? [absentDispute(row)] : [])),
  ];
}

function isAbsent({ absent }: TheirMoney, id: string | null): boolean {
  return id !== null && absent.has(id);
}

import type { Invoice } from '../db/entities/payment.ts';
import { vouchersToTakeBack, enterSeen, type VoucherSeen } from '../domain/subscription/voucher-book.ts';
import type { LifecyclePolicy } from '../domain/subscription/lifecycle-policy.ts';
import type { DirectPaymentTruth, PaymentOperations } from '../providers/port-money.ts';
import { callKey } from './call-key.ts';
import { bookOf, ownerOf, type VoucherSubscription } from './voucher-invoices.ts';

/** A voucher's invoice, and what the provider says of it; null: it knows it no more. */
export interface ReadVoucher {
  readonly invoice: Invoice;
  readonly truth: DirectPaymentTruth | null;
}

const dayMs = 86_400_000;
/** Shops and banks may tell of money this long after a voucher lapsed. */
const lateMoneyMs = 45 * dayMs;

/** Asks for every voucher that money may still come for, and takes back those that nobody should pay any more. */
export async function readVouchers(
  payments: PaymentOperations,
  row: VoucherSubscription,
  invoices: readonly Invoice[],
  policy: LifecyclePolicy,
): Promise<readonly ReadVoucher[]> {
  const read = await Promise.all(invoices.filter(mayBePaid).map((invoice) => readVoucher(payments, invoice)));
  const now = new Date().toISOString();
  const owner = ownerOf(row, policy);
  const book = enterSeen(bookOf(row, invoices), read.map(seenOf), owner, now);
  const unwanted = new Set(vouchersToTakeBack(book, owner, now).map(({ id }) => id));
  return Promise.all(
    read.map(async (each) => {
      if (!unwanted.has(each.invoice.id) || each.truth === null) return each;
      const { projectId, provider } = row;
      const call = { projectId, operation: 'payments.cancel', businessId: each.invoice.id, provider };
      await payments.cancel({ providerObjectId: each.truth.providerObjectId, idempotencyKey: callKey(call) });
      return readVoucher(payments, each.invoice); // it may have been paid at the last moment
    }),
  );
}

export function seenOf({ invoice, truth }: ReadVoucher): VoucherSeen {
  const paidAt = truth?.payment?.paidAt ?? null;
  switch (truth?.state) {
    case 'succeeded':
      return { id: invoice.id, state: 'paid', paidAt };
    case undefined: // a provider may show late what it has just made
      return { id: invoice.id, state: hasLapsed(invoice) ? 'gone' : 'waiting', paidAt: null };
    case 'canceled':
    case 'declined':
      return { id: invoice.id, state: 'gone', paidAt: null };
    case 'pending':
    case 'requires_action':
    case 'authorized':
    case 'unknown':
      return { id: invoice.id, state: 'waiting', paidAt: null };
  }
}

function mayBePaid({ status, providerObjectId, dueAt }: Invoice): boolean {
  if (providerObjectId === null) return false;
  if (status === 'void') return dueAt !== null && dueAt.getTime() + lateMoneyMs > Date.now();
  return status === 'open';
}

function hasLapsed({ dueAt }: Invoice): boolean {
  return dueAt !== null && dueAt.getTime() < Date.now();
}

async function readVoucher(payments: PaymentOperations, invoice: Invoice): Promise<ReadVoucher> {
  const truth = invoice.providerObjectId === null ? null : await payments.get(invoice.providerObjectId);
  return { invoice, truth };
}

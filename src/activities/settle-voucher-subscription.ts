import type { Subscription } from '../db/entities/subscription.ts';
import type { Invoice } from '../db/entities/payment.ts';
import type { Db } from '../db/orm.ts';
import type { PaymentTruth } from '../domain/checkout/truth.ts';
import { enterSeen, lifeByBook, wasPaid, type VoucherBook } from '../domain/subscription/voucher-book.ts';
import type { ProviderClient } from '../providers/port.ts';
import { changeSubscription } from './change-subscription.ts';
import type { ActivityDeps } from './deps.ts';
import { RowMoved } from './keep-in-step.ts';
import { keepVoucher } from './keep-voucher.ts';
import { invoiceState, noteInvoice } from './note-invoice.ts';
import { lifecyclePolicyOf } from './note-subscription.ts';
import { findVoucher } from './order-voucher.ts';
import { accountOf } from './provider-account.ts';
import { readVouchers, seenOf, type ReadVoucher } from './read-vouchers.ts';
import { findKnownMoney, dateOf, recordPayment } from './record-money.ts';
import {
  asVoucherSubscription,
  bookOf,
  findVoucherInvoices,
  ownerOf,
  type VoucherSubscription,
} from './voucher-invoices.ts';
import { writeVoucherLife } from './write-voucher-life.ts';

/** A reservation this old belongs to nobody who still works at it. */
const abandonedAfterMs = 60_000;

/**
 * Reads what became of a subscription's vouchers and brings row, invoices and payments in step, in one transaction. Money
 * is taken for vouchers that have lapsed too. The same truth again changes nothing. Call it inside `keepInStep`.
 *
 * @throws {RowMoved} read again, ask again
 */
export async function settleVoucherSubscription(deps: ActivityDeps, read: Subscription): Promise<Subscription> {
  const row = asVoucherSubscription(read);
  const em = deps.orm.em.fork();
  const { client } = await accountOf(deps, row.projectId, row.live, row.provider);
  const { payments } = client;
  if (!payments) return row;
  const current = await resolveDraft(em, client, row);
  const policy = await lifecyclePolicyOf(em, row.projectId);
  const vouchers = await readVouchers(payments, current, await findVoucherInvoices(em.fork(), row), policy);
  return applyVouchers(em.fork(), current, vouchers);
}

/** A reservation whose asking broke off, and which may not be wanted any more: what the provider made of it is taken over. */
async function resolveDraft(em: Db, client: ProviderClient, row: VoucherSubscription): Promise<VoucherSubscription> {
  const draft = (await findVoucherInvoices(em.fork(), row)).find(({ status }) => status === 'draft');
  if (!draft || Date.now() - draft.createdAt.getTime() < abandonedAfterMs) return row;
  const made = await findVoucher(em, client, { row, invoice: draft });
  return made === null ? row : keepVoucher(em, { row, invoice: draft }, made);
}

function applyVouchers(em: Db, read: VoucherSubscription, vouchers: readonly ReadVoucher[]): Promise<Subscription> {
  return changeSubscription(em, read, async (tx, row, policy) => {
    const now = new Date().toISOString();
    const owner = ownerOf(row, policy);
    const invoices = await findVoucherInvoices(tx, row);
    const before = new Map(invoices.map((invoice) => [invoice.id, invoiceState(invoice)]));
    const book = enterSeen(bookOf(row, invoices), vouchers.map(seenOf), owner, now);
    const hasMoved = writeBook(row, invoices, book);
    for (const { invoice, truth } of vouchers)
      if (truth?.payment) await takePayment(tx, read, truth.payment, invoiceOf(invoices, invoice.id));
    for (const invoice of invoices)
      if (invoice.status !== 'draft') await noteInvoice(tx, invoice, before.get(invoice.id) ?? null);
    row.voucher = voucherOut(invoices, vouchers);
    const deed = writeVoucherLife(row, lifeByBook(book, owner, now), policy);
    if (hasMoved) row.updatedAt = new Date(); // the version moves with what hangs on it
    return deed;
  });
}

/** @returns whether an invoice has changed. */
function writeBook(row: Subscription, invoices: readonly Invoice[], book: VoucherBook): boolean {
  let hasMoved = false;
  for (const entry of book.entries) {
    const invoice = invoiceOf(invoices, entry.id);
    if (invoice.status === entry.status) continue;
    hasMoved = true;
    invoice.status = entry.status;
    if (!wasPaid(entry)) continue;
    const { start, end } = entry.period;
    invoice.paidAt = dateOf(entry.paidAt);
    invoice.periodStart = new Date(start);
    invoice.periodEnd = new Date(end);
    invoice.lineItems = invoice.lineItems.map((line) => ({ ...line, periodStart: start, periodEnd: end }));
    row.anchorAt = dateOf(book.anchorAt);
  }
  return hasMoved;
}

async function takePayment(tx: Db, row: VoucherSubscription, payment: PaymentTruth, invoice: Invoice): Promise<void> {
  if (payment.status === 'succeeded') {
    const { amount, taxMinor, providerPaymentId } = payment;
    tx.assign(invoice, { amountPaidMinor: amount.amountMinor, taxMinor, providerPaymentId });
  }
  const owner = moneyOwner(row);
  const known = await findKnownMoney(tx, owner, { invoices: [], payments: [payment] });
  await recordPayment(tx, owner, payment, invoice, known.payments.get(payment.providerPaymentId) ?? null);
}

/** What the customer can pay now. */
function voucherOut(invoices: readonly Invoice[], vouchers: readonly ReadVoucher[]): Subscription['voucher'] {
  const open = vouchers.findLast(({ invoice }) => invoiceOf(invoices, invoice.id).status === 'open');
  return open?.truth?.voucher ?? null;
}

function invoiceOf(invoices: readonly Invoice[], id: string): Invoice {
  const found = invoices.find((invoice) => invoice.id === id);
  if (!found) throw new RowMoved();
  return found;
}

function moneyOwner({ projectId, live, organizationId, provider, id }: VoucherSubscription) {
  return { projectId, live, organizationId, provider, checkoutId: null, subscriptionId: id };
}

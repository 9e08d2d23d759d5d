import type { Answer } from '../http/answer.ts';
import { judgeCard } from '../core/cards.ts';
import type { InvoiceDesk, InvoiceView } from '../portal.ts';
import type { PolarContext } from './context.ts';
import { failed, notFound } from './errors.ts';
import type { Order } from './objects.ts';
import { touchOrder } from './order-object.ts';
import { settingsOf } from './organization.ts';
import { saveCard } from './payment-methods.ts';
import { settleOrder } from './payments.ts';
import { recover } from './subscription-cycle.ts';

export const INVOICE_PATH = '/polar/invoices';

const INVOICE_READY = 'polar.order.invoice';
const GENERATION_MS = 1000;

/** A PDF, as the real one's link. */
const documentUrl = (polar: PolarContext, order: Order): string =>
  `${polar.sandbox.publicUrl()}${INVOICE_PATH}/${order.internal.secret}/pdf`;

/** `POST …/invoice`: made in the background, about a second later on the sandbox's clock; `order.updated` tells. */
export function generateInvoice(polar: PolarContext, order: Order): Answer {
  if (order.status === 'draft' || order.status === 'void')
    throw failed(409, 'OrderNotEligibleForInvoice', 'This order is not eligible for an invoice.');
  if (order.billing_name === null || order.billing_address === null)
    throw failed(
      422,
      'MissingInvoiceBillingDetails',
      'Billing name and address are required to generate an invoice for this order.',
    );
  // Asking again does not start again: the first to finish counts.
  if (order.internal.isInvoiceAsked) return { status: 202, body: {} };
  order.internal.isInvoiceAsked = true;
  polar.orders.put(order);
  polar.sandbox.agenda.plan(INVOICE_READY, order.id, polar.sandbox.clock.nowMs() + GENERATION_MS);
  return { status: 202, body: {} };
}

export function getInvoice(polar: PolarContext, order: Order): Answer {
  if (!order.is_invoice_generated) throw notFound();
  return { status: 200, body: { url: documentUrl(polar, order) } };
}

/** Receipts exist once an order is paid; the first request makes it. */
export function getReceipt(polar: PolarContext, order: Order): Answer {
  if (!order.paid) throw notFound();
  if (order['receipt_number'] === null) {
    order['receipt_number'] = `RCT-${(order.invoice_number ?? order.id).replace('SBX-', '')}`;
    polar.orders.put(order);
    return { status: 202 };
  }
  return { status: 200, body: { url: `${documentUrl(polar, order)}?receipt=1` } };
}

export function scheduleInvoices(polar: PolarContext): void {
  polar.sandbox.agenda.handle(INVOICE_READY, (id) => {
    const order = polar.orders.get(id);
    if (!order) return;
    order.is_invoice_generated = true;
    touchOrder(polar, order, 'updated');
  });
}

function viewOf(polar: PolarContext, order: Order): InvoiceView {
  const customer = polar.customers.get(order.customer_id);
  return {
    provider: 'polar',
    merchant: settingsOf(polar).name,
    number: order.invoice_number,
    status: order.status,
    customer: { name: order.billing_name ?? customer?.name ?? null, email: customer?.email ?? null },
    lines: order.items.map(({ label, amount }) => ({ description: label, quantity: 1, amountMinor: amount })),
    taxMinor: order.tax_amount,
    totalMinor: order.total_amount,
    paidMinor: order.paid ? order.total_amount + order.applied_balance_amount : 0,
    refundedMinor: order.refunded_amount + order.refunded_tax_amount,
    currency: order.currency.toUpperCase(),
    issuedAtMs: Date.parse(order.created_at),
    locale: typeof customer?.['locale'] === 'string' ? customer['locale'] : 'en',
    isPayable: order.status === 'pending' && order.due_amount > 0,
  };
}

/** Invoices by the secret in their link; an open one of a past-due subscription can be paid there. */
export function createPolarInvoices(polar: PolarContext): InvoiceDesk {
  const find = (token: string): Order | undefined => polar.orders.findBy('secret', token)[0];
  return {
    provider: 'polar',
    find(token) {
      const order = find(token);
      return order ? viewOf(polar, order) : null;
    },
    pay(token, input) {
      const order = find(token);
      const customer = order && polar.customers.get(order.customer_id);
      if (!order || !customer || order.status !== 'pending')
        return { kind: 'refused', message: 'This invoice is not open.' };
      const verdict = judgeCard('polar', input);
      if (verdict.decline) return { kind: 'declined', decline: verdict.decline };
      const method = saveCard(polar, customer, verdict.card, true);
      settleOrder(polar, order, verdict.card, 'retry_customer');
      const subscription = order.subscription_id === null ? undefined : polar.subscriptions.get(order.subscription_id);
      if (subscription) subscription.internal.paymentMethodId = method.id;
      if (subscription?.status === 'past_due') recover(polar, subscription);
      return { kind: 'done' };
    },
  };
}

import type { InvoiceDesk, InvoiceView } from '../portal.ts';
import type { FungiesContext } from './context.ts';
import type { Payment } from './objects.ts';

function viewOf(fungies: FungiesContext, payment: Payment): InvoiceView {
  const user = fungies.users.get(payment.userId);
  const { firstName, lastName } = user?.details ?? {};
  const name = [firstName, lastName].filter((part) => typeof part === 'string').join(' ');
  const isCollected = ['PAID', 'REFUNDED', 'PARTIALLY_REFUNDED'].includes(payment.status);
  const discount = { description: 'Discount', quantity: 1, amountMinor: -payment.discountValue };
  const lines = payment.items.map((item) => ({
    description: item.name,
    quantity: item.quantity,
    amountMinor: item.value,
  }));
  return {
    provider: 'fungies',
    merchant: 'Sandbox Store',
    number: payment.invoiceNumber,
    status: payment.status,
    customer: { name: name === '' ? null : name, email: user?.email ?? null },
    lines: payment.discountValue > 0 ? [...lines, discount] : lines,
    taxMinor: payment.tax,
    totalMinor: payment.value,
    paidMinor: isCollected ? payment.value : 0,
    refundedMinor: payment.refunds.reduce((sum, { amount }) => sum + amount, 0),
    currency: payment.currency,
    issuedAtMs: payment.createdAt,
    locale: 'en-US',
    isPayable: false,
  };
}

/** What `invoiceUrl` of a payment leads to: a receipt, never payable. */
export function createFungiesInvoices(fungies: FungiesContext): InvoiceDesk {
  return {
    provider: 'fungies',
    find(token) {
      const payment = fungies.payments.findBy('invoice', token)[0];
      return payment?.invoiceNumber == null ? null : viewOf(fungies, payment);
    },
    pay: () => ({ kind: 'refused', message: 'This invoice is already settled.' }),
  };
}

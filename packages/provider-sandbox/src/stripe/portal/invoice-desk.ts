import { judgeCard } from '../../core/cards.ts';
import type { InvoiceDesk } from '../../portal.ts';
import { payInvoice } from '../billing/invoices.ts';
import type { StripeContext } from '../context.ts';
import type { Invoice } from '../objects.ts';
import { newPageCard } from '../payments/method-object.ts';

export const INVOICE_PATH = '/i';

/** Hosted invoices, by the secret in `hosted_invoice_url`. Whoever pays there is there to authenticate. */
export function createStripeInvoices(stripe: StripeContext): InvoiceDesk {
  const byToken = (token: string): Invoice | undefined => {
    const url = `${INVOICE_PATH}/${token}`;
    return stripe.invoices.all().find((invoice) => invoice.hosted_invoice_url?.endsWith(url) === true);
  };
  const refundedOf = (invoice: Invoice): number =>
    stripe.invoicePayments
      .findBy('invoice', invoice.id)
      .flatMap(({ payment }) => stripe.charges.findBy('paymentIntent', payment.payment_intent))
      .reduce((sum, charge) => sum + (charge.status === 'succeeded' ? charge.amount_refunded : 0), 0);
  return {
    provider: 'stripe',
    find(token) {
      const invoice = byToken(token);
      if (!invoice) return null;
      const customer = stripe.customers.get(invoice.customer);
      return {
        provider: 'stripe',
        merchant: 'Sandbox Merchant',
        number: invoice.number,
        status: invoice.status,
        customer: { name: customer?.name ?? null, email: customer?.email ?? null },
        lines: invoice.lines.data.map(({ description, quantity, amount }) => ({
          description,
          quantity,
          amountMinor: amount,
        })),
        taxMinor: invoice.total_taxes.reduce((sum, tax) => sum + tax.amount, 0),
        totalMinor: invoice.total,
        paidMinor: invoice.amount_paid,
        refundedMinor: refundedOf(invoice),
        currency: invoice.currency.toUpperCase(),
        issuedAtMs: (invoice.status_transitions['finalized_at'] ?? invoice.created) * 1000,
        locale: 'en',
        isPayable: invoice.status === 'open' && invoice.amount_due > 0,
      };
    },
    pay(token, input) {
      const invoice = byToken(token);
      if (invoice?.status !== 'open') return { kind: 'refused', message: 'This invoice can no longer be paid.' };
      const { card, decline } = judgeCard('stripe', input);
      const customer = stripe.customers.get(invoice.customer);
      const method = newPageCard(stripe, {
        card,
        ...(decline ? { decline } : {}),
        customer: invoice.customer,
        billing: { email: customer?.email ?? null, name: input.name, country: null },
      });
      const how = { offSession: false, returnUrl: null, isAuthenticated: true };
      const outcome = payInvoice(stripe, invoice, method, how);
      if (outcome.kind === 'declined') return { kind: 'declined', decline: outcome.decline };
      return { kind: 'done' };
    },
  };
}

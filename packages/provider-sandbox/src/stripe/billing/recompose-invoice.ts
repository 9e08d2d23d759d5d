import type { StripeContext } from '../context.ts';
import { requireCustomer } from '../require-customer.ts';
import { invalid } from '../errors.ts';
import type { Invoice } from '../objects.ts';
import { composeInvoice } from './compose-invoice.ts';
import { itemLine } from './cycle-lines.ts';
import { liveDiscounts } from './discounts-of.ts';

/** Works the draft out again after its items, discounts or tax changed; its id and page stay. */
export function recompose(stripe: StripeContext, invoice: Invoice, automaticTax: boolean): void {
  const items = stripe.invoiceItems.findBy('invoice', invoice.id);
  const customer = requireCustomer(stripe, invoice.customer, 'customer', 400);
  const made = composeInvoice(
    stripe,
    {
      customer,
      currency: invoice.currency,
      reason: invoice.billing_reason,
      lines: items.map((item) => itemLine(stripe, item)),
      period: { start: Number(invoice['period_start']), end: Number(invoice['period_end']) },
      subscription: null,
      discounts: liveDiscounts(stripe, invoice.discounts, stripe.now()),
      automaticTax,
    },
    invoice.id,
  );
  const keys = [
    'amount_due',
    'amount_remaining',
    'automatic_tax',
    'ending_balance',
    'lines',
    'subtotal',
    'subtotal_excluding_tax',
    'total',
    'total_discount_amounts',
    'total_excluding_tax',
    'total_pretax_credit_amounts',
    'total_taxes',
  ];
  Object.assign(invoice, Object.fromEntries(keys.map((key) => [key, made[key]])));
  stripe.invoices.put(invoice);
}

export function notEditable(invoice: Invoice): Error {
  return invalid(`Invoice ${invoice.id} is no longer editable: it has been finalized.`, {
    code: 'invoice_not_editable',
  });
}

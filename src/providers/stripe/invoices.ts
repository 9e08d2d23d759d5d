import type { InvoiceOperations } from '../port-money.ts';
import type { StripeApi } from './client.ts';
import { invoicePaymentTruth, mapProviderInvoice } from './map-subscription.ts';
import { nothing, pageOf, pageParams } from './page.ts';
import { findInvoice, payInvoice } from './pay-invoice.ts';
import { listOf, stripeInvoice } from './wire.ts';

export function createStripeInvoices(api: StripeApi): Required<InvoiceOperations> {
  return {
    get: (id) => findInvoice(api, id, api.budget()),
    /** Refunds of a listed invoice are told only by its credit notes; `get` also asks its payment. */
    async list({ providerCustomerId, providerSubscriptionId, cursor, limit }) {
      const found = await api.find({
        operation: 'invoices.list',
        reply: listOf(stripeInvoice),
        budget: api.budget(),
        send: (stripe, options) =>
          stripe.invoices.list(
            {
              customer: providerCustomerId,
              expand: ['data.payments'],
              ...(providerSubscriptionId === undefined ? {} : { subscription: providerSubscriptionId }),
              ...pageParams({ cursor, limit }),
            },
            options,
          ),
      });
      if (!found) return nothing;
      return pageOf(found, (invoice) => mapProviderInvoice(invoice, invoicePaymentTruth(invoice, null)));
    },
    /** Both links exist from finalization on; a draft has none. */
    async document(id) {
      const invoice = await api.find({
        operation: 'invoices.get',
        reply: stripeInvoice,
        budget: api.budget(),
        send: (stripe, options) => stripe.invoices.retrieve(id, {}, options),
      });
      const [pdfUrl, hostedUrl] = [invoice?.invoice_pdf ?? null, invoice?.hosted_invoice_url ?? null];
      return pdfUrl === null && hostedUrl === null ? { state: 'none' } : { state: 'ready', pdfUrl, hostedUrl };
    },
    pay: (input) => payInvoice(api, { ...input, budget: api.budget() }),
  };
}

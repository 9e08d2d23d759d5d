import type { InvoiceOperations } from '../port-money.ts';
import type { FungiesApi } from './client.ts';
import { mapProviderInvoice, userOf } from './map.ts';
import { readSkipPage } from './paging.ts';
import { paymentPage, paymentReply, type FungiesPayment } from './wire.ts';

/** Payments stand for invoices: renewals make no orders. */
export function createFungiesInvoices(
  api: FungiesApi,
): InvoiceOperations & Required<Pick<InvoiceOperations, 'document'>> {
  return {
    async get(id) {
      const payment = await readPayment(api, id);
      return payment && mapProviderInvoice(payment);
    },
    async list(query) {
      const page = await readSkipPage(
        api,
        {
          operation: 'payments.list',
          path: '/payments/list',
          query: { userId: query.providerCustomerId, subscriptionId: query.providerSubscriptionId ?? null },
          reply: paymentPage,
        },
        query,
        ({ payments }) => payments,
      );
      const own = page.items.filter(
        (payment) =>
          userOf(payment) === query.providerCustomerId &&
          (query.providerSubscriptionId === undefined || payment.subscriptionId === query.providerSubscriptionId),
      );
      return { items: own.map(mapProviderInvoice), nextCursor: page.nextCursor };
    },
    async document(id) {
      const payment = await readPayment(api, id);
      const hostedUrl = payment?.invoiceUrl ?? null;
      return hostedUrl === null ? { state: 'none' } : { state: 'ready', pdfUrl: null, hostedUrl };
    },
  };
}

async function readPayment(api: FungiesApi, id: string): Promise<FungiesPayment | null> {
  const found = await api.find({
    operation: 'payments.get',
    method: 'GET',
    path: `/payments/${encodeURIComponent(id)}`,
    reply: paymentReply,
  });
  return found?.payment ?? null;
}

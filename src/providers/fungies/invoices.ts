import type { InvoiceOperations } from '../port-money.ts';
import type { FungiesApi } from './client.ts';
import { linesOf, readSubscriptionLines } from './lines.ts';
import { isAnothers, mapProviderInvoice, userOf } from './map.ts';
import { readSkipPage } from './paging.ts';
import { readUser } from './read-user.ts';
import { paymentPage, paymentReply, type FungiesItem, type FungiesPayment } from './wire.ts';

type InvoiceQuery = Parameters<InvoiceOperations['list']>[0];

/** Payments stand for invoices: renewals make no orders. Their lines are looked up, for a payment has none. */
export function createFungiesInvoices(
  api: FungiesApi,
): InvoiceOperations & Required<Pick<InvoiceOperations, 'document'>> {
  return {
    async get(id) {
      const payment = await readPayment(api, id);
      return payment && mapProviderInvoice(payment, await lineReader(api)(payment));
    },
    list: (query) => listInvoices(api, query),
    async document(id) {
      const payment = await readPayment(api, id);
      const hostedUrl = payment?.invoiceUrl ?? null;
      return hostedUrl === null ? { state: 'none' } : { state: 'ready', pdfUrl: null, hostedUrl };
    },
  };
}

/** A user may have been sold to for two organizations with one e-mail: what names another one is left out. */
async function listInvoices(api: FungiesApi, query: InvoiceQuery) {
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
  const found = page.items.filter(
    (payment) =>
      userOf(payment) === query.providerCustomerId &&
      (query.providerSubscriptionId === undefined || payment.subscriptionId === query.providerSubscriptionId),
  );
  const organizationId = found.length === 0 ? null : (await readUser(api, query.providerCustomerId))?.internalId;
  const linesFor = lineReader(api);
  const items = await Promise.all(
    found.map(async (payment) => {
      const lines = await linesFor(payment);
      return isAnothers(lines, organizationId ?? null) ? [] : [mapProviderInvoice(payment, lines)];
    }),
  );
  return { items: items.flat(), nextCursor: page.nextCursor };
}

/** Reads each subscription once, however many of its payments are asked about. */
function lineReader(api: FungiesApi): (payment: FungiesPayment) => Promise<readonly FungiesItem[]> {
  const known = new Map<string, Promise<readonly FungiesItem[]>>();
  return async (payment) => {
    const id = payment.subscriptionId ?? null;
    if (id === null) return linesOf(api, payment, []);
    const lines = known.get(id) ?? readSubscriptionLines(api, id);
    known.set(id, lines);
    return linesOf(api, payment, await lines);
  };
}

export async function readPayment(api: FungiesApi, id: string): Promise<FungiesPayment | null> {
  const found = await api.find({
    operation: 'payments.get',
    method: 'GET',
    path: `/payments/${encodeURIComponent(id)}`,
    reply: paymentReply,
  });
  return found?.payment ?? null;
}

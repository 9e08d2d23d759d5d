import type { FungiesApi } from './client.ts';
import { userOf } from './map.ts';
import { readEverything } from './paging.ts';
import { paymentPage, type FungiesPayment } from './wire.ts';

export async function paymentsOf(
  api: FungiesApi,
  query: { readonly userId: string; readonly subscriptionId?: string },
  isEnough?: (found: readonly FungiesPayment[]) => boolean,
): Promise<readonly FungiesPayment[]> {
  const payments = await readEverything(
    api,
    {
      operation: 'payments.list',
      path: '/payments/list',
      query: { userId: query.userId, subscriptionId: query.subscriptionId ?? null },
      reply: paymentPage,
    },
    (page) => page.payments,
    isEnough,
  );
  return payments
    .filter((payment) => userOf(payment) === query.userId)
    .filter(({ subscriptionId }) => query.subscriptionId === undefined || subscriptionId === query.subscriptionId)
    .toSorted((a, b) => (b.createdAt ?? 0) - (a.createdAt ?? 0));
}

import type { CheckoutTruth } from '../domain/checkout/truth.ts';
import type { Db } from '../db/orm.ts';
import type { ProviderClient } from '../providers/port.ts';
import { readInvoiceLines } from './read-invoice-lines.ts';
import { readMoneyBack } from './read-money-back.ts';
import type { MoneyBack, MoneyOwner } from './record-money.ts';

/**
 * Everything that a provider says of one hosted session: the session, its invoice with lines, and what went back.
 *
 * @param disputeIds Disputes that webhooks named.
 * @param guard Keeps the first call from a provider that is known to fail.
 * @returns `truth` null: the provider does not know it.
 */
export async function readCheckoutTruth(
  em: Db,
  client: ProviderClient,
  owner: Pick<MoneyOwner, 'projectId' | 'live' | 'provider'>,
  providerCheckoutId: string,
  disputeIds: readonly string[],
  guard = (look: () => Promise<CheckoutTruth | null>) => look(),
): Promise<{ readonly truth: CheckoutTruth | null; readonly back: MoneyBack }> {
  const read = await guard(() => client.checkouts.get(providerCheckoutId));
  const payments = read?.payment ? [read.payment] : [];
  const [invoice = null] = await readInvoiceLines(em.fork(), client, owner, read?.invoice ? [read.invoice] : []);
  const back = await readMoneyBack(em.fork(), client, owner, payments, disputeIds);
  return { truth: read && { ...read, invoice }, back };
}

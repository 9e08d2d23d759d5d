import type { Db } from '../db/orm.ts';
import { executePrepared } from '../db/prepared.ts';
import type { PaymentTruth } from '../domain/checkout/truth.ts';
import type { ProviderClient } from '../providers/port.ts';
import type { MoneyBack, MoneyOwner } from './record-money.ts';

/**
 * Asks the provider for the refunds of payments whose refunded sum has moved (or of which one was still pending), and
 * for the disputes that webhooks named. Asks nothing where nothing has changed.
 */
export async function readMoneyBack(
  em: Db,
  client: ProviderClient,
  owner: Pick<MoneyOwner, 'projectId' | 'live' | 'provider'>,
  payments: readonly PaymentTruth[],
  disputeIds: readonly string[],
): Promise<MoneyBack> {
  const { refunds, disputes } = client;
  const named = await Promise.all(disputeIds.map(async (id) => (await disputes?.get(id)) ?? null));
  const changed = refunds ? await changedPayments(em, owner, payments) : [];
  const listed = await Promise.all(
    changed.map(async ({ providerPaymentId, providerInvoiceId }) =>
      refunds?.list({ providerPaymentId, providerInvoiceId }),
    ),
  );
  return {
    refunds: listed.flatMap((rows) => rows ?? []),
    disputes: named.filter((dispute) => dispute !== null),
  };
}

async function changedPayments(
  em: Db,
  owner: Pick<MoneyOwner, 'projectId' | 'live' | 'provider'>,
  payments: readonly PaymentTruth[],
): Promise<readonly PaymentTruth[]> {
  if (payments.length === 0) return [];
  const { projectId, live, provider } = owner;
  const ids = payments.map(({ providerPaymentId }) => providerPaymentId);
  const rows = await executePrepared<{ payment_id: string; refunded_minor: number; has_pending: boolean }>(em, {
    sql: `select payment.provider_payment_id as payment_id, payment.refunded_minor::float8 as refunded_minor,
        exists (select from refunds where payment_id = payment.id and status = 'pending') as has_pending
      from payments payment
      where payment.project_id = ? and payment.live = ? and payment.provider = ?
        and payment.provider_payment_id = any (?::text[])`,
    params: [projectId, live, provider, ids],
  });
  return payments.filter((payment) => {
    const row = rows.find(({ payment_id: id }) => id === payment.providerPaymentId);
    if (row === undefined) return payment.refundedMinor > 0;
    return row.refunded_minor !== payment.refundedMinor || row.has_pending;
  });
}

import { PaymentEntity, RefundEntity } from '../db/entities/payment.ts';
import type { Db } from '../db/orm.ts';
import type { PaymentTruth } from '../domain/checkout/truth.ts';
import type { ProviderClient } from '../providers/port.ts';
import type { MoneyBack, MoneyOwner } from './record-money.ts';

/**
 * Asks the provider for the refunds of payments whose refunded sum has moved (or of which one was still pending, or that
 * our refunds do not add up to), and for the disputes that webhooks named. Asks nothing where nothing has changed.
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
  const rows = await em.find(PaymentEntity, { projectId, live, provider, providerPaymentId: { $in: ids } });
  const rowIds = rows.map(({ id }) => id);
  const refunds =
    rowIds.length === 0
      ? []
      : await em.find(RefundEntity, { paymentId: { $in: rowIds }, status: { $in: ['pending', 'succeeded'] } });
  return payments.filter((payment) => {
    const row = rows.find(({ providerPaymentId }) => providerPaymentId === payment.providerPaymentId);
    if (row === undefined) return payment.refundedMinor > 0;
    const own = refunds.filter(({ paymentId }) => paymentId === row.id);
    // The payment may say what none of our refunds does: then a refund is missing here.
    const toldMinor = own.reduce((sum, { amountMinor }) => sum + amountMinor, 0);
    const isUntold = toldMinor < payment.refundedMinor;
    return row.refundedMinor !== payment.refundedMinor || isUntold || own.some(({ status }) => status === 'pending');
  });
}

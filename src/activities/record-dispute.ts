import { DisputeEntity, type Payment } from '../db/entities/payment.ts';
import { newId } from '../db/new-id.ts';
import type { Db } from '../db/orm.ts';
import type { DisputeTruth } from '../domain/payment/truth.ts';
import { followMoneyBack } from './follow-money-back.ts';
import { disputeState, noteDispute } from './note-dispute.ts';

/** Records what a provider says of one dispute; the order that was paid follows. @returns whether anything was new. */
export async function recordDispute(tx: Db, payment: Payment, truth: DisputeTruth): Promise<boolean> {
  const { projectId, live, organizationId, provider, id: paymentId } = payment;
  const key = { projectId, live, provider, providerDisputeId: truth.providerDisputeId };
  const stored = {
    ...{ ...truth.amount, status: truth.status, reason: truth.reason },
    respondBy: truth.respondBy === null ? null : new Date(truth.respondBy),
  };
  const known = await tx.findOne(DisputeEntity, key);
  const before = known && disputeState(known);
  const row = known
    ? tx.assign(known, stored)
    : tx.create(
        DisputeEntity,
        {
          ...{ ...key, ...stored, id: newId('dsp'), organizationId, paymentId },
          disputedAt: new Date(truth.createdAt),
        },
        { persist: true },
      );
  if (!(await noteDispute(tx, row, payment, before))) return false;
  await followMoneyBack(tx, payment);
  return true;
}

import type { Payment, Refund } from '../db/entities/payment.ts';
import type { Db } from '../db/orm.ts';
import { recordAudit } from '../db/queries/audit.ts';
import type { EventType } from '../domain/events.ts';
import type { RefundStatus } from '../domain/payment/refund.ts';
import { presentRefund } from '../present/refund.ts';
import { noteChange } from './keep-in-step.ts';
import { recordEvent } from './record-event.ts';

/**
 * Tells what became of a refund, in its transaction: audit and events. Each of its events comes once.
 *
 * @param before null: the row is new.
 */
export async function noteRefund(
  tx: Db,
  row: Refund,
  payment: Payment,
  before: RefundStatus | null,
  actor: string,
): Promise<void> {
  if (row.status === before) return;
  noteChange(tx);
  await tx.flush(); // the row's times
  const { projectId, live, organizationId } = row;
  recordAudit(tx, {
    ...{
      projectId,
      live,
      actor,
      action: `refund.${row.status === 'unknown' ? 'sent' : row.status}`,
      entityKind: 'refund',
      entityId: row.id,
    },
    detail: `${row.amountMinor} ${row.currency} minor units of ${row.paymentId}${row.failureCode === null ? '' : `: ${row.failureCode}`}`,
    ...(before !== null && { before: { status: before } }),
    after: { status: row.status, provider_refund_id: row.providerRefundId },
  });
  const data = presentRefund(row, payment);
  const told: EventType[] = ['refund.created'];
  if (row.status === 'succeeded') told.push('refund.succeeded');
  if (row.status === 'failed' || row.status === 'canceled') told.push('refund.failed');
  for (const type of told)
    await recordEvent(tx, {
      ...{ projectId, live, organizationId, type, objectKind: 'refund', objectId: row.id, cause: type, data },
    });
}

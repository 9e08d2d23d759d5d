import type { Order } from '../db/entities/payment.ts';
import type { Db } from '../db/orm.ts';
import { recordAudit } from '../db/queries/audit.ts';
import { listPlanKeys } from '../db/queries/plans.ts';
import { presentOrder } from '../present/order.ts';
import { noteChange } from './keep-in-step.ts';
import { recordEvent } from './record-event.ts';

type OrderState = Pick<Order, 'status' | 'refundedMinor'>;

/**
 * Everything that follows from a new or changed order, in its transaction: audit and event. The same state again is not
 * told. What an order grants follows it from here.
 *
 * @param before null: it has just been paid.
 */
export async function noteOrder(tx: Db, row: Order, before: OrderState | null): Promise<void> {
  if (before?.status === row.status && before.refundedMinor === row.refundedMinor) return;
  noteChange(tx);
  const { projectId, live, organizationId, status, refundedMinor } = row;
  const type = before === null ? 'order.paid' : 'order.updated';
  recordAudit(tx, {
    ...{ projectId, live, actor: `checkout/${row.checkoutId}`, action: type, entityKind: 'order', entityId: row.id },
    detail: `${status}: ${row.amountMinor} ${row.currency} minor units, ${refundedMinor} refunded`,
    ...(before && { before }),
    after: { status, refundedMinor },
  });
  await recordEvent(tx, {
    ...{ projectId, live, organizationId, type, objectKind: 'order', objectId: row.id },
    cause: before === null ? 'paid' : `${status}|${refundedMinor}|${row.version}`,
    data: presentOrder(row, await listPlanKeys(tx, projectId, [row.planId])),
  });
}

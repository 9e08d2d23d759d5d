import type { Dispute, Payment } from '../db/entities/payment.ts';
import { SubscriptionEntity } from '../db/entities/subscription.ts';
import type { Db } from '../db/orm.ts';
import { recordAudit } from '../db/queries/audit.ts';
import type { EventType } from '../domain/events.ts';
import { isDisputeOver } from '../domain/payment/dispute.ts';
import { presentDispute } from '../present/dispute.ts';
import { noteChange } from './keep-in-step.ts';
import { noteSubscription } from './note-subscription.ts';
import { recordEvent } from './record-event.ts';

type DisputeState = Pick<Dispute, 'status' | 'amountMinor' | 'respondBy'>;

export function disputeState({ status, amountMinor, respondBy }: Dispute): DisputeState {
  return { status, amountMinor, respondBy };
}

/**
 * Tells what became of a dispute, in its transaction: audit and events.
 *
 * @param before null: it is new.
 * @returns whether anything was new.
 */
export async function noteDispute(
  tx: Db,
  row: Dispute,
  payment: Payment,
  before: DisputeState | null,
): Promise<boolean> {
  const after = disputeState(row);
  if (before !== null && textOf(before) === textOf(after)) return false;
  noteChange(tx);
  await tx.flush(); // the row's times
  const isOver = isDisputeOver(row.status) && (before === null || !isDisputeOver(before.status));
  if (before === null) await tell(tx, row, payment, 'dispute.opened', before);
  if (isOver) await tell(tx, row, payment, 'dispute.closed', before);
  else if (before !== null) await tell(tx, row, payment, 'dispute.updated', before);
  return true;
}

/** A disputed payment may take its subscription's access away, or give it back, as the project's policy says. */
export async function noteDisputedSubscriptions(tx: Db, disputed: readonly Payment[]): Promise<void> {
  const ids = new Set(disputed.map(({ subscriptionId }) => subscriptionId).filter((id) => id !== null));
  for (const id of ids) {
    const row = await tx.findOne(SubscriptionEntity, { id });
    if (row) await noteSubscription(tx, row, []);
  }
}

function textOf({ status, amountMinor, respondBy }: DisputeState): string {
  return `${status}|${amountMinor}|${respondBy?.toISOString() ?? ''}`;
}

async function tell(
  tx: Db,
  row: Dispute,
  payment: Payment,
  type: EventType,
  before: DisputeState | null,
): Promise<void> {
  const { projectId, live, organizationId } = row;
  recordAudit(tx, {
    ...{ projectId, live, actor: `provider:${row.provider}`, action: type, entityKind: 'dispute', entityId: row.id },
    detail: `${row.status}: ${row.amountMinor} ${row.currency} minor units of ${row.paymentId}`,
    ...(before && { before }),
    after: disputeState(row),
  });
  await recordEvent(tx, {
    ...{ projectId, live, organizationId, type, objectKind: 'dispute', objectId: row.id, cause: null },
    data: presentDispute(row, payment),
  });
}

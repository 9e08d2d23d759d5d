import type { Checkout } from '../db/entities/checkout.ts';
import type { Db } from '../db/orm.ts';
import type { CheckoutStatus } from '../domain/checkout/transition.ts';
import type { EventType } from '../domain/events.ts';
import { presentCheckoutEvent } from '../present/checkout.ts';
import { recordEvent } from './record-event.ts';

/** `opened` is told by the statement that opens: the customer waits for it. */
const toldAs: Readonly<Partial<Record<CheckoutStatus, EventType>>> = {
  pending: 'checkout.pending',
  paid: 'checkout.completed',
  expired: 'checkout.expired',
  canceled: 'checkout.canceled',
  failed: 'checkout.failed',
};

/** Tells what a checkout has become, in its transaction. A state that returns is told again. */
export async function noteCheckout(tx: Db, row: Checkout): Promise<void> {
  const type = toldAs[row.status];
  if (type === undefined) return;
  const { projectId, live, organizationId } = row;
  await recordEvent(tx, {
    ...{ projectId, live, organizationId, type, objectKind: 'checkout', objectId: row.id },
    cause: row.version,
    data: presentCheckoutEvent(row),
  });
}

import type { PaymentMethod } from '../db/entities/payment-method.ts';
import type { Db } from '../db/orm.ts';
import { recordAudit } from '../db/queries/audit.ts';
import { presentPaymentMethod } from '../present/payment-method.ts';
import { recordEvent } from './record-event.ts';

/** What became of a stored payment method. */
export interface PaymentMethodNews {
  readonly action: 'attached' | 'detached' | 'made_default' | 'no_longer_default' | 'refused' | 'waits_for_customer';
  /** One readable clause, without personal data. */
  readonly detail: string;
  readonly actor: string;
  /** As it was; null: it is new. */
  readonly before: PaymentMethodState | null;
}

/** What the log tells of it. */
export interface PaymentMethodState {
  readonly status: PaymentMethod['status'];
  readonly is_default: boolean;
}

export function paymentMethodState({ status, isDefault }: PaymentMethod): PaymentMethodState {
  return { status, is_default: isDefault };
}

/** Audit and, for what the app must hear, its event, in the transaction of the change. */
export async function notePaymentMethod(tx: Db, row: PaymentMethod, news: PaymentMethodNews): Promise<void> {
  const { projectId, live, organizationId } = row;
  recordAudit(tx, {
    ...{ projectId, live, actor: news.actor, action: `payment_method.${news.action}` },
    ...{ entityKind: 'payment_method', entityId: row.id, detail: news.detail },
    ...(news.before && { before: news.before }),
    after: paymentMethodState(row),
  });
  await tx.flush(); // the event shows the row's new version
  if (news.action !== 'attached' && news.action !== 'detached') return;
  await recordEvent(tx, {
    ...{ projectId, live, organizationId, type: `payment_method.${news.action}` },
    ...{ objectKind: 'payment_method', objectId: row.id, cause: row.version },
    data: presentPaymentMethod({ ...row, nextStep: null }),
  });
}

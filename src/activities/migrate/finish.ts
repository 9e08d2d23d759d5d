import type { Db } from '../../db/orm.ts';
import { noteRightCharged, releaseRights } from '../../db/queries/charge-rights.ts';
import { PaymentEntity } from '../../db/entities/payment.ts';
import type { MigrationItem } from '../../db/entities/migration.ts';
import type { MigrationStep } from '../../domain/migration/step.ts';
import { openReview } from '../open-review.ts';
import { lookAtSubscription } from '../settle-subscription.ts';
import { holdStill } from './hold-still.ts';
import { actorOf, moveOn, newProviderOf, scopeOf, type Move } from './move.ts';

type Of<Kind extends MigrationStep['kind']> = Extract<MigrationStep, { kind: Kind }>;

/** The first charge at the new provider: the period that was handed over is paid, once. */
export async function noteCharge(move: Move, step: Of<'note_charge'>): Promise<string> {
  const { item, fresh, deps } = move;
  if (fresh !== null) await lookAtSubscription(deps, { ...scopeOf(item), subscriptionId: fresh.id });
  const provider = newProviderOf(move);
  const { providerPaymentId } = step;
  const payment = await deps.orm.em.fork().findOne(PaymentEntity, { ...scopeOf(item), provider, providerPaymentId });
  const firstPaymentId = payment?.id ?? providerPaymentId;
  const because = `the new provider has charged for the first time, ${step.paidAt}`;
  const change = { because, firstChargeAt: new Date(step.paidAt), firstPaymentId };
  await moveOn(move, item.state, change, (tx) => noteRightCharged(tx, item.id, provider, firstPaymentId));
  return because;
}

/** The end of its way. One that a person must decide has a review that names everything. */
export async function finish(move: Move, { state, code, because }: Of<'end'>): Promise<string> {
  const heldUntil = state === 'attention' ? await holdStill(move) : null;
  await moveOn(move, state, { because, code, finishedAt: new Date(move.nowMs) }, async (tx, row) => {
    if (state === 'left') await releaseRights(tx, row.id);
    if (state === 'attention') await askPerson(tx, move, row, { code: code ?? 'unclear', because, heldUntil });
  });
  return because;
}

async function askPerson(
  tx: Db,
  move: Move,
  row: MigrationItem,
  why: { readonly code: string; readonly because: string; readonly heldUntil: string | null },
): Promise<void> {
  const { migration, fresh } = move;
  await openReview(tx, {
    ...scopeOf(row),
    kind: 'migration_unclear',
    cause: actorOf(row),
    provider: migration.fromProvider,
    organizationId: row.organizationId,
    ...{ entityKind: 'migration_item', entityId: row.id },
    summary: `A customer's move from ${migration.fromProvider} to ${newProviderOf(move)} stands still: ${why.because}. Decide which of the two goes on, and end the other.`,
    evidence: {
      code: why.code,
      first_charge_held_until: why.heldUntil,
      migration_id: row.migrationId,
      state_before: move.item.state,
      old_subscription: row.providerSubscriptionId,
      new_subscription: fresh?.providerSubscriptionId ?? null,
      subscription_id: fresh?.id ?? null,
      checkout_id: row.checkoutId,
      paid_through: row.paidThrough?.toISOString() ?? null,
      canceling_at: row.cancelingAt?.toISOString() ?? null,
      canceled_at: row.canceledAt?.toISOString() ?? null,
      old_said: move.old,
      new_said: move.new,
    },
  });
}

import type { Subscription } from '../../db/entities/subscription.ts';
import type { Db } from '../../db/orm.ts';
import { isOver } from '../../domain/subscription/transition.ts';
import { enterStatus } from '../change-subscription.ts';
import { lifecyclePolicyOf } from '../note-subscription.ts';
import { bringAbout, sure } from './bring-about.ts';
import { nowIso, type Operation, type Outcome, type Within } from './operation.ts';
import { withdrawScheduled } from './withdraw.ts';

/** Ends a subscription: at its provider, now or with the period; or by ourselves where no provider has it. */
export async function carryOutCancel(operation: Operation): Promise<Outcome> {
  const { change, plan, row } = operation;
  const isNow = plan.timing === 'now' || plan.method === 'ours';
  if (row.collection !== 'provider')
    return { kind: 'done', status: 'applied', effectiveAt: nowIso(), answered: null, within: endRow, because: 'ended' };
  const brought = await bringAbout(operation, {
    isThere: (truth) => isOver(truth.status) || (!isNow && truth.cancelAtPeriodEnd),
    send: (subscriptions, input) =>
      sure(
        subscriptions.cancel({
          ...input,
          when: isNow ? 'now' : 'period_end',
          reason: change.reason,
          comment: change.comment,
        }),
      ),
  });
  if ('failure' in brought) return brought.failure;
  const { truth } = brought.answered;
  const hasEnded = isOver(truth.status);
  return {
    kind: 'done',
    status: hasEnded ? 'applied' : 'scheduled',
    effectiveAt: (hasEnded ? truth.endedAt : truth.cancelAt) ?? plan.effectiveAt ?? nowIso(),
    answered: brought.answered,
    within: withoutChange(operation),
    because: hasEnded ? 'ended at the provider' : 'ends with its period at the provider',
  };
}

/** Kept by us until the hour comes; the provider hears nothing before. */
export function scheduleCancel(operation: Operation, effectiveAt: string): Outcome {
  const drop = withoutChange(operation);
  return {
    kind: 'done',
    status: 'scheduled',
    effectiveAt,
    answered: null,
    async within(tx, row) {
      row.cancelAtPeriodEnd = true;
      row.cancelAt = new Date(effectiveAt);
      return drop(tx, row);
    },
    because: 'ends with its period, by us',
  };
}

/** A change that waited will never come. */
function withoutChange({ change }: Operation): Within {
  return async (tx, row) => {
    await withdrawScheduled(tx, row, 'change', { actor: change.actor, detail: 'the subscription ends before it' });
    return [];
  };
}

async function endRow(tx: Db, row: Subscription) {
  enterStatus(row, 'canceled', await lifecyclePolicyOf(tx, row.projectId));
  const endedAt = new Date();
  Object.assign(row, { canceledAt: row.canceledAt ?? endedAt, endedAt, voucher: null, nextStep: null });
  return [];
}

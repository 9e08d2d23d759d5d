import { bringAbout, sure } from './bring-about.ts';
import { nowIso, type Operation, type Outcome } from './operation.ts';
import { withdrawScheduled } from './withdraw.ts';

/** Takes back an end that waits: at the provider, or with us. */
export async function carryOutUndoCancel(operation: Operation): Promise<Outcome> {
  const by = { actor: operation.change.actor, detail: 'the end was undone' };
  const done = { kind: 'done', status: 'applied', effectiveAt: nowIso(), because: by.detail } as const;
  if (operation.plan.method === 'ours')
    return {
      ...done,
      answered: null,
      async within(tx, row) {
        await withdrawScheduled(tx, row, 'cancel', by);
        row.cancelAtPeriodEnd = false;
        row.cancelAt = null;
        return [];
      },
    };
  const brought = await bringAbout(operation, {
    isThere: (truth) => !truth.cancelAtPeriodEnd && truth.cancelAt === null,
    send: (subscriptions, input) => (subscriptions.undoCancel ? sure(subscriptions.undoCancel(input)) : null),
  });
  if ('failure' in brought) return brought.failure;
  return {
    ...done,
    answered: brought.answered,
    async within(tx, row) {
      await withdrawScheduled(tx, row, 'cancel', by);
      return [];
    },
  };
}

/** Takes back a change that waits: at the provider, or with us. */
export async function carryOutUndoChange(operation: Operation): Promise<Outcome> {
  const { change, plan } = operation;
  const by = { actor: change.actor, detail: 'the change was withdrawn' };
  const done: Outcome = {
    ...{ kind: 'done', status: 'applied', effectiveAt: nowIso(), answered: null, because: by.detail },
    async within(tx, row) {
      await withdrawScheduled(tx, row, 'change', by);
      return [{ type: 'subscription.updated', cause: change.id, ...by }];
    },
  };
  if (plan.method !== 'provider') return done;
  const brought = await bringAbout(operation, {
    // What waits for the period's end cannot be told from the truth.
    isThere: () => false,
    send: (subscriptions, input) => (subscriptions.cancelChange ? sure(subscriptions.cancelChange(input)) : null),
  });
  return 'failure' in brought ? brought.failure : { ...done, answered: brought.answered };
}

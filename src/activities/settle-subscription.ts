import { SubscriptionEntity, type Subscription } from '../db/entities/subscription.ts';
import { isOver } from '../domain/subscription/transition.ts';
import { applySubscriptionTruth } from './apply-subscription-truth.ts';
import { changeSubscription, enterStatus } from './change-subscription.ts';
import type { ActivityDeps, SubscriptionRef } from './deps.ts';
import { keepInStep } from './keep-in-step.ts';
import { lookUnlessOpen } from './look-unless-open.ts';
import { accountOf } from './provider-account.ts';
import { readInvoiceLines } from './read-invoice-lines.ts';
import { readMoneyBack } from './read-money-back.ts';
import { settleVoucherSubscription } from './settle-voucher-subscription.ts';
import { settledSubscription, type SettledSubscription } from './settled-subscription.ts';
import { voucherStory } from './write-voucher-life.ts';

export interface SettleSubscriptionInput extends SubscriptionRef {
  /** Disputes that webhooks named. */
  readonly disputeIds?: readonly string[];
}

/** A row in step with whoever collects for it, and what was learnt. */
export interface Looked {
  readonly row: Subscription;
  readonly because: string;
}

/** Brings a subscription's row in step with whoever collects for it. Safe to repeat: the same truth changes nothing. */
export function createSettleSubscription(deps: ActivityDeps) {
  return async function settleSubscription(ref: SettleSubscriptionInput): Promise<SettledSubscription> {
    const { row, because } = await lookAtSubscription(deps, ref);
    return settledSubscription(deps.orm.em.fork(), row, because);
  };
}

/** Reads the truth of a subscription where it is, and writes what follows. */
export function lookAtSubscription(deps: ActivityDeps, ref: SettleSubscriptionInput): Promise<Looked> {
  return keepInStep(async () => {
    const row = await readSubscription(deps, ref);
    switch (row.collection) {
      case 'none':
        return endWhenDue(deps, row);
      case 'voucher':
        return lookAtVouchers(deps, row);
      case 'provider':
        return lookAtProvider(deps, row, ref.disputeIds ?? []);
    }
  });
}

export function readSubscription(deps: ActivityDeps, ref: SubscriptionRef): Promise<Subscription> {
  const { subscriptionId: id, projectId, live } = ref;
  return deps.orm.em.fork().findOneOrFail(SubscriptionEntity, { id, projectId, live });
}

async function lookAtProvider(deps: ActivityDeps, row: Subscription, disputeIds: readonly string[]): Promise<Looked> {
  const { projectId, live, provider, providerSubscriptionId, providerCustomerId } = row;
  if (provider === null || providerSubscriptionId === null) return { row, because: 'no provider has it yet' };
  const { client } = await accountOf(deps, projectId, live, provider);
  const { subscriptions } = client;
  if (!subscriptions) return { row, because: `${provider} has no subscriptions to read` };
  const askedAt = new Date();
  const owner = { projectId, live, provider };
  const asked = { providerSubscriptionId, providerCustomerId };
  const truth = await lookUnlessOpen(deps, owner, () => subscriptions.get(asked));
  if (truth === null) return { row, because: `${provider} does not know it any more` };
  const back = await readMoneyBack(deps.orm.em.fork(), client, owner, truth.payments, disputeIds);
  const invoices = await readInvoiceLines(deps.orm.em.fork(), client, owner, truth.invoices);
  const applied = await applySubscriptionTruth(deps.orm.em.fork(), row, { ...truth, invoices }, { back, askedAt });
  return { row: applied, because: `${provider} says ${truth.status}` };
}

async function lookAtVouchers(deps: ActivityDeps, row: Subscription): Promise<Looked> {
  const settled = await settleVoucherSubscription(deps, row);
  return { row: settled, because: voucherStory(settled) };
}

/** A free plan has no period and no provider: it ends when it was asked to. */
async function endWhenDue(deps: ActivityDeps, row: Subscription): Promise<Looked> {
  const because = 'it costs nothing';
  const isDue = row.cancelAt !== null && row.cancelAt.getTime() <= Date.now();
  if (!isDue || isOver(row.status)) return { row, because };
  const ended = await changeSubscription(deps.orm.em.fork(), row, async (_tx, fresh, policy) => {
    enterStatus(fresh, 'canceled', policy);
    fresh.endedAt = fresh.cancelAt;
    return { detail: 'its time had come' };
  });
  return { row: ended, because: 'its time had come' };
}

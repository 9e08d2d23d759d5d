import { SubscriptionEntity, type Subscription } from '../db/entities/subscription.ts';
import type { ActivityDeps, SubscriptionRef } from './deps.ts';
import { keepInStep } from './keep-in-step.ts';
import { keepVoucher, refuseVoucher } from './keep-voucher.ts';
import { orderVoucher } from './order-voucher.ts';
import { accountOf } from './provider-account.ts';
import { reserveVoucher } from './reserve-voucher.ts';
import { settleVoucherSubscription } from './settle-voucher-subscription.ts';
import { settledSubscription, type SettledSubscription } from './settled-subscription.ts';
import { asVoucherSubscription } from './voucher-invoices.ts';
import { voucherStory } from './write-voucher-life.ts';

/**
 * Issues the voucher that a subscription lacks. Safe to repeat: one that is out stays, one whose answer was lost is
 * looked for before another is asked for, and nothing is issued that is not due.
 *
 * @throws {BillingError} `outcome_unknown` and others of kind `unavailable`, `rate_limited`: the same again, later
 */
export function createIssueVoucher(deps: ActivityDeps) {
  return function issueVoucher(ref: SubscriptionRef): Promise<SettledSubscription> {
    return keepInStep(async () => {
      const em = deps.orm.em.fork();
      const { projectId, live, subscriptionId: id } = ref;
      const read = await em.findOneOrFail(SubscriptionEntity, { id, projectId, live });
      // Money that came meanwhile decides what is due.
      const row = await issueDueVoucher(deps, await settleVoucherSubscription(deps, read));
      return settledSubscription(em.fork(), row, voucherStory(row));
    });
  };
}

/**
 * The first voucher of a direct subscription whose row is `incomplete`. Call it inside `keepInStep`.
 *
 * @returns The row as it then stands: `incomplete` with a voucher, or `expired` with the refusal.
 * @throws {BillingError} as `issueVoucher`
 */
export function issueFirstVoucher(deps: ActivityDeps, row: Subscription): Promise<Subscription> {
  return issueDueVoucher(deps, row);
}

async function issueDueVoucher(deps: ActivityDeps, read: Subscription): Promise<Subscription> {
  const em = deps.orm.em.fork();
  const reserved = await reserveVoucher(em, asVoucherSubscription(read));
  if (reserved === null) return read;
  const { projectId, live, provider } = reserved.row;
  const { client } = await accountOf(deps, projectId, live, provider);
  const ordered = await orderVoucher(em, client, reserved);
  if (ordered.outcome === 'refused') return refuseVoucher(em, reserved, ordered);
  const row = await keepVoucher(em, reserved, ordered.truth);
  return ordered.truth.state === 'pending' ? row : settleVoucherSubscription(deps, row);
}

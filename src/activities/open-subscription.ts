import { SubscriptionEntity, type Subscription } from '../db/entities/subscription.ts';
import type { Db } from '../db/orm.ts';
import type { ActivityDeps } from './deps.ts';
import { issueFirstVoucher } from './issue-voucher.ts';
import { keepInStep, RowMoved } from './keep-in-step.ts';
import { noteSubscription, type SubscriptionNews } from './note-subscription.ts';
import { openAtProvider } from './open-at-provider.ts';
import { settledSubscription, type SettledSubscription } from './settled-subscription.ts';

/**
 * Begins a subscription that was asked for without a hosted page: at its provider, or with us where it costs nothing or
 * is paid by voucher. Safe to repeat: what has begun answers as it stands, and a call whose answer was lost is looked up
 * before anything is sent again.
 *
 * @throws {BillingError} `outcome_unknown` and others of kind `unavailable`, `rate_limited`: the same again, later. A
 *   decline or a refusal is no error: the row is `expired` then, and says why.
 */
export function createOpenSubscription(deps: ActivityDeps) {
  return function openSubscription(ref: {
    readonly projectId: string;
    readonly live: boolean;
    readonly subscriptionId: string;
  }): Promise<SettledSubscription> {
    return keepInStep(async () => {
      const em = deps.orm.em.fork();
      const { projectId, live, subscriptionId: id } = ref;
      const row = await em.findOneOrFail(SubscriptionEntity, { id, projectId, live });
      if (hasBegun(row)) return settledSubscription(em.fork(), row, 'it has begun');
      switch (row.collection) {
        case 'none':
          return settledSubscription(em.fork(), await beginFree(em, row), 'it costs nothing');
        case 'voucher':
          return settledOnVoucher(em, row, await beginOnVoucher(deps, em, row));
        case 'provider':
          return openAtProvider(deps, em, row);
      }
    });
  };
}

/** One that was declined has not: what the provider keeps of it must be ended. */
function hasBegun(row: Subscription): boolean {
  if (row.status !== 'incomplete') return true;
  if (row.collection === 'voucher') return row.voucher !== null;
  return row.providerSubscriptionId !== null && row.opening?.decline == null;
}

/** @returns with `opensAt` where another provider is to be asked for the voucher. */
async function settledOnVoucher(em: Db, before: Subscription, row: Subscription): Promise<SettledSubscription> {
  const isElsewhere = row.provider !== before.provider && row.voucher === null && row.status === 'incomplete';
  const because = isElsewhere
    ? `${before.provider ?? 'nobody'} issues no voucher: ${row.provider ?? 'nobody'} is asked`
    : 'it begins once its voucher is paid';
  const settled = await settledSubscription(em.fork(), row, because);
  return isElsewhere ? { ...settled, opensAt: row.provider } : settled;
}

function beginFree(em: Db, read: Subscription): Promise<Subscription> {
  const told = { cause: 'begun', actor: `subscription/${read.id}`, detail: 'a free plan' } as const;
  return change(em, read, { status: 'active', currentPeriodStart: new Date() }, [
    { ...told, type: 'subscription.created', after: { status: 'active' } },
    { ...told, type: 'subscription.activated', before: { status: 'incomplete' }, after: { status: 'active' } },
  ]);
}

/** Nobody charges: a voucher is issued at once, and the first period begins when it is paid. */
async function beginOnVoucher(deps: ActivityDeps, em: Db, read: Subscription): Promise<Subscription> {
  const created: SubscriptionNews = {
    ...{ type: 'subscription.created', cause: 'begun', actor: `subscription/${read.id}` },
    ...{ detail: `paid by ${read.voucherMethod ?? 'voucher'}`, after: { status: 'incomplete' } },
  };
  const isTold = read.anchorAt !== null;
  return issueFirstVoucher(deps, isTold ? read : await change(em, read, { anchorAt: new Date() }, [created]));
}

function change(
  em: Db,
  read: Subscription,
  columns: Partial<Pick<Subscription, 'status' | 'currentPeriodStart' | 'anchorAt'>>,
  news: readonly SubscriptionNews[],
): Promise<Subscription> {
  return em.fork().transactional(async (tx) => {
    const row = await tx.findOneOrFail(SubscriptionEntity, { id: read.id });
    if (row.version !== read.version) throw new RowMoved();
    tx.assign(row, columns);
    await noteSubscription(tx, row, news);
    return row;
  });
}

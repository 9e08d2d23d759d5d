import type { OperationKind } from '../../domain/subscription/operation.ts';
import type { PresentSubscription } from '../../domain/subscription/operation-plan.ts';
import { defaultLifecyclePolicy } from '../../domain/subscription/lifecycle-policy.ts';
import { paidStatuses } from '../../domain/subscription/voucher-book.ts';
import { InvoiceEntity } from '../entities/payment.ts';
import { PlanEntity, PriceEntity, ProviderPriceEntity, type Plan, type PriceRow } from '../entities/plan.ts';
import { ProjectEntity } from '../entities/project.ts';
import { SubscriptionChangeEntity, type Subscription, type SubscriptionChange } from '../entities/subscription.ts';
import type { Db } from '../orm.ts';

export interface OperationFacts {
  readonly present: PresentSubscription;
  /** Everything asked of it that has not taken effect, oldest first. */
  readonly open: readonly SubscriptionChange[];
}

/**
 * A subscription as a plan is made from it.
 *
 * @param except The operation that is planned: it does not stand in its own way.
 */
export async function readOperationFacts(em: Db, row: Subscription, except: string | null): Promise<OperationFacts> {
  const open = (await listOpenOperations(em, row)).filter(({ id }) => id !== except);
  const price = await em.findOneOrFail(PriceEntity, { projectId: row.projectId, id: row.priceId });
  const project = await em.findOneOrFail(ProjectEntity, { id: row.projectId });
  const waiting = (kind: OperationKind) => open.find((each) => each.kind === kind && each.status === 'scheduled');
  const change = waiting('change');
  const present: PresentSubscription = {
    status: row.status,
    collection: row.collection,
    planId: row.planId,
    priceId: row.priceId,
    unitAmountMinor: price.amountMinor,
    billingInterval: row.billingInterval,
    quantity: row.quantity,
    currentPeriodEnd: (await paidUntil(em, row))?.toISOString() ?? null,
    trialEnd: row.trialEnd?.toISOString() ?? null,
    cancelAtPeriodEnd: row.cancelAtPeriodEnd,
    hasOpenVoucher: row.voucher !== null,
    voucherLeadDays: { ...defaultLifecyclePolicy, ...project.lifecyclePolicy }.voucherLeadDays,
    waiting: {
      cancel: waiting('cancel')?.method ?? null,
      pause: waiting('pause')?.method ?? null,
      change: change ? { method: change.method ?? 'ours', timing: change.timing } : null,
    },
  };
  return { present, open };
}

/** A voucher for the next period may be paid ahead of it. */
async function paidUntil(em: Db, row: Subscription): Promise<Date | null> {
  if (row.collection !== 'voucher') return row.currentPeriodEnd;
  const { projectId, live, id: subscriptionId } = row;
  const [last] = await em.find(
    InvoiceEntity,
    { projectId, live, subscriptionId, status: { $in: paidStatuses }, periodEnd: { $ne: null } },
    { orderBy: { periodEnd: 'desc' }, limit: 1 },
  );
  return last?.periodEnd ?? row.currentPeriodEnd;
}

export async function findOperation(
  em: Db,
  scope: { readonly projectId: string; readonly live: boolean },
  id: string,
): Promise<SubscriptionChange | null> {
  return em.findOne(SubscriptionChangeEntity, { projectId: scope.projectId, live: scope.live, id }, { refresh: true });
}

/** What was asked of a subscription and has not taken effect, oldest first. */
export async function listOpenOperations(
  em: Db,
  row: Pick<Subscription, 'id' | 'projectId' | 'live'>,
): Promise<readonly SubscriptionChange[]> {
  return em.find(
    SubscriptionChangeEntity,
    {
      projectId: row.projectId,
      live: row.live,
      subscriptionId: row.id,
      status: { $in: ['requested', 'scheduled'] },
    },
    { orderBy: { id: 'asc' }, refresh: true },
  );
}

/** What a change leads to: the plan, its price, and what the provider calls that price. */
export interface ChangeTarget {
  readonly plan: Plan;
  readonly price: PriceRow;
  /** null: never pushed there, or no provider. */
  readonly providerPrice: { readonly providerProductId: string; readonly providerPriceId: string | null } | null;
}

/** @throws when there is no such price. */
export async function readChangeTarget(em: Db, row: Subscription, priceId: string): Promise<ChangeTarget> {
  const { projectId, live, provider } = row;
  const price = await em.findOneOrFail(PriceEntity, { projectId, id: priceId });
  const plan = await em.findOneOrFail(PlanEntity, { projectId, id: price.planId });
  const pushed = provider && (await em.findOne(ProviderPriceEntity, { projectId, live, provider, priceId }));
  return {
    plan,
    price,
    providerPrice: pushed
      ? { providerProductId: pushed.providerProductId, providerPriceId: pushed.providerPriceId }
      : null,
  };
}

import { SubscriptionEntity, type Subscription } from '../db/entities/payment.ts';
import type { Db } from '../db/orm.ts';
import { recordAudit } from '../db/queries/audit.ts';
import { isOver, nextSubscriptionLook, nextSubscriptionStatus } from '../domain/subscription/transition.ts';
import type { SubscriptionStatus, SubscriptionTruth } from '../domain/subscription/truth.ts';
import type { ActivityDeps } from './deps.ts';
import { keepInStep, RowMoved, touchIfChanged } from './keep-in-step.ts';
import { accountOf } from './provider-account.ts';
import { readMoneyBack } from './read-money-back.ts';
import { recordInvoice, recordMoneyBack, recordPayment, type MoneyBack, type MoneyOwner } from './record-money.ts';
import { subscriptionColumns } from './subscription-columns.ts';

export interface SettledSubscription {
  readonly status: SubscriptionStatus;
  readonly isOver: boolean;
  readonly periodStart: string | null;
  /** When to look again if no webhook comes; null: only a webhook can bring news. */
  readonly lookAt: string | null;
  readonly because: string;
}

/** Reads the provider's truth of a subscription and brings row, invoices and payments in step with it. */
export function createSettleSubscription(deps: ActivityDeps) {
  return function settleSubscription(ref: {
    readonly projectId: string;
    readonly live: boolean;
    readonly subscriptionId: string;
    /** Disputes that webhooks named. */
    readonly disputeIds?: readonly string[];
  }): Promise<SettledSubscription> {
    return keepInStep(async () => {
      const em = deps.orm.em.fork();
      const row = await em.findOneOrFail(SubscriptionEntity, { id: ref.subscriptionId, projectId: ref.projectId });
      if (row.provider === null || row.providerSubscriptionId === null) return asSettled(row, 'it costs nothing');
      const { client } = await accountOf(deps, row.projectId, row.live, row.provider);
      const { subscriptions } = client;
      if (!subscriptions) return asSettled(row, `${row.provider} has no subscriptions to read`);
      const { providerSubscriptionId, providerCustomerId } = row;
      const truth = await subscriptions.get({ providerSubscriptionId, providerCustomerId });
      if (truth === null) return asSettled(row, `${row.provider} does not know it any more`);
      const { projectId, live, provider } = row;
      const owner = { projectId, live, provider };
      const back = await readMoneyBack(em.fork(), client, owner, truth.payments, ref.disputeIds ?? []);
      return asSettled(await applySubscriptionTruth(em.fork(), row, truth, back), `${provider} says ${truth.status}`);
    });
  };
}

function applySubscriptionTruth(
  em: Db,
  read: Subscription,
  truth: SubscriptionTruth,
  back: MoneyBack,
): Promise<Subscription> {
  return em.transactional(async (tx) => {
    const row = await tx.findOneOrFail(SubscriptionEntity, { id: read.id }, { refresh: true });
    if (row.version !== read.version) throw new RowMoved();
    const before = row.status;
    if (!isOver(before)) tx.assign(row, subscriptionColumns(truth));
    row.status = nextSubscriptionStatus(before, truth);
    await recordMoney(tx, row, truth, back);
    if (row.status !== before) {
      recordAudit(tx, {
        projectId: row.projectId,
        live: row.live,
        actor: `subscription/${row.id}`,
        action: `subscription.${row.status}`,
        entityKind: 'subscription',
        entityId: row.id,
        detail: `${row.provider ?? 'no provider'} says ${truth.status}`,
        before: { status: before },
        after: { status: row.status },
      });
    }
    touchIfChanged(tx, row);
    return row;
  });
}

async function recordMoney(tx: Db, row: Subscription, truth: SubscriptionTruth, back: MoneyBack): Promise<void> {
  if (row.provider === null) return;
  const owner: MoneyOwner = {
    projectId: row.projectId,
    live: row.live,
    organizationId: row.organizationId,
    provider: row.provider,
    checkoutId: null,
    subscriptionId: row.id,
  };
  const invoices = new Map<string, Awaited<ReturnType<typeof recordInvoice>>>();
  for (const invoice of truth.invoices) {
    invoices.set(invoice.providerInvoiceId, await recordInvoice(tx, owner, invoice));
  }
  for (const payment of truth.payments) {
    await recordPayment(tx, owner, payment, invoices.get(payment.providerInvoiceId ?? '') ?? null);
  }
  await recordMoneyBack(tx, owner, back);
}

function asSettled(row: Subscription, because: string): SettledSubscription {
  const instants = {
    currentPeriodEnd: row.currentPeriodEnd?.toISOString() ?? null,
    trialEnd: row.trialEnd?.toISOString() ?? null,
    cancelAt: row.cancelAt?.toISOString() ?? null,
    resumesAt: row.resumesAt?.toISOString() ?? null,
  };
  return {
    status: row.status,
    isOver: isOver(row.status),
    periodStart: row.currentPeriodStart?.toISOString() ?? null,
    lookAt: row.provider === null ? null : nextSubscriptionLook(instants, Date.now()),
    because,
  };
}

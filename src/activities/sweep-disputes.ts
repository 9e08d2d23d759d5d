import { PaymentEntity } from '../db/entities/payment.ts';
import { ProjectEntity } from '../db/entities/project.ts';
import type { AccountKey } from '../domain/provider-account.ts';
import type { DisputeTruth } from '../domain/payment/truth.ts';
import type { ProviderClient } from '../providers/port.ts';
import type { ActivityDeps } from './deps.ts';
import { keepInStep } from './keep-in-step.ts';
import { noteDisputedSubscriptions } from './note-dispute.ts';
import { recordMoneyBack } from './record-money.ts';

/** Networks take disputes for up to this long after the payment. */
const reachMs = 120 * 86_400_000;
const pageSize = 100;

/**
 * Reads the disputes of every project's account at one provider, and records those about payments of ours. Not every
 * provider tells of disputes by webhook, and a webhook may be lost.
 */
export function createSweepDisputes(deps: ActivityDeps) {
  return async function sweepDisputes(input: { readonly provider: string }): Promise<{ readonly recorded: number }> {
    const projects = await deps.orm.em.fork().find(ProjectEntity, {}, { fields: ['id'] });
    let recorded = 0;
    for (const { id: projectId } of projects)
      for (const live of [true, false]) {
        const account = await deps.background.account(projectId, live, input.provider);
        if (!account?.client.disputes) continue;
        const disputes = await listAll(account.client.disputes);
        recorded += await record(deps, { projectId, live, provider: input.provider }, disputes);
      }
    return { recorded };
  };
}

async function listAll(disputes: NonNullable<ProviderClient['disputes']>): Promise<readonly DisputeTruth[]> {
  const createdAfter = new Date(Date.now() - reachMs).toISOString();
  const all: DisputeTruth[] = [];
  for (let cursor: string | null = null; ;) {
    const page = await disputes.list({ createdAfter, cursor, limit: pageSize });
    all.push(...page.items);
    if (page.nextCursor === null) return all;
    cursor = page.nextCursor;
  }
}

async function record(deps: ActivityDeps, owner: AccountKey, disputes: readonly DisputeTruth[]): Promise<number> {
  const ids = disputes.map(({ providerPaymentId }) => providerPaymentId);
  if (ids.length === 0) return 0;
  const payments = await deps.orm.em.fork().find(PaymentEntity, { ...owner, providerPaymentId: { $in: ids } });
  for (const payment of payments) {
    const own = disputes.filter(({ providerPaymentId }) => providerPaymentId === payment.providerPaymentId);
    await keepInStep(() =>
      deps.orm.em.fork().transactional(async (tx) => {
        await noteDisputedSubscriptions(tx, await recordMoneyBack(tx, payment, { refunds: [], disputes: own }));
      }),
    );
  }
  return payments.length;
}

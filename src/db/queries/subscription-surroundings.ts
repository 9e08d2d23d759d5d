import type { LifecyclePolicy } from '../../domain/subscription/lifecycle-policy.ts';
import { defaultLifecyclePolicy } from '../../domain/subscription/lifecycle-policy.ts';
import type { Subscription } from '../entities/subscription.ts';
import type { Db } from '../orm.ts';

/** What stands around a subscription's row when its transaction begins: what need not be read one by one if it is not there. */
export interface Surroundings {
  readonly policy: LifecyclePolicy;
  /** Something was asked of it and is not closed yet. */
  readonly hasOpenChanges: boolean;
  /** A payment of it was ever disputed. */
  readonly hasDisputes: boolean;
  /** Its plan, by whose key it is shown. */
  readonly plan: { readonly id: string; readonly key: string } | null;
  readonly entitlement: StoredEntitlement | null;
  /** What its provider calls its present price. */
  readonly providerPriceIds: readonly string[];
}

/** What `GET /billing/access` reads of it. */
export interface StoredEntitlement {
  readonly planId: string | null;
  readonly isAllowed: boolean;
  readonly reason: string;
  readonly until: string | null;
}

/** One statement, inside the transaction that has locked the row. */
export async function readSurroundings(tx: Db, row: Subscription): Promise<Surroundings> {
  const { id, projectId, live, organizationId, provider, planId, priceId } = row;
  const [found] = await tx.execute<
    {
      policy: Partial<LifecyclePolicy> | null;
      has_open_changes: boolean;
      has_disputes: boolean;
      plan_key: string | null;
      entitlement: StoredEntitlement | null;
      provider_price_ids: readonly string[];
    }[]
  >(
    `select project.lifecycle_policy as policy,
       exists (select from subscription_changes where subscription_id = ? and status in ('requested', 'scheduled'))
         as has_open_changes,
       exists (select from payments payment join disputes dispute on dispute.payment_id = payment.id
         where payment.project_id = project.id and payment.subscription_id = ?) as has_disputes,
       (select jsonb_build_object('planId', plan_id, 'isAllowed', is_allowed, 'reason', reason, 'until', until)
         from entitlements where project_id = project.id and live = ? and organization_id = ?
           and source_kind = 'subscription' and source_id = ?) as entitlement,
       (select key from plans where project_id = project.id and id = ?) as plan_key,
       (select coalesce(jsonb_agg(provider_price_id), '[]') from provider_prices
         where project_id = project.id and live = ? and provider = ? and price_id = ?) as provider_price_ids
     from projects project where project.id = ?`,
    [id, id, live, organizationId, id, planId, live, provider, priceId, projectId],
  );
  if (!found) throw new Error(`project ${projectId} is gone`);
  return {
    policy: { ...defaultLifecyclePolicy, ...found.policy },
    hasOpenChanges: found.has_open_changes,
    hasDisputes: found.has_disputes,
    entitlement: found.entitlement,
    plan: found.plan_key === null ? null : { id: planId, key: found.plan_key },
    providerPriceIds: found.provider_price_ids,
  };
}

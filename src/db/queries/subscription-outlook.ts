import type { GrantWork } from '../../domain/benefit.ts';
import type { LifecyclePolicy } from '../../domain/subscription/lifecycle-policy.ts';
import { defaultLifecyclePolicy } from '../../domain/subscription/lifecycle-policy.ts';
import type { Db } from '../orm.ts';
import { executePrepared } from '../prepared.ts';

/** What a subscription's workflow must know beside its row. */
export interface Outlook {
  /** The next of its changes that waits with us: one of ours at its time, or one that was asked and not carried out. */
  readonly operation: { readonly changeId: string; readonly at: string } | null;
  /** Benefits that wait to be given or taken. */
  readonly grants: readonly GrantWork[];
  readonly policy: LifecyclePolicy;
}

/** A request whose workflow was never told of it is carried out this long after it was made. */
const forgottenAfterMs = 120_000;

/** One prepared statement, outside transactions. */
export async function readOutlook(em: Db, projectId: string, subscriptionId: string): Promise<Outlook> {
  const [found] = await executePrepared<{
    operation: { readonly id: string; readonly at_ms: number } | null;
    grants: readonly GrantWork[];
    policy: Partial<LifecyclePolicy> | null;
  }>(em, {
    sql: `select project.lifecycle_policy as policy,
        (select jsonb_build_object('id', waiting.id, 'at_ms', floor(extract(epoch from waiting.at) * 1000))
         from (
           select id, created_at + make_interval(secs => ?) as at from subscription_changes
           where subscription_id = ? and status = 'requested'
           union all
           select id, effective_at from subscription_changes
           where subscription_id = ? and status = 'scheduled' and method in ('ours', 'recreate')
             and effective_at is not null) waiting
         order by waiting.at, waiting.id limit 1) as operation,
        (select coalesce(jsonb_agg(jsonb_build_object('grantId', id, 'version', version, 'provider', provider) order by id), '[]')
         from benefit_grants where project_id = project.id and status in ('pending', 'revoking') and source_id = ?) as grants
      from projects project where project.id = ?`,
    params: [forgottenAfterMs / 1000, subscriptionId, subscriptionId, subscriptionId, projectId],
  });
  if (!found) throw new Error(`project ${projectId} is gone`);
  const { operation, grants, policy } = found;
  return {
    operation: operation && { changeId: operation.id, at: new Date(operation.at_ms).toISOString() },
    grants,
    policy: { ...defaultLifecyclePolicy, ...policy },
  };
}

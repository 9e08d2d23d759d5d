import type { RoutingPolicy } from '../../domain/routing/policy.ts';
import type { RouteQuestion } from '../../domain/routing/route.ts';
import { RoutingPolicyEntity, type RoutingPolicyVersion } from '../entities/routing.ts';
import type { Db } from '../orm.ts';
import type { Scope } from './subscriptions.ts';

/** The project's own policies that are active in this mode, one version of each name. */
export async function readActivePolicies(em: Db, { projectId, live }: Scope): Promise<readonly RoutingPolicy[]> {
  const rows = await em.find(RoutingPolicyEntity, { projectId, live, status: 'active' });
  return rows.map(({ document }) => document);
}

/** All versions of the project's own policies, or of one: newest first within a name. */
export async function listPolicyVersions(
  em: Db,
  { projectId, live }: Scope,
  name?: string,
): Promise<readonly RoutingPolicyVersion[]> {
  return em.find(
    RoutingPolicyEntity,
    { projectId, live, ...(name !== undefined && { name }) },
    { orderBy: { name: 'asc', version: 'desc' } },
  );
}

/** In which modes a project's own policy of this name is active. */
export async function activeModes(em: Db, projectId: string, name: string): Promise<ReadonlySet<boolean>> {
  const rows = await em.find(RoutingPolicyEntity, { projectId, name, status: 'active' }, { fields: ['live'] });
  return new Set(rows.map(({ live }) => live));
}

/** One change of a project's policies at a time: versions count up, and one of a name is active. */
export async function lockPolicies(tx: Db, { projectId }: Scope): Promise<void> {
  await tx.execute('select 1 from projects where id = ? for no key update', [projectId]);
}

export async function latestVersion(em: Db, { projectId, live }: Scope, name: string): Promise<number> {
  const [row] = await em.find(
    RoutingPolicyEntity,
    { projectId, live, name },
    { orderBy: { version: 'desc' }, limit: 1, fields: ['version'] },
  );
  return row?.version ?? 0;
}

export async function findPolicyById(em: Db, { projectId, live }: Scope, id: string) {
  return em.findOne(RoutingPolicyEntity, { projectId, live, id });
}

/** Makes one version the active one of its name; null: none, so that what ships holds. Under `lockPolicies`. */
export async function switchActive(
  tx: Db,
  { projectId, live }: Scope,
  input: { readonly name: string; readonly row: RoutingPolicyVersion | null; readonly actor: string },
): Promise<void> {
  const { actor, name, row } = input;
  // Before the other becomes active: only one of a name may be.
  await tx.execute(
    `update routing_policies set status = 'retired', updated_at = now()
     where project_id = ? and live = ? and name = ? and status = 'active' and id <> ?`,
    [projectId, live, name, row?.id ?? ''],
  );
  if (row) tx.assign(row, { status: 'active', activatedAt: new Date(), activatedBy: actor });
}

export interface PastDecisionRow {
  readonly checkoutId: string;
  readonly rule: string;
  readonly provider: string | null;
  readonly asked: RouteQuestion | null;
}

/** The last decisions, newest first. Ids are in the order of time. */
export async function readPastDecisions(
  em: Db,
  { projectId, live }: Scope,
  page: { readonly before: string | null; readonly limit: number },
): Promise<readonly PastDecisionRow[]> {
  return em.execute<PastDecisionRow[]>(
    // What a rollout made of it is not the policy's doing.
    `select checkout_id as "checkoutId", coalesce(decision->'rollout'->>'policy_rule', rule) as rule,
       coalesce(decision->'rollout'->>'policy_provider', provider) as provider, asked from routing_decisions
     where project_id = ? and live = ? and (?::text is null or checkout_id < ?)
     order by checkout_id desc limit ?`,
    [projectId, live, page.before, page.before, page.limit],
  );
}

import type { GrantStatus } from '../../domain/benefit.ts';
import type { Db } from '../orm.ts';

/**
 * Plans a grant without a purchase, or finds the one that the organization has. Two at once make one: the benefit's row
 * is locked. A provider gives it where the benefit is known there and the organization is its customer.
 */
export async function addDirectGrant(
  tx: Db,
  input: {
    readonly projectId: string;
    readonly live: boolean;
    readonly organizationId: string;
    readonly benefitId: string;
    /** Of a new one. */
    readonly id: string;
  },
): Promise<{ readonly id: string; readonly isNew: boolean }> {
  const { projectId, live, organizationId, benefitId, id } = input;
  const of = [projectId, live, organizationId, benefitId];
  await tx.execute('select 1 from benefits where project_id = ? and id = ? for no key update', [projectId, benefitId]);
  const [known] = await tx.execute<{ id: string }[]>(
    `select id from benefit_grants where project_id = ? and live = ? and organization_id = ? and benefit_id = ?
       and source_kind = 'direct' and status in ('pending', 'granted') order by id limit 1`,
    of,
  );
  if (known) return { id: known.id, isNew: false };
  await tx.execute(
    `insert into benefit_grants (id, project_id, live, organization_id, benefit_id, source_kind, source_id, status, provider)
     select ?, ?, ?::boolean, ?, ?, 'direct', ?, 'pending', (
       select named.provider from provider_benefits named
       join provider_customers customer on customer.provider = named.provider and customer.project_id = named.project_id
         and customer.live = named.live and customer.organization_id = ?
       where named.project_id = ? and named.live = ? and named.benefit_id = ? order by named.provider limit 1)`,
    [id, ...of, id, organizationId, projectId, live, benefitId],
    'run',
  );
  return { id, isNew: true };
}

/** What it allows ends at once. @returns its status before; null: it was revoked, or is being revoked, already. */
export async function planRevocation(tx: Db, grantId: string): Promise<GrantStatus | null> {
  const [planned] = await tx.execute<{ before: GrantStatus }[]>(
    `with was as (select id, status from benefit_grants where id = ? for no key update)
     update benefit_grants given set status = 'revoking', version = version + 1, problem = null, updated_at = now()
     from was where given.id = was.id and was.status in ('pending', 'granted', 'failed') returning was.status as before`,
    [grantId],
  );
  await tx.execute(
    `update entitlements set is_allowed = false, reason = 'benefit_revoked', updated_at = now()
     where source_kind = 'grant' and source_id = ?
       and (project_id, live, organization_id) = (select project_id, live, organization_id from benefit_grants where id = ?)`,
    [grantId, grantId],
    'run',
  );
  return planned?.before ?? null;
}

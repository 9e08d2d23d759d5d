import type { BenefitType } from '../../domain/benefit.ts';
import {
  BenefitEntity,
  LicenseKeyEntity,
  PlanBenefitEntity,
  type Benefit,
  type LicenseKey,
} from '../entities/benefit.ts';
import type { Db } from '../orm.ts';
import type { Scope } from './subscriptions.ts';

export async function findBenefit(em: Db, projectId: string, id: string): Promise<Benefit | null> {
  return em.findOne(BenefitEntity, { projectId, id });
}

/** Newest first, one more than `limit`; archived ones too. */
export async function listBenefits(
  em: Db,
  projectId: string,
  query: { readonly type?: BenefitType; readonly before: string | null; readonly limit: number },
): Promise<readonly Benefit[]> {
  return em.find(
    BenefitEntity,
    {
      projectId,
      ...(query.type !== undefined && { type: query.type }),
      ...(query.before !== null && { id: { $lt: query.before } }),
    },
    { orderBy: { id: 'desc' }, limit: query.limit + 1 },
  );
}

export async function findBenefits(em: Db, projectId: string, ids: readonly string[]): Promise<readonly Benefit[]> {
  return ids.length === 0 ? [] : em.find(BenefitEntity, { projectId, id: { $in: [...ids] } });
}

export interface BenefitLinksRow {
  readonly planIds: readonly string[];
  readonly providerIds: Readonly<Record<string, string>>;
}

/** Which plans bring each benefit, and what providers call it in one mode. */
export async function readBenefitLinks(
  em: Db,
  scope: Scope,
  ids: readonly string[],
): Promise<ReadonlyMap<string, BenefitLinksRow>> {
  if (ids.length === 0) return new Map();
  const rows = await em.execute<({ readonly id: string } & BenefitLinksRow)[]>(
    `select benefit.id,
       (select coalesce(jsonb_agg(part.plan_id order by part.plan_id), '[]') from plan_benefits part
        where part.project_id = benefit.project_id and part.benefit_id = benefit.id) as "planIds",
       (select coalesce(jsonb_object_agg(named.provider, named.provider_benefit_id), '{}') from provider_benefits named
        where named.project_id = benefit.project_id and named.live = ? and named.benefit_id = benefit.id) as "providerIds"
     from benefits benefit where benefit.project_id = ? and benefit.id = any (?::text[])`,
    [scope.live, scope.projectId, `{${ids.join(',')}}`],
  );
  return new Map(rows.map(({ id, ...links }) => [id, links]));
}

/** A plan then brings exactly these. @returns the benefits that it brought, and those that were added or taken away. */
export async function setPlanBenefits(
  tx: Db,
  projectId: string,
  planId: string,
  benefitIds: readonly string[],
): Promise<{ readonly before: readonly string[]; readonly changed: readonly string[] }> {
  const wanted = `{${benefitIds.join(',')}}`;
  await tx.execute('select 1 from plans where project_id = ? and id = ? for no key update', [projectId, planId]);
  const had = await tx.find(PlanBenefitEntity, { projectId, planId }, { orderBy: { benefitId: 'asc' } });
  const params = [projectId, planId, wanted];
  const gone = await tx.execute<{ benefit_id: string }[]>(
    `delete from plan_benefits where project_id = ? and plan_id = ? and not (benefit_id = any (?::text[]))
     returning benefit_id`,
    params,
  );
  const added = await tx.execute<{ benefit_id: string }[]>(
    `insert into plan_benefits (project_id, plan_id, benefit_id)
     select ?, ?, wanted.id from unnest(?::text[]) as wanted (id) on conflict do nothing returning benefit_id`,
    params,
  );
  const changed = [...gone, ...added].map((row) => row.benefit_id);
  return { before: had.map(({ benefitId }) => benefitId), changed };
}

/** Keys of our own making, by grant. */
export async function listLicenseKeys(em: Db, grantIds: readonly string[]): Promise<ReadonlyMap<string, LicenseKey>> {
  if (grantIds.length === 0) return new Map();
  const rows = await em.find(LicenseKeyEntity, { grantId: { $in: [...grantIds] } });
  return new Map(rows.map((row) => [row.grantId, row]));
}

import { OrganizationEntity, type Organization } from '../entities/organization.ts';
import type { Db } from '../orm.ts';

export interface OrganizationKey {
  readonly projectId: string;
  readonly live: boolean;
  readonly id: string;
}

export async function findOrganization(em: Db, key: OrganizationKey): Promise<Organization | null> {
  return em.findOne(OrganizationEntity, { projectId: key.projectId, live: key.live, id: key.id });
}

/** An organization exists from the first call that names it. */
export async function ensureOrganization(em: Db, key: OrganizationKey): Promise<Organization> {
  const known = await findOrganization(em, key);
  if (known) return known;
  await em.execute('insert into organizations (project_id, live, id) values (?, ?, ?) on conflict do nothing', [
    key.projectId,
    key.live,
    key.id,
  ]);
  return em.findOneOrFail(OrganizationEntity, { projectId: key.projectId, live: key.live, id: key.id });
}

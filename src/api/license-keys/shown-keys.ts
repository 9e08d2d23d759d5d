import type { BenefitGrant } from '../../db/entities/benefit.ts';
import { ProviderCustomerEntity } from '../../db/entities/organization.ts';
import type { Db } from '../../db/orm.ts';
import type { ProviderClient } from '../../providers/port.ts';
import type { ApiDeps } from '../deps.ts';

/** Providers list keys of all customers, newest first; who looks for an old one finds it at the provider's portal. */
const pagesAtMost = 5;

/**
 * License keys that a provider has issued for these grants, read from it and kept nowhere: by grant. One that cannot be
 * read now is left out, and its grant shows the last letters alone.
 */
export async function readProviderKeys(
  deps: Pick<ApiDeps, 'providers' | 'logger'>,
  em: Db,
  grants: readonly BenefitGrant[],
): Promise<ReadonlyMap<string, string>> {
  const issued = grants.filter((grant) => grant.provider !== null && keyIdOf(grant) !== null);
  const found = await Promise.all(issued.map(async (grant) => [grant.id, await readKey(deps, em, grant)] as const));
  return new Map(found.flatMap(([id, key]) => (key === null ? [] : [[id, key] as const])));
}

async function readKey(
  deps: Pick<ApiDeps, 'providers' | 'logger'>,
  em: Db,
  grant: BenefitGrant,
): Promise<string | null> {
  const { projectId, live, organizationId, provider } = grant;
  if (provider === null) return null;
  try {
    const account = await deps.providers.account(projectId, live, provider);
    const owner = { projectId, live, organizationId, provider };
    const customer = await em.fork().findOne(ProviderCustomerEntity, owner);
    const licenseKeys = account?.client.licenseKeys;
    return licenseKeys && customer ? await find(licenseKeys, customer.providerCustomerId, keyIdOf(grant)) : null;
  } catch (error) {
    deps.logger.warn({ err: error, grant: grant.id }, 'a provider’s license key cannot be read now');
    return null;
  }
}

async function find(
  licenseKeys: NonNullable<ProviderClient['licenseKeys']>,
  providerCustomerId: string,
  keyId: string | null,
): Promise<string | null> {
  for (let cursor: string | null = null, pages = 0; pages < pagesAtMost; pages += 1) {
    const page: Awaited<ReturnType<typeof licenseKeys.list>> = await licenseKeys.list({
      ...{ providerCustomerId, cursor, limit: 100 },
    });
    const key = page.items.find((item) => item.providerLicenseKeyId === keyId);
    if (key || page.nextCursor === null) return key?.key ?? null;
    cursor = page.nextCursor;
  }
  return null;
}

function keyIdOf(grant: BenefitGrant): string | null {
  const { license_key_id: id } = grant.properties;
  return grant.status === 'granted' && typeof id === 'string' ? id : null;
}

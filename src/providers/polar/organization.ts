import { credentialsRejected } from '../failures.ts';
import type { JsonApi } from '../json-api.ts';
import type { AccountCheck } from '../port-records.ts';
import { pageOf, polarOrganization } from './wire.ts';

/** The organization that an access token belongs to. */
export interface PolarOrganization {
  readonly id: string;
  readonly name: string | null;
  /** ISO 4217, lower case: every product must be priced in it. */
  readonly currency: string;
}

/** An organization token sees exactly its own. */
async function readOrganization(api: JsonApi): Promise<PolarOrganization | null> {
  const page = await api.call({
    operation: 'organizations.list',
    method: 'GET',
    path: '/v1/organizations/',
    query: { limit: 1 },
    reply: pageOf(polarOrganization),
  });
  const own = page.items[0];
  return own ? { id: own.id, name: own.name ?? null, currency: own.default_presentment_currency ?? 'usd' } : null;
}

export async function checkAccount(api: JsonApi): Promise<AccountCheck> {
  const own = await readOrganization(api);
  return { providerAccountId: own?.id ?? null, name: own?.name ?? null };
}

/** Read once per account: it never changes. A failure is not remembered. */
export function rememberOrganization(api: JsonApi): () => Promise<PolarOrganization> {
  let known: PolarOrganization | null = null;
  return async () => {
    known ??= await readOrganization(api);
    if (known) return known;
    throw credentialsRejected({ provider: 'polar', status: 200, providerCode: 'no_organization' });
  };
}

import { createHash } from 'node:crypto';
import { OrganizationEntity, ProviderCustomerEntity } from '../db/entities/organization.ts';
import { ProjectEntity } from '../db/entities/project.ts';
import type { Db } from '../db/orm.ts';
import { linkProviderCustomer } from '../db/queries/provider-objects.ts';
import { contactOf } from '../domain/contact.ts';
import type { CustomerInput, ProviderClient } from '../providers/port.ts';
import { callKey } from './call-key.ts';

/** Whom a provider shall know, and where. */
export interface CustomerOf {
  readonly projectId: string;
  readonly live: boolean;
  readonly organizationId: string;
  readonly provider: string;
}

/** The organization as a provider is told of it, read from rows: personal data never passes through a history. */
export async function readCustomer(em: Db, of: CustomerOf): Promise<CustomerInput> {
  const { projectId, live, organizationId, provider } = of;
  const [organization, project, known] = await Promise.all([
    em.fork().findOneOrFail(OrganizationEntity, { projectId, live, id: organizationId }),
    em.fork().findOneOrFail(ProjectEntity, { id: projectId }),
    em.fork().findOne(ProviderCustomerEntity, { projectId, live, organizationId, provider }),
  ]);
  return {
    organizationId,
    providerCustomerId: known?.providerCustomerId ?? null,
    ...contactOf(organization, project.defaultPhone),
    address: null,
  };
}

/**
 * The organization's customer at a provider: ours, else the one that the provider has by our id, else a new one.
 * Safe to repeat: the key is made of the organization and what is sent of it.
 *
 * @throws {BillingError} the provider's refusal (a contact it needs), or `unavailable`
 */
export async function ensureProviderCustomer(em: Db, client: ProviderClient, of: CustomerOf): Promise<CustomerInput> {
  const customer = await readCustomer(em, of);
  if (customer.providerCustomerId !== null) return customer;
  const sent = createHash('sha256').update(JSON.stringify(customer)).digest('base64url');
  const { providerCustomerId } =
    (await client.customers.find(of.organizationId)) ??
    (await client.customers.create({
      ...customer,
      idempotencyKey: callKey({ ...of, operation: 'customers.create', businessId: `${of.organizationId}/${sent}` }),
    }));
  await linkProviderCustomer(em, of, of.provider, providerCustomerId);
  return { ...customer, providerCustomerId };
}

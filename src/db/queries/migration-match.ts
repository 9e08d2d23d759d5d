import { OrganizationEntity } from '../entities/organization.ts';
import type { Db } from '../orm.ts';
import { arrayOf } from './provider-objects.ts';
import type { Scope } from './subscriptions.ts';

/** Who of ours a subscription of a provider belongs to, by our own rows. */
export interface KnownOwner {
  readonly providerSubscriptionId: string;
  /** Our row of it; null: we have none. */
  readonly subscriptionId: string | null;
  /** null: our rows do not say, or name several. */
  readonly organizationId: string | null;
}

/** Our row of the subscription says it; else the customer does, where it is one organization's alone. */
export async function findKnownOwners(
  em: Db,
  account: Scope & { readonly provider: string },
  asked: readonly { readonly providerSubscriptionId: string; readonly providerCustomerId: string | null }[],
): Promise<ReadonlyMap<string, KnownOwner>> {
  const { projectId, live, provider } = account;
  const rows = await em.execute<KnownOwner[]>(
    `select asked.subscription as "providerSubscriptionId", own.id as "subscriptionId",
       coalesce(own.organization_id, customer.organization_id) as "organizationId"
     from unnest(?::text[], ?::text[]) as asked (subscription, customer)
     left join lateral (
       select id, organization_id from subscriptions
       where project_id = ? and live = ? and provider = ? and provider_subscription_id = asked.subscription
       order by id desc limit 1) own on true
     left join lateral (
       select min(organization_id) as organization_id from provider_customers
       where project_id = ? and live = ? and provider = ? and provider_customer_id = asked.customer
       having count(*) = 1) customer on true`,
    [
      arrayOf(asked.map((one) => one.providerSubscriptionId)),
      arrayOf(asked.map((one) => one.providerCustomerId ?? '')),
      ...[projectId, live, provider, projectId, live, provider],
    ],
  );
  return new Map(rows.map((row) => [row.providerSubscriptionId, row]));
}

/** Those of these organizations that exist, and whether we know an e-mail of theirs. */
export async function findReachable(
  em: Db,
  { projectId, live }: Scope,
  ids: readonly string[],
): Promise<ReadonlyMap<string, { readonly hasEmail: boolean }>> {
  const rows = await em.find(
    OrganizationEntity,
    { projectId, live, id: { $in: [...new Set(ids)] } },
    { fields: ['id', 'email'] },
  );
  return new Map(rows.map(({ id, email }) => [id, { hasEmail: email !== null }]));
}

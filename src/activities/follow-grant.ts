import { ProviderBenefitEntity, type BenefitGrant } from '../db/entities/benefit.ts';
import { ProviderCustomerEntity } from '../db/entities/organization.ts';
import { InvoiceEntity, OrderEntity } from '../db/entities/payment.ts';
import { SubscriptionEntity } from '../db/entities/subscription.ts';
import type { Db } from '../db/orm.ts';
import type { ProviderClient } from '../providers/port.ts';
import { callKey } from './call-key.ts';
import type { ActivityDeps } from './deps.ts';
import { accountOf } from './provider-account.ts';
import type { GrantOutcome } from './settle-grant.ts';

type BenefitOperations = NonNullable<ProviderClient['benefits']>;
type BenefitGrantTruth = Awaited<ReturnType<BenefitOperations['grants']>>['items'][number];

/** A customer has a few; who has more than this is looked through in part. */
const pagesAtMost = 20;

/** How a provider names the purchase that brings the benefit; null: it cannot be told. */
interface Bought {
  readonly providerCustomerId: string | null;
  readonly providerSubscriptionId: string | null;
  readonly providerInvoiceId: string | null;
}

/**
 * Reads how a grant stands at the provider that gives the benefit with its product. Only a direct grant is asked for;
 * the others follow what was bought, and are waited for.
 */
export async function followGrant(deps: ActivityDeps, em: Db, grant: BenefitGrant): Promise<GrantOutcome> {
  const provider = grant.provider ?? '';
  const { projectId, live, benefitId } = grant;
  const { benefits } = (await accountOf(deps, projectId, live, provider)).client;
  const mapping = await em.findOne(ProviderBenefitEntity, { projectId, live, benefitId, provider });
  if (!benefits || !mapping) return withoutProvider(grant);
  const bought = await findBought(em, grant);
  if (bought.providerCustomerId === null) return withoutProvider(grant);
  const target = { providerCustomerId: bought.providerCustomerId, providerBenefitId: mapping.providerBenefitId };
  const asked = grant.sourceKind === 'direct' ? { ...bought, ...(await ask(benefits, grant, target)) } : bought;
  const theirs = await findTheirs(benefits, grant, target, asked);
  return grant.status === 'pending' ? given(theirs) : takenBack(theirs);
}

function withoutProvider(grant: BenefitGrant): GrantOutcome {
  if (grant.status === 'revoking') return { is: 'revoked' };
  return { is: 'waiting', problem: 'The provider does not know the benefit or the customer (any more).' };
}

function given(theirs: BenefitGrantTruth | null): GrantOutcome {
  if (theirs === null) return { is: 'waiting', problem: 'The provider has not granted it yet.' };
  const { isGranted, providerGrantId, properties, problem } = theirs;
  if (!isGranted) return { is: 'waiting', problem: problem ?? 'The provider has not granted it yet.' };
  return { is: 'granted', providerGrantId, properties, problem };
}

function takenBack(theirs: BenefitGrantTruth | null): GrantOutcome {
  if (theirs?.isGranted) return { is: 'waiting', problem: 'The provider still grants it: it ends with its purchase.' };
  return { is: 'revoked' };
}

async function ask(
  benefits: BenefitOperations,
  grant: BenefitGrant,
  target: { readonly providerCustomerId: string; readonly providerBenefitId: string },
): Promise<{ readonly providerSubscriptionId: string | null }> {
  const isPending = grant.status === 'pending';
  const idempotencyKey = callKey({
    ...{ projectId: grant.projectId, provider: grant.provider ?? '', businessId: grant.id },
    ...{ operation: isPending ? 'benefits.grant' : 'benefits.revoke', generation: grant.version },
  });
  if (isPending) return benefits.grant({ ...target, idempotencyKey });
  await benefits.revoke({ ...target, idempotencyKey });
  return { providerSubscriptionId: null };
}

/** The newest of this benefit that came with this purchase. */
async function findTheirs(
  benefits: BenefitOperations,
  grant: BenefitGrant,
  target: { readonly providerCustomerId: string; readonly providerBenefitId: string },
  bought: Bought,
): Promise<BenefitGrantTruth | null> {
  const isIt = (truth: BenefitGrantTruth) => {
    if (truth.providerBenefitId !== target.providerBenefitId) return false;
    // Given anew, it may have another id there.
    if (grant.status === 'revoking' && grant.providerGrantId !== null)
      return truth.providerGrantId === grant.providerGrantId;
    if (bought.providerSubscriptionId !== null) return truth.providerSubscriptionId === bought.providerSubscriptionId;
    return bought.providerInvoiceId !== null && truth.providerInvoiceId === bought.providerInvoiceId;
  };
  for (let cursor: string | null = null, pages = 0; pages < pagesAtMost; pages += 1) {
    const { providerCustomerId } = target;
    const page: Awaited<ReturnType<BenefitOperations['grants']>> = await benefits.grants({
      ...{ providerCustomerId, cursor, limit: 100 },
    });
    const found = page.items.find(isIt);
    if (found || page.nextCursor === null) return found ?? null;
    cursor = page.nextCursor;
  }
  return null;
}

async function findBought(em: Db, grant: BenefitGrant): Promise<Bought> {
  const { projectId, live, organizationId, sourceId } = grant;
  const provider = grant.provider ?? '';
  const customer = await em.findOne(ProviderCustomerEntity, { projectId, live, organizationId, provider });
  const known = { providerCustomerId: customer?.providerCustomerId ?? null };
  const none = { ...known, providerSubscriptionId: null, providerInvoiceId: null };
  switch (grant.sourceKind) {
    case 'direct':
      return none;
    case 'subscription': {
      const row = await em.findOneOrFail(SubscriptionEntity, { id: sourceId });
      const providerCustomerId = row.providerCustomerId ?? known.providerCustomerId;
      return { ...none, providerCustomerId, providerSubscriptionId: row.providerSubscriptionId };
    }
    case 'order': {
      const order = await em.findOneOrFail(OrderEntity, { id: sourceId });
      const invoice =
        order.invoiceId === null ? null : await em.findOne(InvoiceEntity, { projectId, id: order.invoiceId });
      return { ...none, providerInvoiceId: invoice?.providerInvoiceId ?? null };
    }
  }
}

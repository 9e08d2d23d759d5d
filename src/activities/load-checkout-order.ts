import type { Checkout } from '../db/entities/checkout.ts';
import { OrganizationEntity, ProviderCustomerEntity } from '../db/entities/organization.ts';
import { PlanEntity, PriceEntity, ProviderPriceEntity } from '../db/entities/plan.ts';
import { ProjectEntity } from '../db/entities/project.ts';
import type { Db } from '../db/orm.ts';
import type { CheckoutLine, CreateCheckoutInput } from '../providers/port.ts';

/** Everything a provider needs to open the page, from rows: personal data never passes through a history. */
export async function loadCheckoutOrder(
  em: Db,
  row: Checkout,
  provider: string,
): Promise<Omit<CreateCheckoutInput, 'idempotencyKey' | 'paymentMethods'>> {
  const owner = { projectId: row.projectId, live: row.live };
  const [line, organization, customer, project] = await Promise.all([
    loadLine(em.fork(), row, provider),
    em.fork().findOne(OrganizationEntity, { ...owner, id: row.organizationId }),
    em.fork().findOne(ProviderCustomerEntity, { ...owner, organizationId: row.organizationId, provider }),
    em.fork().findOneOrFail(ProjectEntity, { id: row.projectId }),
  ]);
  const email = row.email ?? organization?.email ?? null;
  return {
    checkoutId: row.id,
    mode: row.mode,
    line,
    customer: {
      organizationId: row.organizationId,
      providerCustomerId: customer?.providerCustomerId ?? null,
      email,
      name: row.name ?? organization?.name ?? email?.split('@')[0] ?? null,
      phone: row.phone ?? organization?.phone ?? project.defaultPhone,
      address: addressOf(row),
    },
    successUrl: row.successUrl,
    cancelUrl: row.cancelUrl,
    voucherExpiresAt: row.voucherExpiresAt?.toISOString() ?? null,
    discountCode: row.discountCode,
    trialDays: row.trialDays,
    locale: row.locale,
    embedOrigin: row.embedOrigin,
    metadata: {
      ...row.metadata,
      checkout_id: row.id,
      organization_id: row.organizationId,
      project_id: row.projectId,
    },
  };
}

async function loadLine(em: Db, row: Checkout, provider: string): Promise<CheckoutLine | null> {
  if (row.planId === null || row.priceId === null) return null;
  const plan = await em.findOneOrFail(PlanEntity, { id: row.planId, projectId: row.projectId });
  const price = await em.findOneOrFail(PriceEntity, { id: row.priceId, projectId: row.projectId });
  const pushed = await em.findOne(ProviderPriceEntity, {
    projectId: row.projectId,
    live: row.live,
    priceId: row.priceId,
    provider,
  });
  return {
    name: plan.name,
    description: plan.description,
    unitAmount: { amountMinor: price.amountMinor, currency: price.currency },
    quantity: row.quantity,
    billingInterval: price.billingInterval,
    digital: plan.digital,
    providerPrice: pushed,
  };
}

function addressOf(row: Checkout): CreateCheckoutInput['customer']['address'] {
  const address = row.billingAddress;
  if (address === null) return null;
  const { postal_code: postalCode, ...rest } = address;
  return { ...rest, postalCode };
}

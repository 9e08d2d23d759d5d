import { PaymentMethodEntity } from '../db/entities/payment-method.ts';
import { PlanEntity, PriceEntity, ProviderPriceEntity } from '../db/entities/plan.ts';
import type { Subscription } from '../db/entities/subscription.ts';
import type { Db } from '../db/orm.ts';
import { BillingError } from '../domain/errors.ts';
import type { CheckoutLine, CustomerInput, ProviderClient } from '../providers/port.ts';
import type { CreateSubscriptionInput } from '../providers/port-subscriptions.ts';
import { ensureProviderCustomer } from './ensure-provider-customer.ts';

type DirectSubscription = Omit<Subscription, 'provider'> & { readonly provider: string };

/** A subscription as its provider is asked for it, but for the key. */
export interface SubscriptionOrder extends Omit<CreateSubscriptionInput, 'idempotencyKey' | 'customer'> {
  readonly provider: string;
  readonly customer: CustomerInput & { readonly providerCustomerId: string };
}

/**
 * Everything a provider needs to begin a subscription, from rows; its customer is made first where there is none.
 *
 * @throws {BillingError} `payment_method_not_found` (invalid): it was taken away meanwhile; refusals of the customer.
 */
export async function subscriptionOrder(
  em: Db,
  client: ProviderClient,
  row: DirectSubscription,
): Promise<SubscriptionOrder> {
  const method = await methodOf(em, row);
  const customer = await ensureProviderCustomer(em, client, row);
  // A method hangs at the customer it was saved with.
  const providerCustomerId = method?.providerCustomerId ?? customer.providerCustomerId;
  if (providerCustomerId === null) throw new Error(`${row.provider} made no customer for ${row.organizationId}`);
  return {
    provider: row.provider,
    subscriptionId: row.id,
    customer: { ...customer, providerCustomerId },
    line: await lineOf(em, row),
    providerPaymentMethodId: method?.providerPaymentMethodId ?? null,
    trialEnd: row.trialEnd?.toISOString() ?? null,
    metadata: {
      ...row.metadata,
      subscription_id: row.id,
      organization_id: row.organizationId,
      project_id: row.projectId,
    },
  };
}

async function methodOf(em: Db, row: DirectSubscription) {
  const { projectId, live, provider, paymentMethodId: id } = row;
  if (id === null) return null;
  const method = await em.fork().findOne(PaymentMethodEntity, { projectId, live, provider, id, status: 'active' });
  if (method?.providerPaymentMethodId) return method;
  throw new BillingError({
    code: 'payment_method_not_found',
    kind: 'invalid',
    message: 'The stored payment method was removed before the subscription began.',
  });
}

async function lineOf(em: Db, { projectId, live, planId, priceId, provider, quantity }: DirectSubscription) {
  const [plan, price, pushed] = await Promise.all([
    em.fork().findOneOrFail(PlanEntity, { projectId, id: planId }),
    em.fork().findOneOrFail(PriceEntity, { projectId, id: priceId }),
    em.fork().findOne(ProviderPriceEntity, { projectId, live, priceId, provider }),
  ]);
  const line: CheckoutLine = {
    ...{ name: plan.name, description: plan.description, digital: plan.digital, quantity },
    unitAmount: { amountMinor: price.amountMinor, currency: price.currency },
    billingInterval: price.billingInterval,
    providerPrice: pushed && { providerProductId: pushed.providerProductId, providerPriceId: pushed.providerPriceId },
  };
  return line;
}

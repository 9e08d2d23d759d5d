import type { JsonApi } from '../json-api.ts';
import type { BenefitOperations } from '../port-catalog.ts';
import { missing } from './errors.ts';
import { GRANT_MARK } from './map-catalog.ts';
import type { PolarOrganization } from './organization.ts';
import { MAX_PAGE, readAll } from './paging.ts';
import { setProductBenefits } from './product-benefits.ts';
import { polarBenefit } from './wire-benefits.ts';
import { polarSubscription, type PolarSubscription } from './wire-money.ts';
import { pageOf, polarProduct, type PolarProduct } from './wire.ts';

/** A grant in force: it ends with its subscription. */
const LIVE = ['active', 'trialing', 'past_due', 'paused', 'incomplete'];

/**
 * Giving a benefit without a purchase. Polar's grants cannot be made: they follow products. So each benefit given
 * this way has one hidden, free, recurring product that brings only it, and a grant is a subscription to that.
 *
 * Every step looks first, so that a call cut short is finished by the next one.
 */
export function createDirectGrants(
  api: JsonApi,
  organization: () => Promise<PolarOrganization>,
): Pick<BenefitOperations, 'grant' | 'revoke'> {
  return {
    async grant({ providerCustomerId, providerBenefitId }) {
      const product =
        (await findProduct(api, providerBenefitId)) ??
        (await createProduct(api, providerBenefitId, (await organization()).currency));
      if (!product.benefits.some(({ id }) => id === providerBenefitId))
        await setProductBenefits(api, product.id, [providerBenefitId]);
      const [given] = await grantsOf(api, providerCustomerId, product.id);
      const subscription = given ?? (await subscribe(api, providerCustomerId, product.id, providerBenefitId));
      return { providerSubscriptionId: subscription.id };
    },
    async revoke({ providerCustomerId, providerBenefitId }) {
      const product = await findProduct(api, providerBenefitId);
      if (!product) return;
      for (const { id } of await grantsOf(api, providerCustomerId, product.id)) {
        await api.find({
          operation: 'subscriptions.update',
          method: 'PATCH',
          path: `/v1/subscriptions/${encodeURIComponent(id)}`,
          body: { revoke: true },
          reply: polarSubscription,
        });
      }
    },
  };
}

async function findProduct(api: JsonApi, benefitId: string): Promise<PolarProduct | null> {
  const page = await api.call({
    operation: 'products.list',
    method: 'GET',
    path: '/v1/products/',
    query: { [`metadata[${GRANT_MARK}]`]: benefitId, is_archived: false, limit: MAX_PAGE },
    reply: pageOf(polarProduct),
  });
  return page.items.find((item) => item.metadata[GRANT_MARK] === benefitId && !item.is_archived) ?? null;
}

async function createProduct(api: JsonApi, benefitId: string, currency: string): Promise<PolarProduct> {
  const benefit = await api.find({
    operation: 'benefits.get',
    method: 'GET',
    path: `/v1/benefits/${encodeURIComponent(benefitId)}`,
    reply: polarBenefit,
  });
  if (!benefit) throw missing('benefit');
  return api.call({
    operation: 'products.create',
    method: 'POST',
    path: '/v1/products/',
    body: {
      name: benefit.description.slice(0, 64),
      visibility: 'private',
      recurring_interval: 'month',
      // 0 is Polar's "free"; every product must be priced in the organization's own currency.
      prices: [{ amount_type: 'fixed', price_amount: 0, price_currency: currency }],
      metadata: { [GRANT_MARK]: benefitId },
    },
    reply: polarProduct,
  });
}

async function grantsOf(api: JsonApi, customerId: string, productId: string): Promise<readonly PolarSubscription[]> {
  return readAll(api, {
    operation: 'subscriptions.list',
    path: '/v1/subscriptions/',
    query: { customer_id: customerId, product_id: productId, status: LIVE, sorting: 'started_at' },
    item: polarSubscription,
  });
}

async function subscribe(
  api: JsonApi,
  customerId: string,
  productId: string,
  benefitId: string,
): Promise<PolarSubscription> {
  return api.call({
    operation: 'subscriptions.create',
    method: 'POST',
    path: '/v1/subscriptions/',
    body: { product_id: productId, customer_id: customerId, metadata: { [GRANT_MARK]: benefitId } },
    reply: polarSubscription,
  });
}

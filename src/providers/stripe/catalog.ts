import { z } from 'zod';
import { rejected } from '../failures.ts';
import type { Budget } from '../http.ts';
import type { CallKey, ProviderPrice } from '../port.ts';
import type { CatalogItem, CatalogOperations, CatalogPriceInput } from '../port-catalog.ts';
import { fromStripeAmount, toStripeAmount } from './amount.ts';
import type { StripeApi } from './client.ts';
import { isStripeCode } from './errors.ts';
import { pageOf, pageParams } from './page.ts';
import { expanded, idOf, listOf, stripePrice, stripeProduct, type StripePrice } from './wire.ts';

/** A product per plan under an id of ours, a price per price under a lookup key of ours; both are found again by it. */
export function createStripeCatalog(api: StripeApi): Required<CatalogOperations> {
  return {
    async ensurePrice(input) {
      if (input.unitAmount.amountMinor === 0) return null;
      const budget = api.budget();
      const listed = await api.call({
        operation: 'prices.list',
        reply: listOf(stripePrice),
        budget,
        send: (stripe, options) => stripe.prices.list({ lookup_keys: [input.priceId], limit: 1 }, options),
      });
      const found = listed.data.find((price) => price.active && isSameAmount(price, input));
      if (found) return priceOf(found);
      await ensureProduct(api, input, budget);
      const created = await api.call({
        operation: 'prices.create',
        reply: stripePrice,
        budget,
        key: `${input.idempotencyKey}:price`,
        isRepeatable: true,
        send: (stripe, options) =>
          stripe.prices.create(
            {
              product: productId(input),
              currency: input.unitAmount.currency.toLowerCase(),
              unit_amount: toStripeAmount(input.unitAmount),
              lookup_key: input.priceId,
              // A price cannot change its amount; the key moves from the old one.
              transfer_lookup_key: true,
              metadata: { price_id: input.priceId, plan_id: input.planId },
              ...(input.billingInterval === null
                ? {}
                : {
                    recurring: {
                      interval: input.billingInterval === 'monthly' ? ('month' as const) : ('year' as const),
                    },
                  }),
            },
            options,
          ),
      });
      return priceOf(created);
    },
    async get({ providerPriceId }) {
      const price = providerPriceId === null ? null : await readPrice(api, providerPriceId, api.budget());
      return price && (itemOf(price)[0] ?? null);
    },
    /** Without what our intervals and fixed amounts cannot say: weeks, quarters, tiers. */
    async list(query) {
      const found = await api.call({
        operation: 'prices.list',
        reply: listOf(stripePrice),
        budget: api.budget(),
        send: (stripe, options) => stripe.prices.list({ expand: ['data.product'], ...pageParams(query) }, options),
      });
      return pageOf(found, itemOf);
    },
    update: (price, input) => updateItem(api, price, input),
  };
}

/** Name and description are the product's; what is sold is the price, since a product has several of them. */
async function updateItem(
  api: StripeApi,
  price: ProviderPrice,
  input: { readonly name: string; readonly description: string | null; readonly isActive: boolean } & CallKey,
): Promise<CatalogItem> {
  const { providerProductId, providerPriceId } = price;
  const budget = api.budget();
  if (providerPriceId === null) throw rejected({ provider: 'stripe', status: null, providerCode: 'price_missing' });
  await api.call({
    operation: 'products.update',
    reply: stripeProduct,
    budget,
    send: (stripe, options) =>
      stripe.products.update(
        providerProductId,
        // Archiving the product would take its other prices off sale too.
        { name: input.name, description: input.description ?? '', ...(input.isActive ? { active: true } : {}) },
        options,
      ),
  });
  await api.call({
    operation: 'prices.update',
    reply: stripePrice,
    budget,
    send: (stripe, options) => stripe.prices.update(providerPriceId, { active: input.isActive }, options),
  });
  const updated = await readPrice(api, providerPriceId, budget);
  const item = updated && itemOf(updated)[0];
  if (!item) throw rejected({ provider: 'stripe', status: 200, providerCode: 'price_not_ours' });
  return item;
}

async function readPrice(api: StripeApi, id: string, budget: Budget): Promise<StripePrice | null> {
  return api.find({
    operation: 'prices.get',
    reply: stripePrice,
    budget,
    send: (stripe, options) => stripe.prices.retrieve(id, { expand: ['product'] }, options),
  });
}

function itemOf(price: StripePrice): readonly CatalogItem[] {
  const product = expanded(price.product);
  const billingInterval = intervalOf(price);
  if (product === null || !('name' in product) || price.unit_amount == null || billingInterval === undefined) return [];
  return [
    {
      ...priceOf(price),
      priceId: price.metadata?.price_id ?? price.lookup_key ?? null,
      name: product.name,
      description: product.description ?? null,
      unitAmount: fromStripeAmount(price.unit_amount, price.currency),
      billingInterval,
      isActive: price.active && product.active,
    },
  ];
}

/** undefined: an interval that we have no word for. */
function intervalOf({ recurring }: StripePrice): CatalogItem['billingInterval'] | undefined {
  if (recurring == null) return null;
  if (recurring.interval_count !== 1) return undefined;
  return recurring.interval === 'month' ? 'monthly' : recurring.interval === 'year' ? 'yearly' : undefined;
}

async function ensureProduct(api: StripeApi, input: CatalogPriceInput, budget: Budget): Promise<void> {
  try {
    await api.call({
      operation: 'products.create',
      reply: z.object({ id: z.string() }),
      budget,
      key: `${input.idempotencyKey}:product`,
      isRepeatable: true,
      send: (stripe, options) =>
        stripe.products.create(
          {
            id: productId(input),
            name: input.name,
            ...(input.description === null ? {} : { description: input.description }),
            metadata: { plan_id: input.planId, plan_key: input.planKey },
          },
          options,
        ),
    });
  } catch (error) {
    if (!isStripeCode(error, 'resource_already_exists')) throw error;
  }
}

function productId(input: CatalogPriceInput): string {
  return `plinto_${input.planId}`;
}

function isSameAmount(price: StripePrice, input: CatalogPriceInput): boolean {
  const { amountMinor, currency } = input.unitAmount;
  if (price.unit_amount == null) return false;
  const amount = fromStripeAmount(price.unit_amount, price.currency);
  return amount.amountMinor === amountMinor && amount.currency === currency;
}

function priceOf(price: StripePrice): ProviderPrice {
  return { providerProductId: idOf(price.product) ?? '', providerPriceId: price.id };
}

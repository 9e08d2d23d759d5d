import { z } from 'zod';
import type { Budget } from '../http.ts';
import type { CatalogPriceInput, ProviderClient, ProviderPrice } from '../port.ts';
import { fromStripeAmount, toStripeAmount } from './amount.ts';
import type { StripeApi } from './client.ts';
import { isStripeCode } from './errors.ts';
import { idOf, listOf, stripePrice } from './wire.ts';

/** A product per plan under an id of ours, a price per price under a lookup key of ours; both are found again by it. */
export function createStripeCatalog(api: StripeApi): NonNullable<ProviderClient['catalog']> {
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
  };
}

async function ensureProduct(api: StripeApi, input: CatalogPriceInput, budget: Budget): Promise<void> {
  try {
    await api.call({
      operation: 'products.create',
      reply: z.object({ id: z.string() }),
      budget,
      key: `${input.idempotencyKey}:product`,
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

function isSameAmount(price: z.output<typeof stripePrice>, input: CatalogPriceInput): boolean {
  const { amountMinor, currency } = input.unitAmount;
  if (price.unit_amount == null) return false;
  const amount = fromStripeAmount(price.unit_amount, price.currency);
  return amount.amountMinor === amountMinor && amount.currency === currency;
}

function priceOf(price: z.output<typeof stripePrice>): ProviderPrice {
  return { providerProductId: idOf(price.product) ?? '', providerPriceId: price.id };
}

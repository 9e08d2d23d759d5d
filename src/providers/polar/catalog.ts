import type { JsonApi } from '../json-api.ts';
import type { CatalogPriceInput, ProviderClient, ProviderPrice } from '../port.ts';
import { pageOf, polarProduct } from './wire.ts';

/**
 * One product per price, since Polar fixes a product's interval for ever. Found again by `metadata.price_id`: there is
 * no idempotency key, so the list is read first, and two pushes at the very same moment could still make two.
 */
export function createPolarCatalog(api: JsonApi): NonNullable<ProviderClient['catalog']> {
  return {
    async ensurePrice(input) {
      if (input.unitAmount.amountMinor === 0) return null;
      const budget = api.budget();
      const listed = await api.call({
        operation: 'products.list',
        method: 'GET',
        path: '/v1/products/',
        query: { 'metadata[price_id]': input.priceId, is_archived: false, limit: 100 },
        reply: pageOf(polarProduct),
        budget,
      });
      const found = listed.items.find((product) => product.metadata.price_id === input.priceId && !product.is_archived);
      if (found) return priceOf(found);
      const created = await api.call({
        operation: 'products.create',
        method: 'POST',
        path: '/v1/products/',
        body: bodyOf(input),
        reply: polarProduct,
        budget,
      });
      return priceOf(created);
    },
  };
}

function bodyOf(input: CatalogPriceInput): Record<string, unknown> {
  // 3–64 characters.
  const name = (input.name.length < 3 ? `${input.name} (${input.planKey})` : input.name).slice(0, 64);
  return {
    name,
    ...(input.description === null ? {} : { description: input.description }),
    // The trial is the checkout's, not the product's: a product's own would apply unasked.
    recurring_interval: input.billingInterval === null ? null : input.billingInterval === 'monthly' ? 'month' : 'year',
    prices: [
      {
        amount_type: 'fixed',
        price_amount: input.unitAmount.amountMinor,
        price_currency: input.unitAmount.currency.toLowerCase(),
      },
    ],
    metadata: { price_id: input.priceId, plan_id: input.planId },
  };
}

function priceOf(product: { readonly id: string; readonly prices: readonly { readonly id: string }[] }): ProviderPrice {
  return { providerProductId: product.id, providerPriceId: product.prices[0]?.id ?? null };
}

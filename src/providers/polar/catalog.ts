import type { JsonApi } from '../json-api.ts';
import type { CatalogItem, CatalogOperations, CatalogPriceInput } from '../port-catalog.ts';
import type { ProviderPrice } from '../port.ts';
import { missing } from './errors.ts';
import { mapProduct } from './map-catalog.ts';
import { MAX_PAGE, readPage } from './paging.ts';
import { pageOf, polarProduct, type PolarProduct } from './wire.ts';

/**
 * One product per price, since Polar fixes a product's interval for ever. Found again by `metadata.price_id`: there is
 * no idempotency key, so the list is read first, and two pushes at the very same moment could still make two.
 */
export function createPolarCatalog(api: JsonApi): CatalogOperations {
  return {
    ensurePrice: (input) => ensurePrice(api, input),
    async get(price) {
      const product = await findProduct(api, price.providerProductId);
      return product && itemOf(product, price);
    },
    async list(query) {
      const page = await readPage(
        api,
        { operation: 'products.list', path: '/v1/products/', query: { sorting: '-created_at' }, item: polarProduct },
        query,
      );
      return { items: page.items.flatMap(mapProduct), nextCursor: page.nextCursor };
    },
    async update(price, { name, description, isActive }) {
      const product = await api.call({
        operation: 'products.update',
        method: 'PATCH',
        path: `/v1/products/${encodeURIComponent(price.providerProductId)}`,
        body: { name: nameOf(name, 'plan'), description, is_archived: !isActive },
        reply: polarProduct,
      });
      const item = itemOf(product, price);
      if (!item) throw missing('price');
      return item;
    },
  };
}

async function ensurePrice(api: JsonApi, input: CatalogPriceInput): Promise<ProviderPrice | null> {
  if (input.unitAmount.amountMinor === 0) return null;
  const budget = api.budget();
  const listed = await api.call({
    operation: 'products.list',
    method: 'GET',
    path: '/v1/products/',
    query: { 'metadata[price_id]': input.priceId, is_archived: false, limit: MAX_PAGE },
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
}

function bodyOf(input: CatalogPriceInput): Record<string, unknown> {
  return {
    name: nameOf(input.name, input.planKey),
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

/** Polar wants 3–64 characters. */
export function nameOf(name: string, addition: string): string {
  return (name.length < 3 ? `${name} (${addition})` : name).slice(0, 64);
}

function priceOf(product: PolarProduct): ProviderPrice {
  return { providerProductId: product.id, providerPriceId: product.prices[0]?.id ?? null };
}

/** The price asked for; without one, the product's first. */
function itemOf(product: PolarProduct, { providerPriceId }: ProviderPrice): CatalogItem | null {
  const items = mapProduct(product);
  return items.find((item) => providerPriceId === null || item.providerPriceId === providerPriceId) ?? null;
}

async function findProduct(api: JsonApi, id: string): Promise<PolarProduct | null> {
  return api.find({
    operation: 'products.get',
    method: 'GET',
    path: `/v1/products/${encodeURIComponent(id)}`,
    reply: polarProduct,
  });
}

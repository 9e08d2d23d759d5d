import type { BillingInterval } from '../../domain/catalogue.ts';
import { BillingError } from '../../domain/errors.ts';
import { notSupported, OutcomeUnknownError, rejected } from '../failures.ts';
import type { CatalogItem, CatalogOperations, CatalogPriceInput } from '../port-catalog.ts';
import type { ProviderPrice } from '../port.ts';
import { moneyOf, toMajor } from './amount.ts';
import { isOnlyAmongArchived } from './archived.ts';
import type { FungiesApi } from './client.ts';
import { readEverything, readSkipPage } from './paging.ts';
import { readOffer } from './read-subscription.ts';
import {
  doneReply,
  offerPage,
  offerReply,
  planReply,
  productPage,
  productReply,
  type FungiesOffer,
  type FungiesProduct,
} from './wire.ts';

/**
 * A product per plan and an offer per price, found again by our ids (`externalId` when written, `internalId` when
 * read). Free prices are not sold here (null).
 */
export function createFungiesCatalog(api: FungiesApi): CatalogOperations & Required<Pick<CatalogOperations, 'update'>> {
  return {
    async ensurePrice(input) {
      if (input.unitAmount.amountMinor === 0) return null;
      const product = (await findProduct(api, input)) ?? (await createProduct(api, input));
      const known = await findOffer(api, input.priceId);
      const offer = known ?? (await createOffer(api, product, input));
      await assertPriced(api, offer.id, input, known === null);
      return { providerProductId: product.id, providerPriceId: offer.id };
    },
    get: (price) => readItem(api, price),
    async list(query) {
      const page = await readSkipPage(
        api,
        { operation: 'offers.list', path: '/offers/list', reply: offerPage },
        query,
        ({ offers }) => offers,
      );
      return { items: page.items.flatMap((offer) => mapOffer(offer, null) ?? []), nextCursor: page.nextCursor };
    },
    update: (price, input) => updateItem(api, price, input),
  };
}

async function readItem(api: FungiesApi, price: ProviderPrice): Promise<CatalogItem | null> {
  const { providerProductId, providerPriceId: offerId } = price;
  const offer = offerId === null ? null : await readOffer(api, offerId);
  const item = offer && mapOffer(offer, await readProduct(api, providerProductId));
  return item && { ...item, isActive: item.isActive && !(await isArchived(api, offer.id)) };
}

function isArchived(api: FungiesApi, offerId: string): Promise<boolean> {
  const call = { operation: 'offers.list', path: '/offers/list', reply: offerPage };
  return isOnlyAmongArchived(api, call, ({ offers }) => offers, offerId);
}

/**
 * Name and description are the product's; whether it is sold is the offer's. Both want their id in the body too. An
 * offer that is no longer sold is archived, and there is no way back from that: a new price makes a new offer.
 *
 * @throws {BillingError} `not_supported_by_provider` (invalid): archived; nothing was changed.
 * @throws {OutcomeUnknownError} when reading it back shows something else.
 */
async function updateItem(
  api: FungiesApi,
  price: ProviderPrice,
  input: { readonly name: string; readonly description: string | null; readonly isActive: boolean },
): Promise<CatalogItem> {
  const { providerProductId: productId, providerPriceId: offerId } = price;
  const before = await readItem(api, price);
  if (offerId === null || !before) throw rejected({ provider: 'fungies', status: 404, providerCode: null });
  if (input.isActive && (await isArchived(api, offerId))) throw notSupported('fungies', 'sell what was archived');
  await api.call({
    operation: 'products.update',
    method: 'PATCH',
    path: `/products/${encodeURIComponent(productId)}/update`,
    body: { id: productId, name: input.name, description: input.description ?? '' },
    reply: doneReply,
  });
  if (input.isActive) {
    await api.call({
      operation: 'offers.update',
      method: 'PATCH',
      path: `/offers/${encodeURIComponent(offerId)}/update`,
      body: { id: offerId, status: 'ACTIVE', name: input.name },
      reply: doneReply,
    });
  } else if (before.isActive) await archiveOffer(api, offerId);
  const after = await readItem(api, price);
  if (after?.isActive === input.isActive) return after;
  throw new OutcomeUnknownError('api_error', { provider: 'fungies', status: 200, providerCode: 'offer_not_changed' });
}

async function archiveOffer(api: FungiesApi, offerId: string): Promise<void> {
  await api.call({
    operation: 'offers.archive',
    method: 'PATCH',
    path: `/offers/${encodeURIComponent(offerId)}/archive`,
    body: { id: offerId },
    reply: doneReply,
  });
}

async function readProduct(api: FungiesApi, id: string): Promise<FungiesProduct | null> {
  const found = await api.find({
    operation: 'products.get',
    method: 'GET',
    path: `/products/${encodeURIComponent(id)}`,
    reply: productReply,
  });
  return found?.product ?? null;
}

/** One product per plan and kind: recurring and one-time offers cannot share one. */
function productKey(input: CatalogPriceInput): string {
  return input.billingInterval === null ? `${input.planId}-once` : input.planId;
}

async function findProduct(api: FungiesApi, input: CatalogPriceInput): Promise<FungiesProduct | null> {
  const isIt = ({ internalId }: FungiesProduct): boolean => internalId === productKey(input);
  const found = await readEverything(
    api,
    { operation: 'products.list', path: '/products/list', reply: productPage },
    ({ products }) => products,
    (products) => products.some(isIt),
  );
  return found.find(isIt) ?? null;
}

async function createProduct(api: FungiesApi, input: CatalogPriceInput): Promise<FungiesProduct> {
  const { product } = await api.call({
    operation: 'products.create',
    method: 'POST',
    path: '/products/create',
    body: {
      name: input.name,
      ...(input.description === null ? {} : { description: input.description }),
      type: input.billingInterval === null ? 'OneTimePayment' : 'Subscription',
      status: 'ACTIVE',
      externalId: productKey(input),
    },
    reply: productReply,
  });
  return product;
}

async function findOffer(api: FungiesApi, priceId: string): Promise<FungiesOffer | null> {
  const isIt = (offer: FungiesOffer): boolean => offer.internalId === priceId && isSold(offer);
  const found = await readEverything(
    api,
    { operation: 'offers.list', path: '/offers/list', reply: offerPage },
    ({ offers }) => offers,
    (offers) => offers.some(isIt),
  );
  return found.find(isIt) ?? null;
}

async function createOffer(api: FungiesApi, product: FungiesProduct, input: CatalogPriceInput): Promise<FungiesOffer> {
  const variantId = input.billingInterval === null ? null : await addPlan(api, product, input);
  const { offer } = await api.call({
    operation: 'offers.create',
    method: 'POST',
    path: '/offers/create',
    body: {
      productId: product.id,
      ...(variantId === null ? {} : { variantId }),
      name: input.name,
      externalId: input.priceId,
      price: toMajor(input.unitAmount),
      currency: input.unitAmount.currency,
      status: 'ACTIVE',
      ...(input.billingInterval === null
        ? {}
        : { recurringInterval: input.billingInterval === 'monthly' ? 'month' : 'year', recurringIntervalCount: 1 }),
      ...(input.trialDays === null || input.trialDays === 0
        ? {}
        : { trialInterval: 'day', trialIntervalCount: input.trialDays }),
    },
    reply: offerReply,
  });
  return offer;
}

/** Recurring offers hang under a plan of their product; its id goes into the offer's `variantId`. */
async function addPlan(api: FungiesApi, product: FungiesProduct, input: CatalogPriceInput): Promise<string> {
  const known = product.plans?.find(({ internalId }) => internalId === input.priceId);
  if (known) return known.id;
  const added = await api.call({
    operation: 'products.addPlan',
    method: 'POST',
    path: `/products/${encodeURIComponent(product.id)}/plans/add`,
    body: { name: input.name, externalId: input.priceId },
    reply: planReply,
  });
  const id =
    added.plan?.id ??
    added.product?.plans?.find(({ internalId }) => internalId === input.priceId)?.id ??
    added.product?.plans?.at(-1)?.id;
  if (id !== undefined) return id;
  throw new OutcomeUnknownError('api_error', { provider: 'fungies', status: 200, providerCode: 'plan_missing' });
}

/**
 * Prices are written in major and read in minor units, and one guide says otherwise: what was written is read back, and
 * an offer at another price than ours is archived before anybody can buy it.
 *
 * @throws {BillingError} `provider_price_mismatch` (conflict).
 */
async function assertPriced(
  api: FungiesApi,
  offerId: string,
  input: CatalogPriceInput,
  isOurs: boolean,
): Promise<void> {
  const read = await readOffer(api, offerId);
  const amount = read && moneyOf(read.price, read.currency);
  if (amount?.amountMinor === input.unitAmount.amountMinor && amount.currency === input.unitAmount.currency) return;
  if (isOurs) await archiveOffer(api, offerId);
  throw new BillingError({
    code: 'provider_price_mismatch',
    kind: 'conflict',
    message: 'The provider has this offer at another price.',
    details: { provider: 'fungies' },
  });
}

/** Offers by the day or week have no interval of ours: null. */
export function mapOffer(offer: FungiesOffer, product: FungiesProduct | null): CatalogItem | null {
  const billingInterval = intervalOf(offer);
  if (billingInterval === undefined) return null;
  return {
    // An offer alone may not tell its product; then it stands for it.
    providerProductId: product?.id ?? offer.product?.id ?? offer.productId ?? offer.id,
    providerPriceId: offer.id,
    priceId: offer.internalId ?? null,
    name: product?.name ?? offer.product?.name ?? offer.name ?? offer.id,
    description: (product?.description ?? offer.product?.description ?? '') || null,
    unitAmount: { amountMinor: offer.price, currency: offer.currency.toUpperCase() },
    billingInterval,
    isActive: isSold(offer),
  };
}

function intervalOf(offer: FungiesOffer): BillingInterval | null | undefined {
  if (offer.recurringInterval == null || offer.recurringInterval === '') return null;
  const every = `${offer.recurringIntervalCount ?? 1} ${offer.recurringInterval}`;
  if (every === '1 month') return 'monthly';
  return every === '1 year' || every === '12 month' ? 'yearly' : undefined;
}

function isSold(offer: FungiesOffer): boolean {
  return offer.archivedAt == null && (offer.status == null || /^active$/i.test(offer.status));
}

import { BillingError } from '../../domain/errors.ts';
import { discountCodeTaken, notSupported } from '../failures.ts';
import type { DiscountInput, DiscountOperations, DiscountTruth } from '../port-catalog.ts';
import { unixFromIso } from '../wire-time.ts';
import { toMajor } from './amount.ts';
import type { FungiesApi } from './client.ts';
import { readEverything, readSkipPage } from './paging.ts';
import { discountPage, discountReply, doneReply, offerPage, type FungiesDiscount } from './wire.ts';

/** Codes. How long one lasts on renewals is undocumented, so only those for one payment are made. */
export function createFungiesDiscounts(api: FungiesApi): DiscountOperations {
  return {
    ensure: (input) => ensureDiscount(api, input),
    async find(code) {
      const found = await findDiscount(api, code);
      return found && mapDiscount(found);
    },
    async list(query) {
      const page = await readSkipPage(
        api,
        { operation: 'discounts.list', path: '/discounts/list', reply: discountPage },
        query,
        ({ discounts }) => discounts,
      );
      return { items: page.items.map(mapDiscount), nextCursor: page.nextCursor };
    },
    archive: ({ providerDiscountId }) => deactivate(api, providerDiscountId),
  };
}

async function ensureDiscount(api: FungiesApi, input: DiscountInput): Promise<DiscountTruth> {
  if (input.duration !== 'once') throw notSupported('fungies', 'discount more than one payment');
  const known = await findDiscount(api, input.code);
  if (known) {
    if (isSame(mapDiscount(known), input)) return mapDiscount(known);
    throw discountCodeTaken('fungies');
  }
  const { discount } = await api.call({
    operation: 'discounts.create',
    method: 'POST',
    path: '/discounts/create',
    body: await bodyOf(api, input),
    reply: discountReply,
  });
  const made = mapDiscount(discount);
  if (isSame(made, input)) return made;
  // Written in major, read in minor units: a code worth something else than ours must not be redeemed.
  await deactivate(api, discount.id);
  throw new BillingError({
    code: 'provider_price_mismatch',
    kind: 'conflict',
    message: 'The provider made another discount of it.',
    details: { provider: 'fungies' },
  });
}

async function bodyOf(api: FungiesApi, input: DiscountInput): Promise<Record<string, unknown>> {
  const { off, providerProductIds: productIds } = input;
  const includedOffers = productIds === null ? [] : await offersOf(api, productIds);
  return {
    type: 'code',
    name: input.name,
    discountCode: input.code,
    ...('amount' in off
      ? { amountType: 'fixed', amount: toMajor(off.amount), currency: off.amount.currency }
      : { amountType: 'percentage', amount: off.basisPoints / 100 }),
    // Seconds here, milliseconds when read; it must be above 0.
    validFrom: input.startsAt === null ? Math.floor(Date.now() / 1000) : unixFromIso(input.startsAt),
    ...(input.endsAt === null ? {} : { validUntil: unixFromIso(input.endsAt) }),
    ...(input.maxRedemptions === null ? {} : { purchaseLimit: input.maxRedemptions }),
    includesAllOffers: productIds === null,
    includedOffers,
    excludedOffers: [],
    status: 'active',
    timezone: 'UTC',
  };
}

/** Codes name offers where we name products. */
async function offersOf(api: FungiesApi, productIds: readonly string[]): Promise<readonly string[]> {
  const offers = await readEverything(
    api,
    { operation: 'offers.list', path: '/offers/list', reply: offerPage },
    (page) => page.offers,
  );
  const found = offers.filter(({ product, productId }) => productIds.includes(product?.id ?? productId ?? ''));
  if (found.length === 0) throw notSupported('fungies', 'limit a discount to products whose offers it does not tell');
  return found.map(({ id }) => id);
}

export async function findDiscount(api: FungiesApi, code: string): Promise<FungiesDiscount | null> {
  const isIt = (discount: FungiesDiscount): boolean =>
    discount.discountCode?.toLowerCase() === code.toLowerCase() && discount.status !== 'inactive';
  const found = await readEverything(
    api,
    { operation: 'discounts.list', path: '/discounts/list', reply: discountPage },
    ({ discounts }) => discounts,
    (discounts) => discounts.some(isIt),
  );
  return found.find(isIt) ?? null;
}

async function deactivate(api: FungiesApi, id: string): Promise<void> {
  await api.call({
    operation: 'discounts.update',
    method: 'PATCH',
    path: `/discounts/${encodeURIComponent(id)}/update`,
    body: { id, status: 'inactive' },
    reply: doneReply,
  });
}

/** Fungies does not tell how often a code was redeemed. */
export function mapDiscount(discount: FungiesDiscount): DiscountTruth {
  return {
    providerDiscountId: discount.id,
    code: discount.discountCode ?? null,
    name: discount.name ?? '',
    off:
      discount.amountType === 'percentage'
        ? { basisPoints: Math.round(discount.amount * 100) }
        : { amount: { amountMinor: Math.round(discount.amount), currency: (discount.currency ?? '').toUpperCase() } },
    duration: 'once',
    maxRedemptions: discount.purchaseLimit ?? null,
    redemptions: 0,
    isActive: discount.status === 'active',
  };
}

function isSame(truth: DiscountTruth, input: DiscountInput): boolean {
  if ('basisPoints' in truth.off) return 'basisPoints' in input.off && truth.off.basisPoints === input.off.basisPoints;
  return (
    'amount' in input.off &&
    truth.off.amount.amountMinor === input.off.amount.amountMinor &&
    (truth.off.amount.currency === '' || truth.off.amount.currency === input.off.amount.currency)
  );
}

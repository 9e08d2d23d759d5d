import type { CheckoutTruth } from '../../domain/checkout/truth.ts';
import { BillingError } from '../../domain/errors.ts';
import { times } from '../../domain/money.ts';
import { asUnknown, discountCodeUnknown } from '../failures.ts';
import type { CheckoutLine, CreateCheckoutInput, CreateCheckoutResult, ProviderClient } from '../port.ts';
import { readCheckoutId, writeCheckoutId } from './checkout-id.ts';
import type { FungiesApi } from './client.ts';
import { ensurePayer, splitName } from './customers.ts';
import { findDiscount } from './discounts.ts';
import { findSale, LIFETIME_MS } from './find-sale.ts';
import { mapCheckout } from './map.ts';
import { readUser } from './read-user.ts';

/** Declared as custom fields in the store; Fungies drops what is not. */
const CUSTOM_FIELDS = ['checkout_id', 'organization_id', 'project_id'] as const;

type Checkouts = Pick<ProviderClient['checkouts'], 'create' | 'get'>;

/**
 * Hosted links. There is no session at Fungies, so nothing can be looked for or ended, and a link that was paid late is
 * recognised by its custom field only.
 */
export function createFungiesCheckouts(api: FungiesApi, storeUrl: string): Checkouts {
  return {
    create: (input) => openCheckout(api, storeUrl, input).catch(asUnknown),
    get: (id) => readCheckout(api, id),
  };
}

async function openCheckout(
  api: FungiesApi,
  storeUrl: string,
  input: CreateCheckoutInput,
): Promise<CreateCheckoutResult> {
  const { line } = input;
  const offerId = line?.providerPrice?.providerPriceId;
  if (!line || !offerId) {
    throw new BillingError({
      code: 'provider_price_missing',
      kind: 'invalid',
      message: 'This price has not been pushed to the provider yet: push the plan first.',
      details: { provider: 'fungies' },
    });
  }
  if (input.discountCode !== null) await assertKnownCode(api, input.discountCode);
  const { user, isShared } = await ensurePayer(api, input.customer);
  const ref = { checkoutId: input.checkoutId, offerId, userId: user.id, createdMs: Date.now(), isShared };
  return {
    outcome: 'opened',
    providerCheckoutId: writeCheckoutId(ref),
    url: linkOf(storeUrl, offerId, input, line, user.email ?? input.customer.email),
    expiresAt: new Date(ref.createdMs + LIFETIME_MS).toISOString(),
    // Nobody may read, move or erase another organization's user.
    providerCustomerId: isShared ? null : user.id,
    paymentMethods: ['card'],
    amount: times(line.unitAmount, line.quantity),
    objects: isShared ? [] : [{ kind: 'customer', id: user.id }],
  };
}

/** The store would drop an unknown code without a word. */
async function assertKnownCode(api: FungiesApi, code: string): Promise<void> {
  if (await findDiscount(api, code)) return;
  throw discountCodeUnknown('fungies');
}

export function linkOf(
  storeUrl: string,
  offerId: string,
  input: CreateCheckoutInput,
  line: CheckoutLine,
  email: string | null,
): string {
  const { address } = input.customer;
  const { firstName, lastName } = splitName(input.customer.name);
  const prefill: Readonly<Record<string, string | null>> = {
    'fngs-customer-email': email,
    'fngs-customer-first-name': firstName,
    'fngs-customer-last-name': lastName,
    'fngs-customer-country': address?.country ?? null,
    'fngs-customer-state': address?.state ?? null,
    'fngs-customer-city': address?.city ?? null,
    'fngs-customer-zip-code': address?.postalCode ?? null,
    'fngs-discount-code': input.discountCode,
    'fngs-quantity': line.quantity === 1 ? null : String(line.quantity),
  };
  const url = new URL(`${storeUrl}/checkout/${encodeURIComponent(offerId)}`);
  for (const [key, value] of Object.entries(prefill)) if (value !== null) url.searchParams.set(key, value);
  for (const key of CUSTOM_FIELDS) {
    const value = key === 'checkout_id' ? input.checkoutId : input.metadata[key];
    if (value !== undefined) url.searchParams.set(key, value);
  }
  return url.toString();
}

async function readCheckout(api: FungiesApi, id: string): Promise<CheckoutTruth | null> {
  const ref = readCheckoutId(id);
  if (!ref || !(ref.isShared || (await readUser(api, ref.userId)))) return null;
  const sale = await findSale(api, ref);
  return mapCheckout(id, ref, {
    payment: sale?.payment ?? null,
    subscription: sale?.subscription?.truth ?? null,
    isExpired: Date.now() > ref.createdMs + LIFETIME_MS,
  });
}

import type { CheckoutTruth } from '../../domain/checkout/truth.ts';
import { BillingError } from '../../domain/errors.ts';
import { times } from '../../domain/money.ts';
import { asUnknown } from '../failures.ts';
import type { CheckoutLine, CreateCheckoutInput, CreateCheckoutResult, ProviderClient } from '../port.ts';
import { readCheckoutId, writeCheckoutId, type CheckoutRef } from './checkout-id.ts';
import type { FungiesApi } from './client.ts';
import { ensureUser, readUser, splitName } from './customers.ts';
import { isPaid, mapCheckout, namesCheckout } from './map.ts';
import { paymentsOf } from './read-payments.ts';
import { readSubscription, type ReadSubscription } from './read-subscription.ts';
import { orderReply, type FungiesItem, type FungiesPayment } from './wire.ts';

const HOUR_MS = 3_600_000;
/** Ours: a link lives for ever, a checkout does not. */
const LIFETIME_MS = 24 * HOUR_MS;
/** How far Fungies' clock may be behind ours. */
const SKEW_MS = 60_000;
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
  const user = await ensureUser(api, input.customer);
  const createdMs = Date.now();
  return {
    outcome: 'opened',
    providerCheckoutId: writeCheckoutId({ checkoutId: input.checkoutId, offerId, userId: user.id, createdMs }),
    url: linkOf(storeUrl, offerId, input, line, user.email ?? input.customer.email),
    expiresAt: new Date(createdMs + LIFETIME_MS).toISOString(),
    providerCustomerId: user.id,
    paymentMethods: ['card'],
    amount: times(line.unitAmount, line.quantity),
    objects: [{ kind: 'customer', id: user.id }],
  };
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
  if (!ref || !(await readUser(api, ref.userId))) return null;
  const sale = await findSale(api, ref);
  return mapCheckout(id, ref, {
    payment: sale?.payment ?? null,
    subscription: sale?.subscription?.truth ?? null,
    isExpired: Date.now() > ref.createdMs + LIFETIME_MS,
  });
}

interface Sale {
  readonly payment: FungiesPayment;
  readonly subscription: ReadSubscription | null;
}

/**
 * The payment that this link brought. A sale that names a checkout is that checkout's alone. One that names none is
 * taken only where its lines name our offer, it is our user's, and it was made while the link was open: somebody
 * else's payment is never claimed, at the price of missing one whose lines Fungies does not show.
 */
async function findSale(api: FungiesApi, ref: CheckoutRef): Promise<Sale | null> {
  const payments = await paymentsOf(api, { userId: ref.userId }, (found) =>
    found.some(({ createdAt }) => (createdAt ?? 0) < ref.createdMs - SKEW_MS),
  );
  const candidates = payments
    .filter(({ createdAt, type }) => (createdAt ?? 0) >= ref.createdMs - SKEW_MS && isFirstOf(type ?? null))
    .toSorted((a, b) => rank(a) - rank(b) || (isPaid(a) ? 1 : -1) * ((a.createdAt ?? 0) - (b.createdAt ?? 0)));
  for (const payment of candidates) {
    const subscription = payment.subscriptionId == null ? null : await readSubscription(api, payment.subscriptionId);
    const items = payment.items ?? subscription?.items ?? (await orderItems(api, payment));
    const isNamed = namesCheckout(items, ref);
    if (isNamed ?? isByOffer(payment, items, ref)) return { payment, subscription };
  }
  return null;
}

/** Renewals, upgrades and extra charges are not what a link sold. */
function isFirstOf(type: string | null): boolean {
  return type === null || ['one_time', 'subscription_initial', 'claim_free'].includes(type);
}

/** The first that was paid, else what is pending, else the newest try. */
function rank(payment: FungiesPayment): number {
  if (isPaid(payment)) return 0;
  return payment.status === 'PENDING' ? 1 : 2;
}

function isByOffer(payment: FungiesPayment, items: readonly FungiesItem[], ref: CheckoutRef): boolean {
  const isInTime = (payment.createdAt ?? Infinity) <= ref.createdMs + LIFETIME_MS;
  return isInTime && items.some(({ offer }) => offer?.id === ref.offerId);
}

async function orderItems(api: FungiesApi, payment: FungiesPayment): Promise<readonly FungiesItem[]> {
  if (payment.orderId == null) return [];
  const found = await api.find({
    operation: 'orders.get',
    method: 'GET',
    path: `/orders/${encodeURIComponent(payment.orderId)}`,
    reply: orderReply,
  });
  return found?.items ?? found?.order.items ?? [];
}

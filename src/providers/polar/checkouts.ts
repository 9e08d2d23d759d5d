import { BillingError } from '../../domain/errors.ts';
import { asUnknown, discountCodeUnknown } from '../failures.ts';
import type { Budget } from '../http.ts';
import type { JsonApi } from '../json-api.ts';
import type { CreateCheckoutInput, CreateCheckoutResult, ProviderClient } from '../port.ts';
import { isoFromText } from '../wire-time.ts';
import { POLAR_METHODS } from './abilities.ts';
import { addressOf, ensureCustomer } from './customers.ts';
import { mapCheckout } from './map.ts';
import { findDiscount } from './discounts.ts';
import { findSubscription } from './subscription-truth.ts';
import { polarOrder, polarPayment } from './wire-money.ts';
import { pageOf, polarCheckout, type PolarCheckout } from './wire.ts';

type Checkouts = ProviderClient['checkouts'];

const MAX_PAGES = 10;

/** Polar cannot end a session (it lapses after 24 h), so there is no `end`. */
export function createPolarCheckouts(api: JsonApi): Checkouts {
  return {
    create: (input) => open(api, input).catch(asUnknown),
    get: (id) => readTruth(api, id),
    find: (query) => findSessions(api, query),
  };
}

/**
 * Newest first, by time: a session may have been paid meanwhile, and one opened by e-mail names another customer than
 * ours or none.
 */
async function findSessions(
  api: JsonApi,
  query: { readonly checkoutId: string; readonly createdAfter: string },
): Promise<readonly { readonly providerCheckoutId: string }[]> {
  const budget = api.budget();
  const found: { providerCheckoutId: string }[] = [];
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const { items, pagination } = await api.call({
      operation: 'checkouts.list',
      method: 'GET',
      path: '/v1/checkouts/',
      query: { limit: 100, page, sorting: '-created_at' },
      reply: pageOf(polarCheckout),
      budget,
    });
    const own = items.filter((item) => item.metadata.checkout_id === query.checkoutId);
    found.push(...own.map(({ id }) => ({ providerCheckoutId: id })));
    const oldest = items.at(-1)?.created_at;
    if (oldest == null || page >= pagination.max_page) return found;
    if (Date.parse(oldest) < Date.parse(query.createdAfter)) return found;
  }
  return found;
}

async function open(api: JsonApi, input: CreateCheckoutInput): Promise<CreateCheckoutResult> {
  const productId = input.line?.providerPrice?.providerProductId;
  if (!input.line || !productId) {
    throw new BillingError({
      code: 'provider_price_missing',
      kind: 'invalid',
      message: 'This price has not been pushed to the provider yet: push the plan first.',
      details: { provider: 'polar' },
    });
  }
  const budget = api.budget();
  const customerId = await ensureCustomer(api, input.customer, budget);
  const discountId = input.discountCode === null ? null : await discountOf(api, input.discountCode, budget);
  const session = await api.call({
    operation: 'checkouts.create',
    method: 'POST',
    path: '/v1/checkouts/',
    body: bodyOf(input, { productId, customerId, discountId, currency: input.line.unitAmount.currency }),
    reply: polarCheckout,
    budget,
  });
  return opened(input, session);
}

function bodyOf(
  input: CreateCheckoutInput,
  found: { productId: string; customerId: string | null; discountId: string | null; currency: string },
): Record<string, unknown> {
  const { customer, trialDays } = input;
  // Linked by id the e-mail is locked to that customer; only an unlinked session says who pays itself.
  const payer = found.customerId
    ? { customer_id: found.customerId }
    : {
        ...(customer.email === null
          ? { external_customer_id: customer.organizationId }
          : { customer_email: customer.email }),
        ...(customer.name === null ? {} : { customer_name: customer.name }),
        ...(customer.address === null ? {} : { customer_billing_address: addressOf(customer.address) }),
      };
  return {
    products: [found.productId],
    // Without it the currency would follow our server's address.
    currency: found.currency.toLowerCase(),
    ...payer,
    ...(found.discountId === null ? {} : { discount_id: found.discountId }),
    ...trialOf(trialDays),
    success_url: input.successUrl,
    return_url: input.cancelUrl,
    ...(input.embedOrigin === null ? {} : { embed_origin: input.embedOrigin }),
    ...(input.locale === null ? {} : { locale: input.locale }),
    metadata: metadataOf(input.metadata),
  };
}

/** null says nothing, so that a trial set on a product made by hand in Polar stays. */
function trialOf(trialDays: number | null): Record<string, unknown> {
  if (trialDays === null) return {};
  return trialDays === 0
    ? { allow_trial: false }
    : { allow_trial: true, trial_interval: 'day', trial_interval_count: trialDays };
}

/** Polar refuses keys over 40 and values outside 1–500 characters. */
function metadataOf(metadata: Readonly<Record<string, string>>): Record<string, string> {
  const fitting = Object.entries(metadata).filter(([key, value]) => key.length <= 40 && value !== '');
  return Object.fromEntries(fitting.map(([key, value]) => [key, value.slice(0, 500)]));
}

function opened(input: CreateCheckoutInput, session: PolarCheckout): CreateCheckoutResult {
  const { total_amount: total, currency } = session;
  return {
    outcome: 'opened',
    providerCheckoutId: session.id,
    url: session.url,
    expiresAt: isoFromText(session.expires_at) ?? session.expires_at,
    providerCustomerId: session.customer_id ?? null,
    paymentMethods: POLAR_METHODS.filter(
      ({ method, modes, currencies }) =>
        modes.includes(input.mode) &&
        (currencies === undefined || currencies.includes(currency?.toUpperCase() ?? '')) &&
        (input.paymentMethods === null || input.paymentMethods.includes(method)),
    ).map(({ method }) => method),
    amount: total == null || currency == null ? null : { amountMinor: total, currency: currency.toUpperCase() },
    objects: [
      { kind: 'checkout', id: session.id },
      ...(session.customer_id ? [{ kind: 'customer', id: session.customer_id }] : []),
    ],
  };
}

async function discountOf(api: JsonApi, code: string, budget: Budget): Promise<string> {
  const found = await findDiscount(api, code, budget);
  if (found) return found.id;
  throw discountCodeUnknown('polar');
}

/** One call while open plus its attempts; once confirmed also orders and subscription, side by side. */
async function readTruth(api: JsonApi, id: string) {
  const budget = api.budget();
  const checkout = await api.find({
    operation: 'checkouts.get',
    method: 'GET',
    path: `/v1/checkouts/${encodeURIComponent(id)}`,
    reply: polarCheckout,
    budget,
  });
  if (!checkout) return null;
  const payments = api.call({
    operation: 'payments.list',
    method: 'GET',
    path: '/v1/payments/',
    query: { checkout_id: id, limit: 10, sorting: '-created_at' },
    reply: pageOf(polarPayment),
    budget,
  });
  if (checkout.status === 'open') {
    return mapCheckout({ checkout, orders: [], payments: (await payments).items, subscription: null });
  }
  // `order.paid` is sent while the session still says `confirmed`: the order, not the session, tells that it is paid.
  const orders = api.call({
    operation: 'orders.list',
    method: 'GET',
    path: '/v1/orders/',
    query: { checkout_id: id, limit: 10, sorting: '-created_at' },
    reply: pageOf(polarOrder),
    budget,
  });
  const [{ items: attempts }, { items: made }] = await Promise.all([payments, orders]);
  const subscriptionId =
    checkout.subscription_id ?? made.find((order) => order.subscription_id)?.subscription_id ?? null;
  const subscription = subscriptionId === null ? null : await findSubscription(api, subscriptionId, budget);
  return mapCheckout({ checkout, orders: made, payments: attempts, subscription });
}

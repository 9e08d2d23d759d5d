import type { CheckoutTruth } from '../../domain/checkout/truth.ts';
import { BillingError } from '../../domain/errors.ts';
import { asUnknown } from '../failures.ts';
import type { JsonApi } from '../json-api.ts';
import type { ProviderClient } from '../port.ts';
import { unixFromIso } from '../wire-time.ts';
import { checkoutState, mapCheckout } from './map.ts';
import { openCheckout } from './open-checkout.ts';
import { findStartedSubscription } from './subscriptions.ts';
import { conektaCheckout, conektaOrder, conektaOrderPage, type ConektaOrder } from './wire.ts';

type Checkouts = ProviderClient['checkouts'];

/** Orders created in one second may be many; beyond this a look-up gives up rather than read the whole account. */
const MAX_PAGES = 8;

export function createConektaCheckouts(api: JsonApi): Checkouts & Required<Pick<Checkouts, 'find' | 'end'>> {
  return {
    create: (input) => openCheckout(api, input).catch(asUnknown),
    get: (id) => readTruth(api, id),
    find: (query) => findOrders(api, query),
    end: ({ providerCheckoutId }) => endCheckout(api, providerCheckoutId),
  };
}

/** One call; for a paid subscription order also the customer's subscriptions, then plan and last order. */
async function readTruth(api: JsonApi, id: string): Promise<CheckoutTruth | null> {
  const order = await readOrder(api, id, 'checkouts.get');
  if (!order) return null;
  const planId = order.metadata?.conekta_plan_id;
  const customerId = order.customer_info?.customer_id;
  const isStarted = typeof planId === 'string' && customerId != null && checkoutState(order) === 'paid';
  const subscription = isStarted ? await findStartedSubscription(api, { order, planId, customerId }) : null;
  return mapCheckout(order, subscription);
}

async function readOrder(api: JsonApi, id: string, operation: string): Promise<ConektaOrder | null> {
  return api.find({ operation, method: 'GET', path: `/orders/${encodeURIComponent(id)}`, reply: conektaOrder });
}

/** There is no search by metadata: all orders since then are read and matched. */
async function findOrders(
  api: JsonApi,
  query: { readonly checkoutId: string; readonly createdAfter: string },
): Promise<readonly { readonly providerCheckoutId: string }[]> {
  const budget = api.budget();
  const found: { providerCheckoutId: string }[] = [];
  let next: string | null = null;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const { data, has_more }: { data: ConektaOrder[]; has_more: boolean } = await api.call({
      operation: 'checkouts.list',
      method: 'GET',
      path: '/orders',
      query: { limit: 250, 'created_at.gte': unixFromIso(query.createdAfter), next },
      reply: conektaOrderPage,
      budget,
    });
    const own = data.filter((order) => order.metadata?.checkout_id === query.checkoutId);
    found.push(...own.map((order) => ({ providerCheckoutId: order.id })));
    next = data.at(-1)?.id ?? null;
    if (!has_more || next === null) return found;
  }
  return found;
}

/**
 * Cancels the order. Unproven for hosted orders nobody has touched, so a refusal falls back to cancelling the
 * checkout, and the order is read back: only what Conekta then says counts.
 */
async function endCheckout(api: JsonApi, id: string): Promise<'ended' | 'already_settled' | 'not_endable'> {
  const canceled = await unlessRejected(
    api.call({
      operation: 'checkouts.end',
      method: 'POST',
      path: `/orders/${encodeURIComponent(id)}/cancel`,
      body: {},
      reply: conektaOrder,
    }),
  );
  const order = canceled ?? (await readOrder(api, id, 'checkouts.get'));
  if (!order) return 'not_endable';
  const state = checkoutState(order);
  if (state === 'paid') return 'already_settled';
  if (state === 'canceled' || state === 'expired') return 'ended';
  if (!order.checkout) return 'not_endable';
  const checkout = await unlessRejected(
    api.call({
      operation: 'checkouts.end',
      method: 'PUT',
      path: `/checkouts/${encodeURIComponent(order.checkout.id)}/cancel`,
      body: {},
      reply: conektaCheckout,
    }),
  );
  return checkout?.status === 'Cancelled' ? 'ended' : 'not_endable';
}

async function unlessRejected<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof BillingError && error.kind === 'invalid') return null;
    throw error;
  }
}

import type { CheckoutTruth } from '../../domain/checkout/truth.ts';
import { BillingError } from '../../domain/errors.ts';
import { asUnknown } from '../failures.ts';
import type { JsonApi } from '../json-api.ts';
import type { ProviderClient } from '../port.ts';
import { unixFromIso } from '../wire-time.ts';
import { checkoutState, mapCheckout } from './map.ts';
import { openCheckout } from './open-checkout.ts';
import { findStartedSubscription } from './read-subscription.ts';
import { readOrder } from './orders.ts';
import { readAll } from './paging.ts';
import { conektaCheckout, conektaOrder, conektaOrderPage } from './wire.ts';

type Checkouts = ProviderClient['checkouts'];

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

/** There is no search by metadata: all orders since then are read and matched. */
async function findOrders(
  api: JsonApi,
  query: { readonly checkoutId: string; readonly createdAfter: string },
): Promise<readonly { readonly providerCheckoutId: string }[]> {
  const orders = await readAll(
    api,
    {
      operation: 'checkouts.list',
      path: '/orders',
      query: { 'created_at.gte': unixFromIso(query.createdAfter) },
      reply: conektaOrderPage,
    },
    api.budget(),
    (order) => order.checkout != null && order.metadata?.checkout_id === query.checkoutId,
  );
  return orders.map((order) => ({ providerCheckoutId: order.id }));
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

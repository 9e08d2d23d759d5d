import { BillingError } from '../../domain/errors.ts';
import { asUnknown } from '../failures.ts';
import type { Budget } from '../http.ts';
import type { JsonApi } from '../json-api.ts';
import type { CreatePaymentInput, DirectPaymentTruth, MoneyResult, PaymentOperations } from '../port-money.ts';
import { unixFromIso } from '../wire-time.ts';
import { contactOf } from './customers.ts';
import { ConektaDeclinedError, declineCodeOf } from './errors.ts';
import { assertChargeable } from './limits.ts';
import { mapDirectPayment, nextActionOf } from './map-order.ts';
import { leadingCharge } from './map.ts';
import { readOrder } from './orders.ts';
import { MAX_PAGE, readAll } from './paging.ts';
import { conektaOrder, conektaOrderPage, type ConektaOrder } from './wire.ts';

/** Orders with a charge of their own: a stored card, or a reference to pay in cash or by transfer. */
export function createConektaPayments(api: JsonApi): PaymentOperations {
  return {
    create: (input) => createPayment(api, input).catch(asOutcome),
    async get(id) {
      const order = await readOrder(api, id, 'payments.get');
      return order && mapDirectPayment(order);
    },
    async find(query) {
      const orders = await readAll(
        api,
        {
          operation: 'payments.find',
          path: '/orders',
          query: { 'created_at.gte': unixFromIso(query.createdAfter) },
          reply: conektaOrderPage,
        },
        api.budget(),
        (order) => isAttempt(order) && order.metadata?.business_id === query.businessId,
      );
      return orders.toSorted((a, b) => (b.created_at ?? 0) - (a.created_at ?? 0)).map(mapDirectPayment);
    },
    cancel: ({ providerObjectId }) => cancelPayment(api, providerObjectId),
  };
}

async function createPayment(api: JsonApi, input: CreatePaymentInput): Promise<MoneyResult<DirectPaymentTruth>> {
  assertChargeable(
    input.amount,
    input.source.kind === 'stored' ? 'card' : input.source.method === 'spei' ? 'spei' : 'cash',
  );
  const budget = api.budget();
  const before = await findByKey(api, input, budget);
  if (before) return outcomeOf(before);
  const order = await api.call({
    operation: 'payments.create',
    method: 'POST',
    path: '/orders',
    body: bodyOf(input),
    reply: conektaOrder,
    budget,
  });
  return outcomeOf(order);
}

function bodyOf(input: CreatePaymentInput): Record<string, unknown> {
  const { source, amount, customer, returnUrl } = input;
  const isPresent = source.kind === 'stored' && !source.offSession && returnUrl !== null;
  return {
    currency: 'MXN',
    customer_info:
      customer.providerCustomerId === null ? contactOf(customer) : { customer_id: customer.providerCustomerId },
    line_items: [{ name: input.description.slice(0, 250), unit_price: amount.amountMinor, quantity: 1 }],
    charges: [
      {
        payment_method:
          source.kind === 'stored'
            ? { type: 'card', payment_source_id: source.providerPaymentMethodId }
            : { type: source.method === 'spei' ? 'spei' : 'cash', expires_at: unixFromIso(source.expiresAt) },
        reference_id: input.businessId,
      },
    ],
    metadata: { ...input.metadata, business_id: input.businessId, call_key: input.idempotencyKey },
    // With nobody there to answer a bank's question, none is asked for.
    ...(isPresent ? { three_ds_mode: 'smart', return_url: returnUrl } : {}),
    ...(source.kind === 'stored' && source.offSession ? { processing_mode: 'recurrent' } : {}),
  };
}

/**
 * Conekta has no idempotency keys, so the key is written into the order and looked for first: a repeat after a crash
 * finds its order. `search` reads references; whether it always sees an order made a moment ago is undocumented, so an
 * unknown outcome must still be resolved with `find`.
 */
async function findByKey(api: JsonApi, input: CreatePaymentInput, budget: Budget): Promise<ConektaOrder | null> {
  const page = await api.call({
    operation: 'payments.find',
    method: 'GET',
    path: '/orders',
    query: { search: input.businessId, limit: MAX_PAGE },
    reply: conektaOrderPage,
    budget,
  });
  const found = page.data.find((order) => isAttempt(order) && order.metadata?.call_key === input.idempotencyKey);
  if (!found) return null;
  if (found.amount === input.amount.amountMinor) return found;
  throw new BillingError({
    code: 'idempotency_key_reused',
    kind: 'conflict',
    message: 'This key has already made a payment of another amount.',
    details: { provider: 'conekta' },
  });
}

/** An order without a charge or a challenge is what is left of a refused request: nobody can pay it. */
function isAttempt(order: ConektaOrder): boolean {
  return (order.charges?.data ?? []).length > 0 || nextActionOf(order) !== null;
}

function outcomeOf(order: ConektaOrder): MoneyResult<DirectPaymentTruth> {
  const value = mapDirectPayment(order);
  switch (value.state) {
    case 'succeeded':
      return { outcome: 'succeeded', value };
    case 'pending':
    case 'authorized':
    case 'requires_action':
      return { outcome: 'pending', value, nextAction: value.nextAction };
    case 'declined':
    case 'canceled': {
      const providerCode = leadingCharge(order)?.failure_code ?? order.payment_status ?? null;
      return { outcome: 'declined', declineCode: declineCodeOf(providerCode), providerCode, value };
    }
    case 'unknown':
      return { outcome: 'unknown', reason: 'api_error', providerCode: order.payment_status ?? null };
  }
}

/** A decline carries the order that was made of it. */
function asOutcome(error: unknown): MoneyResult<DirectPaymentTruth> {
  if (!(error instanceof ConektaDeclinedError)) return asUnknown(error);
  const { declineCode, providerCode, order } = error;
  return { outcome: 'declined', declineCode, providerCode, value: order && mapDirectPayment(order) };
}

async function cancelPayment(api: JsonApi, id: string): Promise<'canceled' | 'already_settled' | 'not_cancelable'> {
  const budget = api.budget();
  const before = await readOrder(api, id, 'payments.get', budget);
  if (!before) return 'not_cancelable';
  const isOver = settledAs(before);
  if (isOver) return isOver;
  try {
    const canceled = await api.call({
      operation: 'payments.cancel',
      method: 'POST',
      path: `/orders/${encodeURIComponent(id)}/cancel`,
      reply: conektaOrder,
      budget,
    });
    return settledAs(canceled) ?? 'not_cancelable';
  } catch (error) {
    if (!(error instanceof BillingError) || error.kind !== 'invalid') throw error;
    const after = await readOrder(api, id, 'payments.get', budget);
    return (after && settledAs(after)) ?? 'not_cancelable';
  }
}

function settledAs(order: ConektaOrder): 'canceled' | 'already_settled' | null {
  const { state } = mapDirectPayment(order);
  if (state === 'canceled') return 'canceled';
  return state === 'succeeded' || state === 'declined' ? 'already_settled' : null;
}

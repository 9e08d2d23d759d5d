import type { ChargeTruth } from '../../domain/payment/truth.ts';
import type { Budget } from '../http.ts';
import type { JsonApi } from '../json-api.ts';
import { PolarValidationError } from './errors.ts';
import { mapPayment } from './map.ts';
import { findOrder, paymentsOf } from './orders.ts';
import { polarPayment, type PolarOrder, type PolarPayment } from './wire-money.ts';

/** A payment by itself or by the order that it pays: ids of both look alike, and an order of nothing has none. */
export async function readCharge(api: JsonApi, id: string): Promise<ChargeTruth | null> {
  const budget = api.budget();
  const payment = await findPayment(api, id, budget);
  const order = payment === null ? await orderOf(api, id, budget) : await orderOf(api, payment.order_id, budget);
  const truth = order
    ? mapPayment(order, payment ? [payment] : await paymentsOf(api, [order], budget))
    : mapPayment(null, payment ? [payment] : []);
  if (!truth) return null;
  const refs: readonly (readonly [string, string | null | undefined])[] = [
    ['order', order?.id ?? payment?.order_id],
    ['payment', payment?.id],
    ['checkout', order?.checkout_id ?? payment?.checkout_id],
    ['subscription', order?.subscription_id],
  ];
  return {
    payment: truth,
    providerCustomerId: order?.customer_id ?? null,
    metadata: textsOf(order?.metadata ?? {}),
    objects: refs.flatMap(([kind, ref]) => (ref == null ? [] : [{ kind, id: ref }])),
  };
}

/** An id that is no UUID is no payment. */
async function findPayment(api: JsonApi, id: string, budget: Budget): Promise<PolarPayment | null> {
  try {
    return await api.find({
      operation: 'payments.get',
      method: 'GET',
      path: `/v1/payments/${encodeURIComponent(id)}`,
      reply: polarPayment,
      budget,
    });
  } catch (error) {
    if (error instanceof PolarValidationError) return null;
    throw error;
  }
}

async function orderOf(api: JsonApi, id: string | null | undefined, budget: Budget): Promise<PolarOrder | null> {
  if (id == null) return null;
  try {
    return await findOrder(api, id, budget);
  } catch (error) {
    if (error instanceof PolarValidationError) return null;
    throw error;
  }
}

function textsOf(metadata: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(metadata).flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : [])),
  );
}

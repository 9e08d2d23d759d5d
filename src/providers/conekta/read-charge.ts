import type { ChargeTruth } from '../../domain/payment/truth.ts';
import type { Budget } from '../http.ts';
import type { JsonApi } from '../json-api.ts';
import { mapDirectPayment } from './map-order.ts';
import { mapPayment } from './map.ts';
import { readOrder } from './orders.ts';
import { MAX_PAGE } from './paging.ts';
import { conektaChargePage, type ConektaOrder } from './wire.ts';

/** By its order, or by itself. */
export async function readCharge(api: JsonApi, id: string): Promise<ChargeTruth | null> {
  const budget = api.budget();
  const isOrder = id.startsWith('ord_');
  const order = isOrder ? await readOrder(api, id, 'orders.get', budget) : await orderOfCharge(api, id, budget);
  const payment = order && mapPayment(isOrder ? order : onlyCharge(order, id));
  if (!order || !payment) return null;
  const { metadata, objects } = mapDirectPayment(order);
  const customerId = order.customer_info?.customer_id ?? null;
  const session = order.checkout ? [{ kind: 'checkout', id: order.checkout.id }] : [];
  return {
    payment,
    providerCustomerId: customerId,
    metadata,
    objects: [...objects.filter(({ kind }) => kind !== 'customer'), ...session],
  };
}

/** Charges are only searched for, so what is found must have that very id. */
export async function orderOfCharge(api: JsonApi, chargeId: string, budget: Budget): Promise<ConektaOrder | null> {
  const page = await api.call({
    operation: 'charges.find',
    method: 'GET',
    path: '/charges',
    query: { search: chargeId, limit: MAX_PAGE },
    reply: conektaChargePage,
    budget,
  });
  const orderId = page.data.find(({ id }) => id === chargeId)?.order_id;
  return orderId == null ? null : readOrder(api, orderId, 'orders.get', budget);
}

function onlyCharge(order: ConektaOrder, id: string): ConektaOrder {
  return { ...order, charges: { data: (order.charges?.data ?? []).filter((charge) => charge.id === id) } };
}

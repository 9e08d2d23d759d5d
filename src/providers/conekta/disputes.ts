import type { JsonApi } from '../json-api.ts';
import type { DisputeOperations } from '../port-money.ts';
import { unixFromIso } from '../wire-time.ts';
import { mapDispute } from './map-order.ts';
import { readOrder } from './orders.ts';
import { pageParams, toPage } from './paging.ts';
import { conektaOrderPage, type ConektaOrder } from './wire.ts';

/**
 * Chargebacks stand in the charges of their orders (`chargeback` in the official document) and nowhere else. An order
 * whose chargeback moves is updated, so those updated since are read; a page may hold none.
 */
export function createConektaDisputes(api: JsonApi): DisputeOperations {
  return {
    async get(id) {
      const [orderId = ''] = id.split('/');
      const order = await readOrder(api, orderId, 'disputes.get');
      return order ? (disputesOf(order).find((dispute) => dispute.providerDisputeId === id) ?? null) : null;
    },
    async list(query) {
      const page = await api.call({
        operation: 'disputes.list',
        method: 'GET',
        path: '/orders',
        query: { ...pageParams(query), 'updated_at.gte': unixFromIso(query.createdAfter) },
        reply: conektaOrderPage,
      });
      const disputes = page.data
        .flatMap(disputesOf)
        .filter((dispute) => Date.parse(dispute.createdAt) >= Date.parse(query.createdAfter));
      return toPage(
        page,
        disputes.toSorted((a, b) => b.createdAt.localeCompare(a.createdAt)),
      );
    },
  };
}

function disputesOf(order: ConektaOrder) {
  return (order.charges?.data ?? []).flatMap((charge) => mapDispute(order.id, charge) ?? []);
}

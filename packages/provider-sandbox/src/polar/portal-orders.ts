import type { ApiRequest, Route } from '../http/answer.ts';
import type { PolarContext } from './context.ts';
import { notFound } from './errors.ts';
import { generateInvoice, getInvoice, getReceipt } from './invoices.ts';
import { listPage, oneOf } from './listing.ts';
import type { Order } from './objects.ts';
import { parseBilling, updateBilling } from './orders.ts';
import { portalOrder } from './portal-objects.ts';
import { portalCustomer } from './sessions.ts';

const BASE = '/v1/customer-portal';

/** A customer's own orders, their invoices and receipts. */
export function portalOrderRoutes(polar: PolarContext): Route[] {
  const own = (request: ApiRequest): Order => {
    const customer = portalCustomer(polar, request);
    const found = polar.orders.get(request.params['id'] ?? '');
    if (found?.customer_id !== customer.id) throw notFound();
    return found;
  };
  const path = `${BASE}/orders/:id`;
  return [
    {
      method: 'get',
      path: `${BASE}/orders/`,
      operations: ['portal.orders.list'],
      handle(request) {
        const all = polar.orders.findBy('customer', portalCustomer(polar, request).id).reverse();
        const keep = (doc: Order): boolean =>
          ['product_id', 'subscription_id'].every((name) => oneOf(request, name, doc[name]));
        return { status: 200, body: listPage(request, all, keep, (doc) => portalOrder(polar, doc)) };
      },
    },
    {
      method: 'get',
      path,
      operations: ['portal.orders.get'],
      handle: (request) => ({ status: 200, body: portalOrder(polar, own(request)) }),
    },
    {
      method: 'patch',
      path,
      operations: ['portal.orders.update'],
      handle: (request) => ({
        status: 200,
        body: portalOrder(polar, updateBilling(polar, own(request), parseBilling(request))),
      }),
    },
    {
      method: 'post',
      path: `${path}/invoice`,
      operations: ['portal.orders.generate_invoice'],
      handle: (request) => generateInvoice(polar, own(request)),
    },
    {
      method: 'get',
      path: `${path}/invoice`,
      operations: ['portal.orders.invoice'],
      handle: (request) => getInvoice(polar, own(request)),
    },
    {
      method: 'get',
      path: `${path}/receipt`,
      operations: ['portal.orders.receipt'],
      handle: (request) => getReceipt(polar, own(request)),
    },
    {
      method: 'get',
      path: `${path}/payment-status`,
      operations: ['portal.orders.payment_status'],
      handle(request) {
        const { id, status } = own(request);
        const last = polar.payments.findBy('order', id).at(-1);
        return { status: 200, body: { status, error: last?.status === 'failed' ? last['decline_message'] : null } };
      },
    },
  ];
}

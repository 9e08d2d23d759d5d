import type { ApiRequest, Route } from '../http/answer.ts';
import type { ConektaContext } from './context.ts';
import { notFound } from './errors.ts';
import { listPage } from './listing.ts';
import type { Order } from './objects.ts';
import { cancelOrder } from './settlement.ts';

function showCheckout(order: Order): object {
  const { plan_ids: _plans, ...checkout } = order.checkout ?? { plan_ids: [] };
  return checkout;
}

export function checkoutRoutes(conekta: ConektaContext): Route[] {
  const found = (request: ApiRequest): Order => {
    const id = request.params['id'] ?? '';
    const order = conekta.orders.findBy('checkout', id)[0];
    if (!order) throw notFound('Checkout', id);
    return order;
  };
  return [
    {
      method: 'get',
      path: '/checkouts',
      operations: ['checkouts.list'],
      handle: (request) => ({
        status: 200,
        body: listPage(
          request,
          conekta.orders.newestFirst(),
          conekta.sandbox.publicUrl(),
          (order) => order.checkout !== null,
          showCheckout,
        ),
      }),
    },
    {
      method: 'get',
      path: '/checkouts/:id',
      operations: ['checkouts.get'],
      handle: (request) => ({ status: 200, body: showCheckout(found(request)) }),
    },
    {
      method: 'put',
      path: '/checkouts/:id/cancel',
      operations: ['checkouts.expire'],
      handle(request) {
        const order = found(request);
        const open =
          order.payment_status === null ||
          order.payment_status === 'pending_payment' ||
          order.payment_status === 'declined';
        if (open) cancelOrder(conekta, order);
        return { status: 200, body: showCheckout(order) };
      },
    },
  ];
}

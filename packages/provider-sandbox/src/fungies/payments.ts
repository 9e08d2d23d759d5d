import { z } from 'zod';
import type { ApiRequest, Route } from '../http/answer.ts';
import type { FungiesContext } from './context.ts';
import { invalid, notFound, refusedUnder200, success } from './errors.ts';
import { arrayFilter, listPage, matches, matchesTerm } from './listing.ts';
import { type Order, type Payment, PAYMENT_STATUSES } from './objects.ts';
import { showOrder, showPayment, showSubscription } from './representation.ts';
import { parse } from './validation.ts';

const updateBody = z.object({
  status: z.enum(PAYMENT_STATUSES).optional(),
  value: z.int().min(0).optional(),
  fee: z.int().min(0).optional(),
  tax: z.int().min(0).optional(),
  currency: z.string().length(3).optional(),
});

type Listed = Pick<Order, 'id' | 'number' | 'status' | 'value' | 'userId' | 'subscriptionId'>;

function amountFilter(request: ApiRequest, name: string, otherwise: number): number {
  const text = request.query.get(name);
  const value = text === null || text === '' ? otherwise : Number(text);
  if (Number.isNaN(value)) throw invalid(`${name}: expected number`);
  return value;
}

/** The filters orders and payments share. Unknown ones are ignored, in silence. */
function filtersOf(fungies: FungiesContext, request: ApiRequest): (document: Listed) => boolean {
  const ids = arrayFilter(request, 'ids');
  const statuses = arrayFilter(request, 'statuses');
  const from = amountFilter(request, 'valueFrom', 0);
  const to = amountFilter(request, 'valueTo', Infinity);
  return (doc) =>
    (ids?.includes(doc.id) ?? true) &&
    (statuses?.includes(doc.status) ?? true) &&
    doc.value >= from &&
    doc.value <= to &&
    matches(request, { number: doc.number, userId: doc.userId, subscriptionId: doc.subscriptionId }) &&
    matchesTerm(request, [doc.id, doc.number, fungies.users.get(doc.userId)?.email]);
}

function listPayments(fungies: FungiesContext, request: ApiRequest) {
  const keep = filtersOf(fungies, request);
  const types = arrayFilter(request, 'types');
  const userId = request.query.get('userId');
  const subscriptionId = request.query.get('subscriptionId');
  return listPage<Payment>(request, 'payments', {
    all() {
      if (subscriptionId) return fungies.payments.findBy('subscription', subscriptionId);
      return userId ? fungies.payments.findBy('user', userId) : fungies.payments.all();
    },
    keep: (doc) => keep(doc) && (types?.includes(doc.type) ?? true),
    show: (doc) => showPayment(fungies, doc),
  });
}

function listOrders(fungies: FungiesContext, request: ApiRequest) {
  const keep = filtersOf(fungies, request);
  const types = arrayFilter(request, 'types');
  const typeOf = (order: Order): string => (order.subscriptionId === null ? 'OneTimePayment' : 'Subscription');
  return listPage<Order>(request, 'orders', {
    all: () => fungies.orders.all(),
    keep: (doc) => keep(doc) && (types?.includes(typeOf(doc)) ?? true),
    show: (doc) => showOrder(fungies, doc),
  });
}

function requireOrder(fungies: FungiesContext, request: ApiRequest): Order {
  const given = (request.params['id'] ?? '').replace(/^#/, '');
  const order = fungies.orders.get(given) ?? fungies.orders.findBy('number', given)[0];
  if (!order) throw notFound('Order');
  return order;
}

export function paymentRoutes(fungies: FungiesContext): Route[] {
  return [
    {
      method: 'get',
      path: '/v0/payments/list',
      operations: ['payments.list'],
      handle: (request) => listPayments(fungies, request),
    },
    {
      method: 'get',
      path: '/v0/payments/:id',
      operations: ['payments.get'],
      handle(request) {
        const payment = fungies.payments.get(request.params['id'] ?? '');
        if (!payment) throw notFound('Payment');
        return success({ payment: showPayment(fungies, payment) });
      },
    },
    {
      method: 'get',
      path: '/v0/orders/list',
      operations: ['orders.list'],
      handle: (request) => listOrders(fungies, request),
    },
    {
      method: 'get',
      path: '/v0/orders/:id',
      operations: ['orders.get'],
      handle(request) {
        const order = requireOrder(fungies, request);
        const subscription =
          order.subscriptionId === null ? undefined : fungies.subscriptions.get(order.subscriptionId);
        return success({
          order: showOrder(fungies, order),
          ...(subscription ? { subscription: showSubscription(fungies, subscription) } : {}),
        });
      },
    },
    {
      method: 'patch',
      path: '/v0/orders/:id/update',
      operations: ['orders.update'],
      handle(request) {
        const order = requireOrder(fungies, request);
        const change = Object.entries(parse(updateBody, request)).filter(([, value]) => value !== undefined);
        return success({
          order: showOrder(fungies, fungies.orders.put(Object.assign(order, Object.fromEntries(change)))),
        });
      },
    },
    {
      method: 'patch',
      path: '/v0/orders/:id/cancel',
      operations: ['orders.cancel'],
      handle(request) {
        const order = requireOrder(fungies, request);
        if (order.status === 'CANCELLED') throw refusedUnder200('Order is already cancelled');
        // Moves no money, ends no subscription.
        order.status = 'CANCELLED';
        return success({ order: showOrder(fungies, fungies.orders.put(order)) });
      },
    },
  ];
}

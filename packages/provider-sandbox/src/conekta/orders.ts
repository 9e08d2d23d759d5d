import { z } from 'zod';
import { base58 } from '../core/ids.ts';
import { type ApiRequest, type Route, readJson } from '../http/answer.ts';
import type { ConektaContext } from './context.ts';
import { type ChargeManner, prepareCharges } from './charging.ts';
import { requireCustomer } from './customers.ts';
import { invalid, notFound, precondition } from './errors.ts';
import { listPage } from './listing.ts';
import type { Order } from './objects.ts';
import { newCheckout, newLineItem, newOrderId, showOrder } from './order-object.ts';
import { orderBody, orderUpdateBody } from './order-params.ts';
import { CHECKOUT_EXPIRY, cancelOrder, saveOrder } from './settlement.ts';
import { parse } from './validation.ts';

type OrderBody = z.output<typeof orderBody>;

function customerInfo(conekta: ConektaContext, body: OrderBody): Order['customer_info'] {
  const { customer_info: info } = body;
  const base = {
    corporate: false,
    date_of_birth: null,
    national_id: null,
    object: 'customer_info',
    customer_custom_reference: null,
  };
  if (info.customer_id !== undefined) {
    const { name, email, phone, id } = requireCustomer(conekta, info.customer_id);
    return { ...base, name, email, phone, customer_id: id };
  }
  const missing = (['name', 'email', 'phone'] as const).find((field) => !info[field]);
  if (missing)
    throw invalid(
      `customer_info.${missing}`,
      'presence',
      `The parameter "customer_info.${missing}" is required.`,
      `El parámetro "customer_info.${missing}" es requerido.`,
    );
  return { ...base, name: info.name ?? '', email: info.email ?? '', phone: info.phone ?? '', customer_id: null };
}

function amountOf(body: OrderBody): number {
  const lines = body.line_items.reduce((sum, line) => sum + line.unit_price * line.quantity, 0);
  const taxes = (body.tax_lines ?? []).reduce((sum, line) => sum + line.amount, 0);
  const shipping = (body.shipping_lines ?? []).reduce((sum, line) => sum + line.amount, 0);
  const discounts = (body.discount_lines ?? []).reduce((sum, line) => sum + line.amount, 0);
  return lines + taxes + shipping - discounts;
}

function build(conekta: ConektaContext, body: OrderBody): Order {
  const id = newOrderId();
  const now = conekta.now();
  const { checkout } = body;
  if (checkout && body.charges)
    throw invalid(
      'charges',
      'exclusive',
      'An order takes charges or a checkout, not both.',
      'Una orden lleva charges o checkout, no ambos.',
    );
  for (const plan of checkout?.plan_ids ?? []) if (!conekta.plans.get(plan)) throw notFound('Plan', plan);
  const order: Order = {
    livemode: false,
    amount: amountOf(body),
    currency: body.currency,
    payment_status: null,
    amount_refunded: 0,
    split_payment: null,
    customer_info: customerInfo(conekta, body),
    shipping_contact: body.shipping_contact ?? null,
    channel: null,
    fiscal_entity: null,
    object: 'order',
    id,
    metadata: body.metadata ?? {},
    is_refundable: false,
    processing_mode: body.processing_mode ?? null,
    created_at: now,
    updated_at: now,
    line_items: body.line_items.map((line) => newLineItem(id, line)),
    discounts: (body.discount_lines ?? []).map((line) => ({
      ...line,
      object: 'discount_line',
      id: `dis_lin_${base58(17)}`,
      parent_id: id,
    })),
    taxes: (body.tax_lines ?? []).map((line) => ({
      ...line,
      object: 'tax_line',
      id: `tax_lin_${base58(17)}`,
      parent_id: id,
    })),
    shipping: (body.shipping_lines ?? []).map((line) => ({
      ...line,
      object: 'shipping_line',
      id: `ship_lin_${base58(17)}`,
      parent_id: id,
    })),
    charges: [],
    checkout: null,
    subscription_id: null,
    authorization: null,
  };
  if (checkout) attachCheckout(conekta, order, checkout);
  return order;
}

function attachCheckout(conekta: ConektaContext, order: Order, checkout: NonNullable<OrderBody['checkout']>): void {
  const min = conekta.now() + 300;
  if (checkout.expires_at !== undefined && checkout.expires_at < min - 60)
    throw invalid(
      'checkout.expires_at',
      'range',
      'checkout.expires_at must be at least 5 minutes ahead.',
      'checkout.expires_at debe ser al menos 5 minutos en el futuro.',
    );
  order.checkout = newCheckout(conekta, order.id, {
    type: checkout.type ?? 'Integration',
    name: checkout.name,
    allowed: checkout.allowed_payment_methods,
    expiresAt: checkout.expires_at,
    successUrl: checkout.success_url,
    failureUrl: checkout.failure_url,
    redirectionTime: checkout.redirection_time,
    planIds: checkout.plan_ids,
    installments: checkout.monthly_installments_enabled === true ? checkout.monthly_installments_options : [],
  });
  order['channel'] = {
    segment: 'Checkout',
    checkout_request_id: order.checkout.id,
    checkout_request_type: order.checkout['type'],
    original_checkout_request_type: null,
    original_checkout_request_id: null,
    id: `channel_${base58(17)}`,
  };
  conekta.sandbox.agenda.plan(CHECKOUT_EXPIRY, order.id, order.checkout.expires_at * 1000);
}

function create(conekta: ConektaContext, body: OrderBody): Order {
  const order = build(conekta, body);
  const manner: ChargeManner = {
    preAuthorize: body.pre_authorize === true,
    threeDsMode: body.three_ds_mode ?? null,
    returnUrl: body.return_url ?? null,
  };
  if (body.checkout && body.return_url !== undefined)
    throw invalid(
      'return_url',
      'exclusive',
      'return_url does not go with a checkout.',
      'return_url no se usa junto con checkout.',
    );
  const charge = prepareCharges(conekta, order, body.charges ?? [], manner);
  saveOrder(conekta, order, 'created');
  charge();
  return order;
}

function listed(request: ApiRequest): (order: Order) => boolean {
  const { query } = request;
  const search = query.get('search')?.toLowerCase();
  const at = (name: string, fallback: number): number => Number(query.get(name) ?? fallback);
  const status = query.get('payment_status');
  return (order) =>
    (status === null || order.payment_status === status) &&
    order.created_at >= at('created_at.gte', 0) &&
    order.created_at <= at('created_at.lte', Infinity) &&
    order.updated_at >= at('updated_at.gte', 0) &&
    order.updated_at <= at('updated_at.lte', Infinity) &&
    (search === undefined ||
      JSON.stringify([
        order.id,
        order.metadata,
        order.customer_info,
        order.checkout?.id,
        order.charges.map((charge) => [charge.id, charge['reference_id']]),
      ])
        .toLowerCase()
        .includes(search));
}

const isCancelable = ({ payment_status: status }: Order): boolean =>
  status === null || ['pending_payment', 'declined', 'pre_authorized', 'canceled', 'expired'].includes(status);

function hasCheckout(request: ApiRequest): boolean {
  try {
    const body = readJson(request.rawBody);
    return typeof body === 'object' && body !== null && 'checkout' in body;
  } catch {
    return false;
  }
}

export function requireOrder(conekta: ConektaContext, request: ApiRequest): Order {
  const order = conekta.orders.get(request.params['id'] ?? '');
  if (!order) throw notFound('Order', request.params['id'] ?? '');
  return order;
}

export function orderRoutes(conekta: ConektaContext): Route[] {
  const found = (request: ApiRequest): Order => requireOrder(conekta, request);
  return [
    {
      method: 'post',
      path: '/orders',
      operations: (request) => (hasCheckout(request) ? ['checkouts.create', 'orders.create'] : ['orders.create']),
      handle: (request) => ({ status: 200, body: showOrder(create(conekta, parse(orderBody, request))) }),
    },
    {
      method: 'get',
      path: '/orders',
      operations: ['checkouts.list', 'orders.list'],
      handle: (request) => ({
        status: 200,
        body: listPage(request, conekta.orders.newestFirst(), conekta.sandbox.publicUrl(), listed(request), showOrder),
      }),
    },
    {
      method: 'get',
      path: '/orders/:id',
      operations: ['checkouts.get', 'orders.get'],
      handle: (request) => ({ status: 200, body: showOrder(found(request)) }),
    },
    {
      method: 'put',
      path: '/orders/:id',
      operations: ['orders.update'],
      handle(request) {
        const order = found(request);
        const body = parse(orderUpdateBody, request);
        if (order.charges.length > 0)
          throw precondition(
            'order.cannot_be_updated_because_has_charge',
            'The order cannot be updated because it has a charge.',
            'La orden no puede ser actualizada porque tiene un cargo.',
          );
        if (body.metadata) order.metadata = { ...order.metadata, ...body.metadata };
        saveOrder(conekta, order, 'updated');
        return { status: 200, body: showOrder(order) };
      },
    },
    {
      method: 'post',
      path: '/orders/:id/cancel',
      operations: ['checkouts.expire', 'orders.cancel'],
      handle(request) {
        const order = found(request);
        if (!isCancelable(order))
          throw precondition(
            'order.cannot_be_canceled',
            'A paid order cannot be canceled.',
            'Una orden pagada no puede ser cancelada.',
          );
        if (order.payment_status !== 'canceled') cancelOrder(conekta, order);
        return { status: 200, body: showOrder(order) };
      },
    },
  ];
}

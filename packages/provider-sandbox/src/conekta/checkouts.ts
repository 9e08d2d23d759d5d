import { z } from 'zod';
import type { Answer, ApiRequest, Route } from '../http/answer.ts';
import type { ConektaContext } from './context.ts';
import { invalid, notFound } from './errors.ts';
import { listPage } from './listing.ts';
import type { Checkout, Order, PaymentLink } from './objects.ts';
import { newCheckout } from './order-object.ts';
import { lineItem, methods } from './order-params.ts';
import { saveLinkOrder } from './payment-links.ts';
import { cancelOrder, saveOrder } from './settlement.ts';
import { parse } from './validation.ts';

const YEAR_S = 365 * 86_400;

const linkBody = z.strictObject({
  name: z.string().min(1),
  type: z.literal('PaymentLink'),
  recurrent: z.boolean(),
  expires_at: z.int(),
  allowed_payment_methods: methods,
  order_template: z.strictObject({
    currency: z.enum(['MXN', 'USD']),
    customer_info: z.looseObject({ customer_id: z.string().optional() }).optional(),
    line_items: z.array(lineItem).min(1),
    metadata: z.record(z.string(), z.unknown()).optional(),
  }),
  exclude_card_networks: z.array(z.enum(['visa', 'mastercard', 'amex'])).optional(),
  monthly_installments_enabled: z.boolean().optional(),
  monthly_installments_options: z.array(z.int()).optional(),
  three_ds_mode: z.enum(['smart', 'strict']).nullish(),
  needs_shipping_contact: z.boolean().optional(),
  on_demand_enabled: z.boolean().nullish(),
  plan_ids: z.array(z.string()).optional(),
  payments_limit_count: z.int().min(1).optional(),
  success_url: z.url().optional(),
});
const emailBody = z.strictObject({ email: z.email() });
const smsBody = z.strictObject({ phonenumber: z.string().min(1) });

function createLink(conekta: ConektaContext, body: z.output<typeof linkBody>): PaymentLink {
  const now = conekta.now();
  if (body.expires_at < now + 240 || body.expires_at > now + YEAR_S)
    throw invalid(
      'expires_at',
      'range',
      'expires_at must be between 5 minutes and 365 days ahead.',
      'expires_at debe estar entre 5 minutos y 365 días en el futuro.',
    );
  for (const plan of body.plan_ids ?? []) if (!conekta.plans.get(plan)) throw notFound('Plan', plan);
  const checkout: Checkout = {
    ...newCheckout(conekta, '', {
      type: 'PaymentLink',
      name: body.name,
      allowed: body.allowed_payment_methods,
      expiresAt: body.expires_at,
      successUrl: body.success_url,
      planIds: body.plan_ids,
      installments: body.monthly_installments_enabled === true ? body.monthly_installments_options : [],
    }),
    recurrent: body.recurrent,
    needs_shipping_contact: body.needs_shipping_contact ?? false,
    payments_limit_count: body.payments_limit_count ?? null,
    exclude_card_networks: body.exclude_card_networks ?? [],
    three_ds_mode: body.three_ds_mode ?? null,
  };
  checkout.url = `${conekta.sandbox.publicUrl()}/conekta/link/${checkout.slug}`;
  const { currency, customer_info: customer, line_items: lines, metadata } = body.order_template;
  return conekta.links.put({
    id: checkout.id,
    checkout,
    template: {
      currency,
      customerId: customer?.customer_id ?? null,
      lines: lines.map(({ name, unit_price: unitPrice, quantity, description }) => ({
        name,
        unitPrice,
        quantity,
        description: description ?? null,
      })),
      metadata: metadata ?? {},
    },
  });
}

interface Found {
  checkout: Checkout;
  save: () => void;
  cancel: () => void;
}

function ofOrder(conekta: ConektaContext, order: Order, checkout: Checkout): Found {
  const { payment_status: status } = order;
  return {
    checkout,
    save: () => saveOrder(conekta, order),
    cancel() {
      if (status === null || status === 'pending_payment' || status === 'declined') cancelOrder(conekta, order);
    },
  };
}

function find(conekta: ConektaContext, request: ApiRequest): Found {
  const id = request.params['id'] ?? '';
  const order = conekta.orders.findBy('checkout', id)[0];
  if (order?.checkout) return ofOrder(conekta, order, order.checkout);
  const link = conekta.links.get(id);
  if (!link) throw notFound('Checkout', id);
  const { checkout } = link;
  const save = (): void => void conekta.links.put(link);
  return {
    checkout,
    save,
    cancel() {
      if (checkout.status === 'Issued') checkout.status = 'Cancelled';
      save();
    },
  };
}

function* newestCheckouts(conekta: ConektaContext): Generator<Checkout> {
  for (const { checkout } of conekta.links.newestFirst()) yield checkout;
  for (const { checkout } of conekta.orders.newestFirst()) if (checkout) yield checkout;
}

/** A visit of a link makes an order of its template and goes to its page. */
function openLink(conekta: ConektaContext, request: ApiRequest): Answer {
  const slug = request.params['slug'] ?? '';
  const link = conekta.links.findBy('slug', slug)[0];
  const order = link && saveLinkOrder(conekta, link);
  if (!order?.checkout) throw notFound('Checkout', slug);
  return { status: 302, headers: { location: order.checkout.url, 'cache-control': 'no-store' } };
}

export function checkoutRoutes(conekta: ConektaContext): Route[] {
  const sending = (how: 'email' | 'sms', body: z.ZodObject): Route => ({
    method: 'post',
    path: `/checkouts/:id/${how}`,
    operations: [`checkouts.${how}`],
    handle(request) {
      const { checkout, save } = find(conekta, request);
      parse(body, request);
      const counter = how === 'email' ? 'emails_sent' : 'sms_sent';
      checkout[counter] = Number(checkout[counter]) + 1;
      save();
      return { status: 200, body: checkout };
    },
  });
  return [
    {
      method: 'post',
      path: '/checkouts',
      operations: ['checkouts.create'],
      handle: (request) => ({ status: 200, body: createLink(conekta, parse(linkBody, request)).checkout }),
    },
    {
      method: 'get',
      path: '/checkouts',
      operations: ['checkouts.list'],
      handle: (request) => ({
        status: 200,
        body: listPage(
          request,
          newestCheckouts(conekta),
          conekta.sandbox.publicUrl(),
          ({ id, name, status }) => `${id} ${String(name)} ${status}`.includes(request.query.get('search') ?? ''),
          (checkout) => checkout,
        ),
      }),
    },
    {
      method: 'get',
      path: '/checkouts/:id',
      operations: ['checkouts.get'],
      handle: (request) => ({ status: 200, body: find(conekta, request).checkout }),
    },
    {
      method: 'put',
      path: '/checkouts/:id/cancel',
      operations: ['checkouts.expire'],
      handle(request) {
        const { checkout, cancel } = find(conekta, request);
        cancel();
        return { status: 200, body: checkout };
      },
    },
    sending('email', emailBody),
    sending('sms', smsBody),
    { method: 'get', path: '/link/:slug', operations: [], handle: (request) => openLink(conekta, request) },
  ];
}

import { z } from 'zod';
import type { Route } from '../../http/answer.ts';
import type { StripeContext } from '../context.ts';
import { requireCustomer } from '../require-customer.ts';
import { invalid, noSuch, paymentFailure } from '../errors.ts';
import { expanded } from '../expand.ts';
import { listPage } from '../listing.ts';
import type { PaymentMethod } from '../objects.ts';
import { expand, formOf, ignored, integer, mergeMetadata, metadata, page, parse, text } from '../params.ts';
import { methodNamed } from './method-object.ts';
import { billingFields, billingParam, methodDataParams, methodFrom } from './method-params.ts';
import { GENERIC_DECLINE } from '../../core/cards.ts';

const createParams = z.strictObject({
  ...methodDataParams,
  customer: text.optional(),
  expand,
  payment_method: text.optional(),
});
const updateParams = z.strictObject({
  allow_redisplay: z.enum(['always', 'limited', 'unspecified']).optional(),
  billing_details: billingParam.optional(),
  card: z
    .strictObject({ exp_month: integer.optional(), exp_year: integer.optional(), networks: ignored.optional() })
    .optional(),
  expand,
  metadata: metadata.optional(),
  us_bank_account: ignored.optional(),
});
const listParams = z.strictObject({
  ...page,
  allow_redisplay: text.optional(),
  customer: text.optional(),
  customer_account: text.optional(),
  type: text.optional(),
});

/** Attaches it, or says why the bank or its past forbids that. `0341` attaches and fails on charging. */
function attachMethod(stripe: StripeContext, method: PaymentMethod, customer: string): PaymentMethod {
  requireCustomer(stripe, customer, 'customer', 400);
  if (method.customer === customer) return method;
  if (method.customer !== null) {
    throw invalid('The payment method you provided has already been attached to a customer.', {
      code: 'payment_method_already_attached',
    });
  }
  const instrument = stripe.instruments.get(method.id);
  if (instrument?.wasDetached === true) {
    throw invalid(
      'The payment method you provided was previously used with a PaymentIntent without Customer attachment, shared with a connected account without Customer attachment, or was detached from a Customer. It may not be used again. To use a PaymentMethod multiple times, you must attach it to a Customer first.',
      { code: 'payment_method_unexpected_state' },
    );
  }
  const decline = instrument?.behaviour.charge ?? null;
  if (decline && instrument?.card?.renewal !== 'declines') throw paymentFailure(decline ?? GENERIC_DECLINE);
  method.customer = customer;
  stripe.paymentMethods.put(method);
  stripe.emit('payment_method.attached', method);
  return method;
}

export function detachMethod(stripe: StripeContext, method: PaymentMethod): PaymentMethod {
  const customer = method.customer;
  if (customer === null) {
    throw invalid('The payment method you provided is not attached to a customer so detachment is impossible.', {
      code: 'payment_method_unexpected_state',
    });
  }
  const owner = stripe.customers.get(customer);
  if (owner?.invoice_settings.default_payment_method === method.id) {
    owner.invoice_settings.default_payment_method = null;
    stripe.customers.put(owner);
  }
  for (const subscription of stripe.subscriptions.findBy('customer', customer)) {
    if (subscription.default_payment_method !== method.id) continue;
    subscription.default_payment_method = null;
    stripe.subscriptions.put(subscription);
  }
  method.customer = null;
  stripe.paymentMethods.put(method);
  const instrument = stripe.instruments.get(method.id);
  if (instrument) stripe.instruments.put({ ...instrument, wasDetached: true });
  stripe.emit('payment_method.detached', method, { customer });
  return method;
}

function update(stripe: StripeContext, method: PaymentMethod, params: z.output<typeof updateParams>): PaymentMethod {
  if (method.customer === null) {
    throw invalid('You must save this PaymentMethod to a customer before you can update it.', {
      code: 'payment_method_unexpected_state',
    });
  }
  const before = method['billing_details'];
  const known = typeof before === 'object' && before !== null ? { ...before } : undefined;
  method['billing_details'] = billingFields(params.billing_details, known);
  if (params.allow_redisplay !== undefined) method['allow_redisplay'] = params.allow_redisplay;
  const card = method['card'];
  if (params.card && typeof card === 'object' && card !== null) {
    const { exp_month: month, exp_year: year } = params.card;
    method['card'] = {
      ...card,
      ...(month === undefined ? {} : { exp_month: month }),
      ...(year === undefined ? {} : { exp_year: year }),
    };
  }
  method.metadata = mergeMetadata(method.metadata, params.metadata);
  stripe.paymentMethods.put(method);
  stripe.emit('payment_method.updated', method, {});
  return method;
}

function listRoutes(stripe: StripeContext): Route[] {
  const list = (customer: string, url: string, params: z.output<typeof listParams>): object => {
    const source = customer === '' ? [] : stripe.paymentMethods.findBy('customer', customer).reverse();
    const found = listPage(
      source,
      url,
      params,
      (doc) =>
        (params.type === undefined || doc.type === params.type) &&
        (params.allow_redisplay === undefined || doc['allow_redisplay'] === params.allow_redisplay),
    );
    return expanded(stripe, found, params.expand);
  };
  return [
    {
      method: 'get',
      path: '/v1/payment_methods',
      operations: ['payment_methods.list'],
      handle(request) {
        const params = parse(listParams, formOf(request));
        if (params.customer !== undefined) requireCustomer(stripe, params.customer, 'customer', 400);
        return { status: 200, body: list(params.customer ?? '', '/v1/payment_methods', params) };
      },
    },
    {
      method: 'get',
      path: '/v1/customers/:id/payment_methods',
      operations: ['payment_methods.list'],
      handle(request) {
        const customer = requireCustomer(stripe, request.params['id'] ?? '', 'customer', 404);
        const params = parse(listParams.omit({ customer: true, customer_account: true }), formOf(request));
        return { status: 200, body: list(customer.id, `/v1/customers/${customer.id}/payment_methods`, params) };
      },
    },
    {
      method: 'get',
      path: '/v1/customers/:id/payment_methods/:method',
      operations: ['payment_methods.get'],
      handle(request) {
        const id = request.params['method'] ?? '';
        const method = stripe.paymentMethods.get(id);
        if (!method || method.customer !== request.params['id']) throw noSuch('PaymentMethod', id, 'payment_method');
        return {
          status: 200,
          body: expanded(stripe, method, parse(z.strictObject({ expand }), formOf(request)).expand),
        };
      },
    },
  ];
}

export function paymentMethodRoutes(stripe: StripeContext): Route[] {
  const found = (id = ''): PaymentMethod => {
    const method = stripe.paymentMethods.get(id);
    if (!method) throw noSuch('PaymentMethod', id, 'payment_method');
    return method;
  };
  return [
    ...listRoutes(stripe),
    {
      method: 'post',
      path: '/v1/payment_methods',
      operations: ['payment_methods.create'],
      handle(request) {
        const params = parse(createParams, formOf(request));
        return { status: 200, body: expanded(stripe, methodFrom(stripe, params, ''), params.expand) };
      },
    },
    {
      method: 'get',
      path: '/v1/payment_methods/:id',
      operations: ['payment_methods.get'],
      handle(request) {
        const params = parse(z.strictObject({ expand }), formOf(request));
        return { status: 200, body: expanded(stripe, found(request.params['id']), params.expand) };
      },
    },
    {
      method: 'post',
      path: '/v1/payment_methods/:id',
      operations: ['payment_methods.update'],
      handle(request) {
        const params = parse(updateParams, formOf(request));
        return {
          status: 200,
          body: expanded(stripe, update(stripe, found(request.params['id']), params), params.expand),
        };
      },
    },
    {
      method: 'post',
      path: '/v1/payment_methods/:id/attach',
      operations: ['payment_methods.attach'],
      handle(request) {
        const params = parse(z.strictObject({ customer: text, expand }), formOf(request));
        const id = request.params['id'] ?? '';
        const method = id.startsWith('pm_card_') ? methodNamed(stripe, id, 'payment_method') : found(id);
        return { status: 200, body: expanded(stripe, attachMethod(stripe, method, params.customer), params.expand) };
      },
    },
    {
      method: 'post',
      path: '/v1/payment_methods/:id/detach',
      operations: ['payment_methods.detach'],
      handle(request) {
        const params = parse(z.strictObject({ expand }), formOf(request));
        return {
          status: 200,
          body: expanded(stripe, detachMethod(stripe, found(request.params['id'])), params.expand),
        };
      },
    },
  ];
}

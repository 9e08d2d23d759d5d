import { z } from 'zod';
import type { Route } from '../http/answer.ts';
import type { ConektaContext } from './context.ts';
import { newSource, requireCustomer, sourceBody } from './customers.ts';
import { notFound } from './errors.ts';
import { listPage } from './listing.ts';
import type { Customer, PaymentSource } from './objects.ts';
import { parse } from './validation.ts';

const sourceUpdate = z.strictObject({ name: z.string().optional(), expires_at: z.int().optional() });

/** Cards and references kept for a customer. */
export function paymentSourceRoutes(conekta: ConektaContext): Route[] {
  const found = (params: Record<string, string>): Customer => requireCustomer(conekta, params['id'] ?? '');
  const source = (params: Record<string, string>): PaymentSource => {
    const id = params['source'] ?? '';
    const known = conekta.sources.get(id);
    if (known?.parent_id !== found(params).id) throw notFound('PaymentSource', id);
    return known;
  };
  return [
    {
      method: 'get',
      path: '/customers/:id/payment_sources',
      operations: ['payment_sources.list'],
      handle: (request) => ({
        status: 200,
        body: listPage(
          request,
          conekta.sources.findBy('customer', found(request.params).id),
          conekta.sandbox.publicUrl(),
          () => true,
          (doc) => doc,
        ),
      }),
    },
    {
      method: 'post',
      path: '/customers/:id/payment_sources',
      operations: ['payment_sources.create'],
      handle: (request) => ({
        status: 200,
        body: newSource(conekta, found(request.params), parse(sourceBody, request)),
      }),
    },
    {
      method: 'delete',
      path: '/customers/:id/payment_sources/:source',
      operations: ['payment_sources.delete'],
      handle(request) {
        const removed = source(request.params);
        const customer = found(request.params);
        conekta.sources.remove(removed.id);
        conekta.vault.remove(removed.id);
        if (customer.default_payment_source_id === removed.id) {
          const next = conekta.sources.findBy('customer', customer.id).find(({ type }) => type === 'card');
          conekta.customers.put(Object.assign(customer, { default_payment_source_id: next?.id ?? null }));
        }
        return { status: 200, body: removed };
      },
    },
    {
      method: 'put',
      path: '/customers/:id/payment_sources/:source',
      operations: ['payment_sources.update'],
      handle(request) {
        const changed = Object.assign(source(request.params), parse(sourceUpdate, request));
        return { status: 200, body: conekta.sources.put(changed) };
      },
    },
  ];
}

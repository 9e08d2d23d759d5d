import { z } from 'zod';
import type { Collection } from '../core/collection.ts';
import type { Route } from '../http/answer.ts';
import type { StripeContext } from './context.ts';
import { noSuch } from './errors.ts';
import type { Charge } from './objects.ts';
import { expanded } from './expand.ts';
import { inRange, listPage } from './listing.ts';
import { expand, formOf, page, parse, range, text } from './params.ts';

function reader<T extends { id: string; created: number }>(
  stripe: StripeContext,
  input: { path: string; noun: string; operation: string; from: Collection<T> },
): Route {
  return {
    method: 'get',
    path: `${input.path}/:id`,
    operations: [input.operation],
    handle(request) {
      const id = request.params['id'] ?? '';
      const found = input.from.get(id);
      if (!found) throw noSuch(input.noun, id, input.noun === 'event' ? 'id' : input.noun);
      return { status: 200, body: expanded(stripe, found, parse(z.looseObject({ expand }), formOf(request)).expand) };
    },
  };
}

const chargeList = z.strictObject({
  ...page,
  created: range.optional(),
  customer: text.optional(),
  payment_intent: text.optional(),
  transfer_group: text.optional(),
});
const invoiceList = z.strictObject({
  ...page,
  collection_method: text.optional(),
  created: range.optional(),
  customer: text.optional(),
  customer_account: text.optional(),
  due_date: range.optional(),
  status: text.optional(),
  subscription: text.optional(),
});
const invoicePaymentList = z.strictObject({
  ...page,
  created: range.optional(),
  invoice: text.optional(),
  payment: z
    .strictObject({
      type: text,
      payment_intent: text.optional(),
      charge: text.optional(),
      payment_record: text.optional(),
    })
    .optional(),
  status: text.optional(),
});
const eventList = z.strictObject({
  ...page,
  created: range.optional(),
  delivery_success: text.optional(),
  type: text.optional(),
  types: z.array(text).optional(),
});

function matchesType(wanted: string, type: string): boolean {
  return wanted.endsWith('.*') ? type.startsWith(wanted.slice(0, -1)) : wanted === type;
}

function lists(stripe: StripeContext): Route[] {
  return [
    {
      method: 'get',
      path: '/v1/charges',
      operations: ['charges.list'],
      handle(request) {
        const params = parse(chargeList, formOf(request));
        const keep = (doc: Charge): boolean =>
          inRange(doc.created, params.created) &&
          (params.customer === undefined || doc.customer === params.customer) &&
          (params.payment_intent === undefined || doc.payment_intent === params.payment_intent);
        const list = listPage(stripe.charges.newestFirst(), '/v1/charges', params, keep);
        return { status: 200, body: expanded(stripe, list, params.expand) };
      },
    },
    {
      method: 'get',
      path: '/v1/invoices',
      operations: ['invoices.list'],
      handle(request) {
        const params = parse(invoiceList, formOf(request));
        const source =
          params.subscription !== undefined
            ? stripe.invoices.findBy('subscription', params.subscription).reverse()
            : params.customer !== undefined
              ? stripe.invoices.findBy('customer', params.customer).reverse()
              : stripe.invoices.newestFirst();
        const list = listPage(
          source,
          '/v1/invoices',
          params,
          (doc) =>
            inRange(doc.created, params.created) &&
            (params.status === undefined || doc.status === params.status) &&
            (params.customer === undefined || doc.customer === params.customer),
        );
        return { status: 200, body: expanded(stripe, list, params.expand) };
      },
    },
    {
      method: 'get',
      path: '/v1/invoice_payments',
      operations: ['invoice_payments.list'],
      handle(request) {
        const params = parse(invoicePaymentList, formOf(request));
        const intent = params.payment?.payment_intent;
        const source =
          intent !== undefined
            ? stripe.invoicePayments.findBy('paymentIntent', intent).reverse()
            : params.invoice !== undefined
              ? stripe.invoicePayments.findBy('invoice', params.invoice).reverse()
              : stripe.invoicePayments.newestFirst();
        const list = listPage(
          source,
          '/v1/invoice_payments',
          params,
          (doc) =>
            (params.status === undefined || doc.status === params.status) &&
            (params.invoice === undefined || doc.invoice === params.invoice),
        );
        return { status: 200, body: expanded(stripe, list, params.expand) };
      },
    },
    {
      method: 'get',
      path: '/v1/events',
      operations: ['events.list'],
      handle(request) {
        const params = parse(eventList, formOf(request));
        const wanted = params.types ?? (params.type === undefined ? [] : [params.type]);
        const keep = (doc: { id: string; created: number; type: string }): boolean => {
          const undelivered =
            params.delivery_success === undefined ||
            stripe.sandbox.deliveries.list({ eventId: doc.id }).every((delivery) => delivery.status === 'delivered') ===
              (params.delivery_success === 'true');
          return (
            inRange(doc.created, params.created) &&
            (wanted.length === 0 || wanted.some((type) => matchesType(type, doc.type))) &&
            undelivered
          );
        };
        return { status: 200, body: listPage(stripe.events.newestFirst(), '/v1/events', params, keep) };
      },
    },
  ];
}

/** No credit notes are made and no tax ids kept here: the lists exist and are empty. */
function emptyLists(): Route[] {
  const empty = (path: string, operation: string): Route => ({
    method: 'get',
    path,
    operations: [operation],
    handle: (request) => ({ status: 200, body: { object: 'list', data: [], has_more: false, url: request.path } }),
  });
  return [empty('/v1/credit_notes', 'credit_notes.list'), empty('/v1/customers/:id/tax_ids', 'tax_ids.list')];
}

export function readingRoutes(stripe: StripeContext): Route[] {
  return [
    ...emptyLists(),
    ...lists(stripe),
    reader(stripe, { path: '/v1/invoices', noun: 'invoice', operation: 'invoices.get', from: stripe.invoices }),
    reader(stripe, { path: '/v1/charges', noun: 'charge', operation: 'charges.get', from: stripe.charges }),
    reader(stripe, { path: '/v1/events', noun: 'event', operation: 'events.get', from: stripe.events }),
  ];
}

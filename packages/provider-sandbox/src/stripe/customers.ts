import { z } from 'zod';
import { base62 } from '../core/ids.ts';
import type { Route } from '../http/answer.ts';
import type { StripeContext } from './context.ts';
import { invalid, noSuch } from './errors.ts';
import { expanded } from './expand.ts';
import { inRange, listPage } from './listing.ts';
import type { Customer } from './objects.ts';
import {
  addressParam,
  expand,
  formOf,
  ignored,
  integer,
  mergeMetadata,
  metadata,
  page,
  parse,
  range,
  text,
} from './params.ts';
import { cancelNow } from './billing/lifecycle.ts';
import { requireCustomer } from './require-customer.ts';

const shared = {
  address: addressParam.optional(),
  balance: integer.optional(),
  business_name: text.optional(),
  description: text.optional(),
  email: text.max(512).optional(),
  expand,
  individual_name: text.optional(),
  invoice_prefix: text.optional(),
  invoice_settings: z
    .strictObject({
      custom_fields: ignored.optional(),
      default_payment_method: text.optional(),
      footer: text.optional(),
      rendering_options: ignored.optional(),
    })
    .optional(),
  metadata: metadata.optional(),
  name: text.max(256).optional(),
  next_invoice_sequence: integer.optional(),
  phone: text.optional(),
  preferred_locales: z.array(text).optional(),
  shipping: ignored.optional(),
  source: text.optional(),
  tax: ignored.optional(),
  tax_exempt: z.enum(['', 'exempt', 'none', 'reverse']).optional(),
};
const createParams = z.strictObject({
  ...shared,
  cash_balance: ignored.optional(),
  payment_method: text.optional(),
  tax_id_data: ignored.optional(),
  test_clock: text.optional(),
  validate: text.optional(),
});
const updateParams = z.strictObject({ ...shared, cash_balance: ignored.optional(), default_source: text.optional() });
const listParams = z.strictObject({
  ...page,
  email: text.optional(),
  created: range.optional(),
  test_clock: text.optional(),
});

const searchParams = z.strictObject({ query: text, limit: page.limit, page: text.optional(), expand });

/** One clause of the query language, exact: `metadata['key']:'value'` or `email:'value'`. */
function matcherOf(query: string): (customer: Customer) => boolean {
  const [, key, email, value = ''] = /^(?:metadata\['([^']+)'\]|(email)):'([^']*)'$/.exec(query.trim()) ?? [];
  if (key !== undefined) return (customer) => customer.metadata[key] === value;
  if (email !== undefined) return (customer) => customer.email === value;
  throw invalid('We were unable to parse your search query.', { param: 'query' });
}

type Change = z.output<typeof updateParams>;

const emptyToNull = (value: string | undefined, before: string | null): string | null =>
  value === undefined ? before : value === '' ? null : value;

function addressOf(address: '' | Record<string, string> | undefined, before: unknown): unknown {
  if (address === undefined) return before ?? null;
  if (address === '') return null;
  const empty = { city: null, country: null, line1: null, line2: null, postal_code: null, state: null };
  return { ...empty, ...address };
}

function apply(customer: Customer, change: Change): void {
  customer.email = emptyToNull(change.email, customer.email);
  customer.name = emptyToNull(change.name, customer.name);
  customer['phone'] = emptyToNull(change.phone, (customer['phone'] as string | null | undefined) ?? null);
  customer['description'] = emptyToNull(change.description, (customer['description'] as string | null) ?? null);
  customer['address'] = addressOf(change.address, customer['address']);
  customer.metadata = mergeMetadata(customer.metadata, change.metadata);
  if (change.balance !== undefined) customer['balance'] = change.balance;
  if (change.preferred_locales !== undefined) customer['preferred_locales'] = change.preferred_locales;
  if (change.tax_exempt !== undefined) customer['tax_exempt'] = change.tax_exempt === '' ? 'none' : change.tax_exempt;
  if (change.shipping !== undefined) customer['shipping'] = change.shipping === '' ? null : change.shipping;
  const method = change.invoice_settings?.default_payment_method;
  if (typeof method === 'string') customer.invoice_settings.default_payment_method = method === '' ? null : method;
}

export function newCustomer(stripe: StripeContext, change: Change): Customer {
  const customer: Customer = {
    id: `cus_${base62(14)}`,
    object: 'customer',
    address: null,
    balance: 0,
    created: stripe.now(),
    currency: null,
    customer_account: null,
    default_source: null,
    delinquent: false,
    description: null,
    discount: null,
    email: null,
    invoice_prefix: base62(8).toUpperCase(),
    invoice_settings: { custom_fields: null, default_payment_method: null, footer: null, rendering_options: null },
    livemode: false,
    metadata: {},
    name: null,
    next_invoice_sequence: 1,
    phone: null,
    preferred_locales: [],
    shipping: null,
    tax_exempt: 'none',
    test_clock: null,
  };
  apply(customer, change);
  stripe.customers.put(customer);
  stripe.emit('customer.created', customer);
  return customer;
}

export function customerRoutes(stripe: StripeContext): Route[] {
  const found = (id: string | undefined): Customer => requireCustomer(stripe, id ?? '', 'id', 404);
  return [
    {
      method: 'post',
      path: '/v1/customers',
      operations: ['customers.create'],
      handle(request) {
        const params = parse(createParams, formOf(request));
        return { status: 200, body: expanded(stripe, newCustomer(stripe, params), params.expand) };
      },
    },
    {
      method: 'get',
      path: '/v1/customers',
      operations: ['customers.list'],
      handle(request) {
        const params = parse(listParams, formOf(request));
        const source =
          params.email === undefined
            ? stripe.customers.newestFirst()
            : stripe.customers.findBy('email', params.email).reverse();
        const list = listPage(
          source,
          '/v1/customers',
          params,
          (doc) => !doc.deleted && inRange(doc.created, params.created),
        );
        return { status: 200, body: expanded(stripe, list, params.expand) };
      },
    },
    {
      method: 'get',
      path: '/v1/customers/search',
      operations: ['customers.search'],
      handle(request) {
        const params = parse(searchParams, formOf(request));
        const matches = matcherOf(params.query);
        const list = listPage(
          stripe.customers.newestFirst(),
          '/v1/customers/search',
          params,
          (doc) => !doc.deleted && matches(doc),
        );
        const body = { ...list, object: 'search_result', next_page: null };
        return { status: 200, body: expanded(stripe, body, params.expand) };
      },
    },
    {
      method: 'get',
      path: '/v1/customers/:id',
      operations: ['customers.get'],
      handle(request) {
        const id = request.params['id'] ?? '';
        const customer = stripe.customers.get(id);
        if (!customer) throw noSuch('customer', id, 'id');
        if (customer.deleted) return { status: 200, body: { id, object: 'customer', deleted: true } };
        return { status: 200, body: expanded(stripe, customer, parse(z.object({ expand }), formOf(request)).expand) };
      },
    },
    {
      method: 'post',
      path: '/v1/customers/:id',
      operations: ['customers.update'],
      handle(request) {
        const customer = found(request.params['id']);
        const params = parse(updateParams, formOf(request));
        const before = structuredClone(customer);
        apply(customer, params);
        stripe.customers.put(customer);
        const previous = Object.fromEntries(
          Object.entries(before).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(customer[key])),
        );
        stripe.emit('customer.updated', customer, previous);
        return { status: 200, body: expanded(stripe, customer, params.expand) };
      },
    },
    {
      method: 'delete',
      path: '/v1/customers/:id',
      operations: ['customers.delete'],
      handle(request) {
        const customer = found(request.params['id']);
        for (const subscription of stripe.subscriptions.findBy('customer', customer.id))
          cancelNow(stripe, subscription);
        customer.deleted = true;
        customer.email = null;
        stripe.customers.put(customer);
        stripe.emit('customer.deleted', customer);
        return { status: 200, body: { id: customer.id, object: 'customer', deleted: true } };
      },
    },
  ];
}

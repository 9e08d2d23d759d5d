import { createHash } from 'node:crypto';
import { z } from 'zod';
import { uuid } from '../core/ids.ts';
import type { Address } from '../core/types.ts';
import type { ApiRequest, Route } from '../http/answer.ts';
import { revokeGrant } from './benefit-grants.ts';
import type { PolarContext } from './context.ts';
import { csvAnswer } from './csv.ts';
import { emitState, stateOf } from './customer-state.ts';
import { notFound, refuse } from './errors.ts';
import { listPage, oneOf } from './listing.ts';
import type { Customer, Subscription } from './objects.ts';
import { paymentMethodPage } from './payment-methods.ts';
import { taxIdKind } from './tax.ts';
import { address, metadata, organizationId, parse } from './validation.ts';

const email = z.email();
const createBody = z.object({
  type: z.literal('individual').optional(),
  email,
  external_id: z.string().nullish(),
  name: z.string().max(256).nullish(),
  billing_address: address.nullish(),
  tax_id: z.string().nullish(),
  locale: z.string().nullish(),
  metadata,
  organization_id: organizationId,
});
const updateBody = createBody.partial().extend({ email: email.nullish() });

type Change = z.output<typeof updateBody>;

export function toAddress(input: z.output<typeof address>): Address {
  const { country, line1 = null, line2 = null, postal_code = null, city = null, state = null } = input;
  return { country, line1, line2, postal_code, city, state };
}

function requireFree(polar: PolarContext, change: Change, own: string | null): void {
  const taken = (index: string, key: string): boolean =>
    polar.customers.findBy(index, key).some((other) => other.id !== own);
  if (change.email != null && taken('email', change.email.toLowerCase())) {
    throw refuse(['body', 'email'], 'A customer with this email address already exists.', change.email);
  }
  if (change.external_id != null && taken('externalId', change.external_id)) {
    throw refuse(['body', 'external_id'], 'A customer with this external ID already exists.', change.external_id);
  }
}

export function newCustomer(polar: PolarContext, input: Change & { email: string }): Customer {
  requireFree(polar, input, null);
  const customer: Customer = {
    id: uuid(),
    created_at: polar.now(),
    modified_at: null,
    metadata: input.metadata ?? {},
    external_id: input.external_id ?? null,
    email: input.email,
    email_verified: false,
    type: 'individual',
    name: input.name ?? null,
    billing_name: null,
    billing_address: input.billing_address == null ? null : toAddress(input.billing_address),
    tax_id: input.tax_id == null ? null : [input.tax_id, taxIdKind(input.tax_id)],
    locale: input.locale ?? null,
    organization_id: polar.organizationId(),
    default_payment_method_id: null,
    deleted_at: null,
    first_user_event_at: null,
    avatar_url: `https://www.gravatar.com/avatar/${hashed(input.email)}?d=404`,
  };
  polar.customers.put(customer);
  polar.emit('customer.created', customer);
  emitState(polar, customer.id);
  return customer;
}

function update(polar: PolarContext, customer: Customer, change: Change): Customer {
  requireFree(polar, change, customer.id);
  if (change.external_id != null && customer.external_id !== null && change.external_id !== customer.external_id) {
    throw refuse(['body', 'external_id'], 'Customer external ID cannot be updated.', change.external_id);
  }
  if (change.email != null) customer.email = change.email;
  if (change.external_id != null) customer.external_id = change.external_id;
  if (change.billing_address === null && customer.billing_address !== null)
    throw refuse(['body', 'billing_address'], 'Customer billing address cannot be reset to null once set.', null);
  if (change.name !== undefined) customer.name = change.name;
  if (change.billing_address != null) customer.billing_address = toAddress(change.billing_address);
  if (change.tax_id !== undefined)
    customer.tax_id = change.tax_id === null ? null : [change.tax_id, taxIdKind(change.tax_id)];
  if (change.locale !== undefined) customer['locale'] = change.locale;
  if (change.metadata !== undefined) customer.metadata = change.metadata;
  customer.modified_at = polar.now();
  polar.customers.put(customer);
  polar.emit('customer.updated', customer);
  emitState(polar, customer.id);
  return customer;
}

const hashed = (text: string): string => createHash('sha256').update(text.toLowerCase()).digest('hex');

/** Names and addresses go; what tax law keeps stays: tax number, and with it the name, orders and invoices. */
function anonymized(customer: Customer): Partial<Customer> {
  const keepsName = customer.tax_id !== null;
  return {
    email: `${hashed(customer.email)}@anonymized.invalid`,
    name: keepsName || customer.name === null ? customer.name : hashed(customer.name),
    billing_name: keepsName || customer.billing_name === null ? customer.billing_name : hashed(customer.billing_name),
    billing_address: null,
  };
}

export function customerRoutes(polar: PolarContext, endSubscription: (subscription: Subscription) => void): Route[] {
  const byId = (request: ApiRequest): Customer => {
    const customer = polar.customers.get(request.params['id'] ?? '');
    if (!customer || customer.deleted_at !== null) throw notFound();
    return customer;
  };
  const byExternalId = (request: ApiRequest): Customer => {
    const customer = polar.customers.findBy('externalId', request.params['id'] ?? '')[0];
    if (!customer) throw notFound();
    return customer;
  };
  const remove = (customer: Customer, anonymize: boolean): void => {
    for (const subscription of polar.subscriptions.findBy('customer', customer.id)) endSubscription(subscription);
    for (const grant of polar.grants.findBy('customer', customer.id)) revokeGrant(polar, grant);
    // The app's id is free for another customer; the old one stays where only the merchant sees it.
    if (customer.external_id !== null)
      customer.metadata = { ...customer.metadata, __external_id: customer.external_id };
    Object.assign(customer, { external_id: null, deleted_at: polar.now() }, anonymize ? anonymized(customer) : {});
    polar.customers.put(customer);
    polar.emit('customer.deleted', customer);
    emitState(polar, customer.id);
  };
  const item = (path: string, find: (request: ApiRequest) => Customer): Route[] => [
    {
      method: 'get',
      path: `${path}/state`,
      operations: ['customers.state'],
      handle: (request) => ({ status: 200, body: stateOf(polar, find(request)) }),
    },
    {
      method: 'get',
      path: `${path}/payment-methods`,
      operations: ['customers.payment_methods', 'payment_methods.list'],
      handle: (request) => ({ status: 200, body: paymentMethodPage(polar, request, find(request)) }),
    },
    { method: 'get', path, operations: ['customers.get'], handle: (request) => ({ status: 200, body: find(request) }) },
    {
      method: 'patch',
      path,
      operations: ['customers.update'],
      handle: (request) => ({ status: 200, body: update(polar, find(request), parse(updateBody, request)) }),
    },
    {
      method: 'delete',
      path,
      operations: ['customers.delete'],
      handle: (request) => (remove(find(request), request.query.get('anonymize') === 'true'), { status: 204 }),
    },
  ];
  return [
    {
      method: 'post',
      path: '/v1/customers/',
      operations: ['customers.create'],
      handle: (request) => ({ status: 201, body: newCustomer(polar, parse(createBody, request)) }),
    },
    {
      method: 'get',
      path: '/v1/customers/',
      operations: ['customers.list'],
      handle(request) {
        const wanted = request.query.get('email')?.toLowerCase();
        const query = request.query.get('query')?.toLowerCase() ?? '';
        const source = wanted === undefined ? polar.customers.newestFirst() : polar.customers.findBy('email', wanted);
        const keep = (doc: Customer): boolean =>
          doc.deleted_at === null &&
          oneOf(request, 'external_id', doc.external_id) &&
          `${doc.email} ${doc.name ?? ''}`.toLowerCase().includes(query);
        return { status: 200, body: listPage(request, source, keep, (doc) => doc) };
      },
    },
    {
      method: 'get',
      path: '/v1/customers/export',
      operations: ['customers.export'],
      handle() {
        const columns = ['ID', 'External ID', 'Email', 'Name', 'Country', 'Created At'];
        const kept = [...polar.customers.newestFirst()].filter((doc) => doc.deleted_at === null);
        const rows = kept.map((doc) => [
          ...[doc.id, doc.external_id, doc.email, doc.name],
          ...[doc.billing_address?.country, doc.created_at],
        ]);
        return csvAnswer('polar-customers.csv', columns, rows);
      },
    },
    ...item('/v1/customers/external/:id', byExternalId),
    ...item('/v1/customers/:id', byId),
  ];
}

import { z } from 'zod';
import { uuid } from '../core/ids.ts';
import type { Address } from '../core/types.ts';
import type { ApiRequest, Route } from '../http/answer.ts';
import type { PolarContext } from './context.ts';
import { notFound, refuse } from './errors.ts';
import { listPage, oneOf } from './listing.ts';
import type { Customer, Subscription } from './objects.ts';
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
    tax_id: input.tax_id == null ? null : [input.tax_id, null],
    locale: input.locale ?? null,
    organization_id: polar.organizationId(),
    default_payment_method_id: null,
    deleted_at: null,
    first_user_event_at: null,
    avatar_url: `https://www.gravatar.com/avatar/${input.email.length}?d=404`,
  };
  polar.customers.put(customer);
  polar.emit('customer.created', customer);
  polar.emit('customer.state_changed', stateOf(polar, customer));
  return customer;
}

function stateSubscription(subscription: Subscription): object {
  const {
    id,
    created_at,
    modified_at,
    metadata: data,
    status,
    amount,
    currency,
    recurring_interval,
    current_period_start,
    current_period_end,
    trial_start,
    trial_end,
    cancel_at_period_end,
    canceled_at,
    started_at,
    ends_at,
    product_id,
    discount_id,
  } = subscription;
  return {
    id,
    created_at,
    modified_at,
    custom_field_data: {},
    metadata: data,
    status,
    amount,
    currency,
    recurring_interval,
    current_period_start,
    current_period_end,
    trial_start,
    trial_end,
    cancel_at_period_end,
    canceled_at,
    started_at,
    ends_at,
    product_id,
    discount_id,
    meters: [],
  };
}

/** The customer with what it may use now: a past-due subscription is not in it. */
export function stateOf(polar: PolarContext, customer: Customer): object {
  const live = polar.subscriptions
    .findBy('customer', customer.id)
    .filter(({ status }) => status === 'active' || status === 'trialing');
  return { ...customer, active_subscriptions: live.map(stateSubscription), granted_benefits: [], active_meters: [] };
}

function update(polar: PolarContext, customer: Customer, change: Change): Customer {
  requireFree(polar, change, customer.id);
  if (change.external_id != null && customer.external_id !== null && change.external_id !== customer.external_id) {
    throw refuse(['body', 'external_id'], 'Customer external ID cannot be updated.', change.external_id);
  }
  if (change.email != null) customer.email = change.email;
  if (change.external_id != null) customer.external_id = change.external_id;
  if (change.name !== undefined) customer.name = change.name;
  if (change.billing_address != null) customer.billing_address = toAddress(change.billing_address);
  if (change.metadata !== undefined) customer.metadata = change.metadata;
  customer.modified_at = polar.now();
  polar.customers.put(customer);
  polar.emit('customer.updated', customer);
  polar.emit('customer.state_changed', stateOf(polar, customer));
  return customer;
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
  const remove = (customer: Customer): void => {
    for (const subscription of polar.subscriptions.findBy('customer', customer.id)) endSubscription(subscription);
    customer.deleted_at = polar.now();
    polar.customers.put(customer);
    polar.emit('customer.deleted', customer);
  };
  const item = (path: string, find: (request: ApiRequest) => Customer): Route[] => [
    {
      method: 'get',
      path: `${path}/state`,
      operations: ['customers.state'],
      handle: (request) => ({ status: 200, body: stateOf(polar, find(request)) }),
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
      handle: (request) => (remove(find(request)), { status: 204 }),
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
    ...item('/v1/customers/external/:id', byExternalId),
    ...item('/v1/customers/:id', byId),
  ];
}

import { z } from 'zod';
import { base58, digits } from '../core/ids.ts';
import type { Route } from '../http/answer.ts';
import type { ConektaContext } from './context.ts';
import { invalid, notFound } from './errors.ts';
import { embedded, listPage } from './listing.ts';
import type { Customer, PaymentSource, Vault } from './objects.ts';
import { showSubscription } from './subscription-object.ts';
import { takeToken } from './tokens.ts';
import { parse } from './validation.ts';

const ignored = z.unknown();
export const sourceBody = z.strictObject({
  type: z.enum(['card', 'cash_recurrent', 'spei_recurrent']),
  token_id: z.string().optional(),
  expires_at: z.int().optional(),
  name: z.string().optional(),
});
const createBody = z.strictObject({
  name: z.string().min(1),
  email: z.email(),
  phone: z.string().min(1),
  corporate: z.boolean().optional(),
  custom_reference: z.string().optional(),
  date_of_birth: ignored.optional(),
  default_payment_source_id: z.string().optional(),
  default_shipping_contact_id: ignored.optional(),
  antifraud_info: ignored.optional(),
  fiscal_entities: ignored.optional(),
  metadata: z.record(z.string(), ignored).optional(),
  national_id: ignored.optional(),
  payment_sources: z.array(sourceBody).optional(),
  plan_id: z.string().optional(),
  shipping_contacts: ignored.optional(),
  subscription: z
    .strictObject({ plan_id: z.string(), card_id: z.string().optional(), trial_end: z.int().optional() })
    .optional(),
});
const updateBody = createBody.partial();

function cashFields(conekta: ConektaContext, expiresAt: number): object {
  const reference = digits(14);
  return {
    provider: 'cash_in',
    reference,
    barcode: reference,
    barcode_url: `${conekta.sandbox.publicUrl()}/_pages/barcode/${reference}.svg`,
    agreements: [],
    expires_at: expiresAt,
  };
}

export function newCardSource(conekta: ConektaContext, customer: Customer, vault: Omit<Vault, 'id'>): PaymentSource {
  const { card, decline, challenges } = vault;
  const source: PaymentSource = {
    id: `src_${base58(17)}`,
    object: 'payment_source',
    type: 'card',
    created_at: conekta.now(),
    last4: card.last4,
    bin: card.bin,
    card_type: card.funding,
    exp_month: String(card.expMonth).padStart(2, '0'),
    exp_year: String(card.expYear).slice(-2),
    brand: card.brand,
    issuer: 'SANDBOX BANK',
    name: card.name,
    parent_id: customer.id,
    default: customer.default_payment_source_id === null,
    payment_source_status: 'active',
    visible_on_checkout: false,
  };
  conekta.vault.put({ id: source.id, card, decline, challenges });
  customer.default_payment_source_id ??= source.id;
  conekta.customers.put(customer);
  return conekta.sources.put(source);
}

export function newSource(
  conekta: ConektaContext,
  customer: Customer,
  body: z.output<typeof sourceBody>,
): PaymentSource {
  if (body.type === 'card') {
    if (body.token_id === undefined)
      throw invalid(
        'token_id',
        'presence',
        'The parameter "token_id" is required.',
        'El parámetro "token_id" es requerido.',
      );
    return newCardSource(conekta, customer, takeToken(conekta, body.token_id));
  }
  // Cash has 0 and SPEI "none" for what never expires.
  const base = {
    id: `off_ref_${base58(17)}`,
    object: 'payment_source',
    type: body.type,
    created_at: conekta.now(),
    parent_id: customer.id,
  };
  const fields =
    body.type === 'cash_recurrent'
      ? cashFields(conekta, body.expires_at ?? 0)
      : {
          reference: `646180${digits(12)}`,
          bank: 'STP',
          expires_at: body.expires_at === undefined ? 'none' : String(body.expires_at),
        };
  return conekta.sources.put({ ...base, ...fields });
}

function addressesOf(conekta: ConektaContext, customerId: string): object {
  const known = conekta.addresses.findBy('customer', customerId);
  const lists = { shipping_contacts: 'shipping_contact', fiscal_entities: 'fiscal_entity' };
  const filled = Object.entries(lists)
    .map(([name, object]) => [name, known.filter((each) => each.object === object)] as const)
    .filter(([, found]) => found.length > 0);
  return Object.fromEntries(filled.map(([name, found]) => [name, embedded(found)]));
}

export function tellCustomer(conekta: ConektaContext, customer: Customer): void {
  conekta.emit('customer.updated', showCustomer(conekta, customer));
}

export function showCustomer(conekta: ConektaContext, customer: Customer): object {
  const sources = conekta.sources.findBy('customer', customer.id);
  const latest = conekta.subscriptions.findBy('customer', customer.id).at(-1);
  const { default_payment_source_id: preferred, ...shown } = customer;
  return {
    ...shown,
    ...(preferred === null ? {} : { default_payment_source_id: preferred }),
    ...(sources.length === 0 ? {} : { payment_sources: embedded(sources) }),
    ...(latest ? { subscription: showSubscription(latest) } : {}),
    ...addressesOf(conekta, customer.id),
  };
}

export function requireCustomer(conekta: ConektaContext, id: string): Customer {
  const customer = conekta.customers.get(id);
  if (!customer) throw notFound('Customer', id);
  return customer;
}

export function createCustomer(conekta: ConektaContext, body: z.output<typeof createBody>): Customer {
  const customer: Customer = {
    livemode: false,
    name: body.name,
    email: body.email,
    phone: body.phone,
    id: `cus_${base58(17)}`,
    object: 'customer',
    created_at: conekta.now(),
    corporate: body.corporate ?? false,
    custom_reference: body.custom_reference ?? '',
    metadata: body.metadata ?? {},
    default_payment_source_id: null,
  };
  conekta.customers.put(customer);
  for (const source of body.payment_sources ?? []) newSource(conekta, customer, source);
  conekta.emit('customer.created', showCustomer(conekta, customer));
  return customer;
}

function requireSource(conekta: ConektaContext, customer: Customer, id: string): void {
  if (conekta.sources.get(id)?.parent_id !== customer.id) throw notFound('PaymentSource', id);
}

function update(conekta: ConektaContext, customer: Customer, body: z.output<typeof updateBody>): Customer {
  const {
    name,
    email,
    phone,
    corporate,
    custom_reference: reference,
    metadata,
    default_payment_source_id: preferred,
  } = body;
  const changes = Object.entries({
    name,
    email,
    phone,
    corporate,
    custom_reference: reference,
    metadata,
    default_payment_source_id: preferred,
  });
  if (preferred !== undefined) {
    requireSource(conekta, customer, preferred);
    for (const each of conekta.sources.findBy('customer', customer.id))
      if (each.type === 'card') conekta.sources.put(Object.assign(each, { default: each.id === preferred }));
  }
  Object.assign(customer, Object.fromEntries(changes.filter(([, value]) => value !== undefined)));
  conekta.customers.put(customer);
  tellCustomer(conekta, customer);
  return customer;
}

export interface CustomerHooks {
  /** `plan_id` or `subscription` at creation subscribes at once. */
  subscribe: (
    customerId: string,
    body: { plan_id: string; card_id?: string | undefined; trial_end?: number | undefined },
  ) => void;
  endSubscriptions: (customerId: string) => void;
}

export function customerRoutes(conekta: ConektaContext, { subscribe, endSubscriptions }: CustomerHooks): Route[] {
  const found = (params: Record<string, string>): Customer => requireCustomer(conekta, params['id'] ?? '');
  return [
    {
      method: 'post',
      path: '/customers',
      operations: ['customers.create'],
      handle(request) {
        const body = parse(createBody, request);
        const customer = createCustomer(conekta, body);
        const subscription = body.subscription ?? (body.plan_id === undefined ? null : { plan_id: body.plan_id });
        if (subscription) subscribe(customer.id, subscription);
        return { status: 200, body: showCustomer(conekta, customer) };
      },
    },
    {
      method: 'get',
      path: '/customers',
      operations: ['customers.list'],
      handle(request) {
        const search = request.query.get('search')?.toLowerCase() ?? '';
        const keep = (doc: Customer): boolean =>
          `${doc.id} ${doc.name} ${doc.email} ${doc.phone} ${doc.custom_reference}`.toLowerCase().includes(search);
        return {
          status: 200,
          body: listPage(request, conekta.customers.newestFirst(), conekta.sandbox.publicUrl(), keep, (doc) =>
            showCustomer(conekta, doc),
          ),
        };
      },
    },
    {
      method: 'get',
      path: '/customers/:id',
      operations: ['customers.get'],
      handle: (request) => ({ status: 200, body: showCustomer(conekta, found(request.params)) }),
    },
    {
      method: 'put',
      path: '/customers/:id',
      operations: ['customers.update'],
      handle: (request) => ({
        status: 200,
        body: showCustomer(conekta, update(conekta, found(request.params), parse(updateBody, request))),
      }),
    },
    {
      method: 'delete',
      path: '/customers/:id',
      operations: ['customers.delete'],
      handle(request) {
        const customer = found(request.params);
        const body = showCustomer(conekta, customer);
        endSubscriptions(customer.id);
        conekta.customers.remove(customer.id);
        conekta.emit('customer.deleted', body);
        return { status: 200, body };
      },
    },
  ];
}

import { z } from 'zod';
import { type Card, judgeCard } from '../core/cards.ts';
import { base58, digits } from '../core/ids.ts';
import type { Route } from '../http/answer.ts';
import type { ConektaContext } from './context.ts';
import { invalid, notFound } from './errors.ts';
import { embedded, listPage } from './listing.ts';
import type { Customer, PaymentSource } from './objects.ts';
import { parse } from './validation.ts';

const ignored = z.unknown();
const sourceBody = z.strictObject({
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
  plan_id: ignored.optional(),
  shipping_contacts: ignored.optional(),
  subscription: ignored.optional(),
});
const updateBody = createBody.partial();

const TEST_TOKENS: Record<string, string> = {
  tok_test_visa_4242: '4242424242424242',
  tok_test_mastercard_4444: '5555555555554444',
  tok_test_card_declined: '4000000000000002',
  tok_test_insufficient_funds: '4000000000000127',
};

/** The card behind one of the published test tokens. */
export function takeToken(token: string): Card {
  const number = TEST_TOKENS[token];
  if (number === undefined) {
    throw invalid('token_id', 'token_id.nonexistent_token', 'The token does not exist.', 'El token no existe.');
  }
  const expYear = new Date().getUTCFullYear() + 5;
  return judgeCard('conekta', { number, expMonth: 12, expYear, cvc: '123', name: 'Test Customer' }).card;
}

function cashFields(conekta: ConektaContext): object {
  const reference = digits(14);
  return {
    provider: 'cash_in',
    reference,
    barcode: reference,
    barcode_url: `${conekta.sandbox.publicUrl()}/_pages/barcode/${reference}.svg`,
    agreements: [],
    expires_at: 0,
  };
}

export function newCardSource(conekta: ConektaContext, customer: Customer, card: Card): PaymentSource {
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
  conekta.vault.put({ id: source.id, card });
  customer.default_payment_source_id ??= source.id;
  conekta.customers.put(customer);
  return conekta.sources.put(source);
}

function newSource(conekta: ConektaContext, customer: Customer, body: z.output<typeof sourceBody>): PaymentSource {
  if (body.type === 'card') {
    if (body.token_id === undefined)
      throw invalid(
        'token_id',
        'presence',
        'The parameter "token_id" is required.',
        'El parámetro "token_id" es requerido.',
      );
    return newCardSource(conekta, customer, takeToken(body.token_id));
  }
  const base = {
    id: `off_ref_${base58(17)}`,
    object: 'payment_source',
    type: body.type,
    created_at: conekta.now(),
    parent_id: customer.id,
  };
  const fields =
    body.type === 'cash_recurrent'
      ? cashFields(conekta)
      : { reference: `646180${digits(12)}`, bank: 'STP', expires_at: 'none' };
  return conekta.sources.put({ ...base, ...fields });
}

export function showCustomer(conekta: ConektaContext, customer: Customer): object {
  const sources = conekta.sources.findBy('customer', customer.id);
  const { default_payment_source_id: preferred, ...shown } = customer;
  return {
    ...shown,
    ...(preferred === null ? {} : { default_payment_source_id: preferred }),
    ...(sources.length === 0 ? {} : { payment_sources: embedded(sources) }),
  };
}

export function requireCustomer(conekta: ConektaContext, id: string): Customer {
  const customer = conekta.customers.get(id);
  if (!customer) throw notFound('Customer', id);
  return customer;
}

function create(conekta: ConektaContext, body: z.output<typeof createBody>): Customer {
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
  Object.assign(customer, Object.fromEntries(changes.filter(([, value]) => value !== undefined)));
  conekta.customers.put(customer);
  conekta.emit('customer.updated', showCustomer(conekta, customer));
  return customer;
}

export function customerRoutes(conekta: ConektaContext, endSubscriptions: (customerId: string) => void): Route[] {
  const found = (params: Record<string, string>): Customer => requireCustomer(conekta, params['id'] ?? '');
  return [
    {
      method: 'post',
      path: '/customers',
      operations: ['customers.create'],
      handle: (request) => ({ status: 200, body: showCustomer(conekta, create(conekta, parse(createBody, request))) }),
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
        const source = conekta.sources.get(request.params['source'] ?? '');
        if (!source || source.parent_id !== found(request.params).id)
          throw notFound('PaymentSource', request.params['source'] ?? '');
        conekta.sources.remove(source.id);
        return { status: 200, body: source };
      },
    },
  ];
}

import { z } from 'zod';
import { base58 } from '../core/ids.ts';
import type { ApiRequest, Route } from '../http/answer.ts';
import type { ConektaContext } from './context.ts';
import { requireCustomer, tellCustomer } from './customers.ts';
import { notFound } from './errors.ts';
import type { CustomerAddress } from './objects.ts';
import { parse } from './validation.ts';

const address = z.looseObject({ street1: z.string(), country: z.string(), postal_code: z.string() });
const metadata = z.record(z.string(), z.unknown()).optional();
const contactBody = z.strictObject({
  receiver: z.string().optional(),
  phone: z.string().optional(),
  between_streets: z.string().optional(),
  address,
  metadata,
});
const entityBody = z.strictObject({
  name: z.string().optional(),
  company_name: z.string().optional(),
  tax_id: z.string().optional(),
  email: z.email().optional(),
  phone: z.string().optional(),
  address,
  metadata,
});

interface Kind {
  path: 'shipping_contacts' | 'fiscal_entities';
  object: CustomerAddress['object'];
  noun: string;
  prefix: string;
  body: z.ZodObject;
}

const KINDS: readonly Kind[] = [
  {
    path: 'shipping_contacts',
    object: 'shipping_contact',
    noun: 'ShippingContact',
    prefix: 'ship_cont',
    body: contactBody,
  },
  { path: 'fiscal_entities', object: 'fiscal_entity', noun: 'FiscalEntity', prefix: 'fis_ent', body: entityBody },
];

function routesOf(conekta: ConektaContext, kind: Kind): Route[] {
  const path = `/customers/:id/${kind.path}`;
  const operations = ['customers.update'];
  const found = (request: ApiRequest): CustomerAddress => {
    const id = request.params['address'] ?? '';
    const known = conekta.addresses.get(id);
    if (!known || known.parent_id !== request.params['id'] || known.object !== kind.object)
      throw notFound(kind.noun, id);
    return known;
  };
  const answering = (work: (request: ApiRequest, customerId: string) => CustomerAddress) => (request: ApiRequest) => {
    const customer = requireCustomer(conekta, request.params['id'] ?? '');
    const body = work(request, customer.id);
    tellCustomer(conekta, customer);
    return { status: 200, body };
  };
  const shared: Route[] = [
    {
      method: 'post',
      path,
      operations,
      handle: answering((request, customerId) =>
        conekta.addresses.put({
          ...parse(kind.body, request),
          id: `${kind.prefix}_${base58(17)}`,
          object: kind.object,
          created_at: conekta.now(),
          parent_id: customerId,
        }),
      ),
    },
    {
      method: 'put',
      path: `${path}/:address`,
      operations,
      handle: answering((request) =>
        conekta.addresses.put(Object.assign(found(request), parse(kind.body.partial(), request))),
      ),
    },
  ];
  if (kind.path === 'fiscal_entities') return shared;
  return [
    ...shared,
    {
      method: 'delete',
      path: `${path}/:address`,
      operations,
      handle: answering((request) => {
        const known = found(request);
        conekta.addresses.remove(known.id);
        return { ...known, deleted: true };
      }),
    },
  ];
}

/** Where a customer is sent goods and invoices. */
export function customerAddressRoutes(conekta: ConektaContext): Route[] {
  return KINDS.flatMap((kind) => routesOf(conekta, kind));
}

import { z } from 'zod';
import { uuid } from '../core/ids.ts';
import type { Route } from '../http/answer.ts';
import { byPathId } from '../http/path-id.ts';
import { setProductBenefits } from './benefits.ts';
import type { PolarContext } from './context.ts';
import { failed, notFound, refuse } from './errors.ts';
import { listPage, oneOf } from './listing.ts';
import type { Product } from './objects.ts';
import { newPrice, priceBody } from './pricing.ts';
import { isSold, showProduct } from './product-object.ts';
import { metadata, organizationId, parse } from './validation.ts';

const interval = z.enum(['day', 'week', 'month', 'year']);
const fields = z.array(z.object({ custom_field_id: z.uuid(), required: z.boolean() }));
const count = z.int().min(1).max(999).nullish();
const productBody = z.object({
  name: z.string().min(3).max(64),
  description: z.string().nullish(),
  visibility: z.enum(['draft', 'private', 'public']).optional(),
  prices: z.array(priceBody).min(1),
  recurring_interval: interval.nullish(),
  recurring_interval_count: count,
  meter_interval: interval.nullish(),
  meter_interval_count: count,
  trial_interval: interval.nullish(),
  trial_interval_count: z.int().min(1).max(1000).nullish(),
  metadata,
  medias: z.array(z.uuid()).nullish(),
  attached_custom_fields: fields.optional(),
  organization_id: organizationId,
});
const productUpdate = z.object({
  name: z.string().min(3).max(64).nullish(),
  description: z.string().nullish(),
  is_archived: z.boolean().nullish(),
  visibility: z.enum(['draft', 'private', 'public']).nullish(),
  recurring_interval: interval.nullish(),
  recurring_interval_count: count,
  prices: z.array(z.union([z.object({ id: z.uuid() }), priceBody])).nullish(),
  trial_interval: interval.nullish(),
  trial_interval_count: z.int().min(1).max(1000).nullish(),
  metadata,
  medias: z.array(z.uuid()).nullish(),
  attached_custom_fields: fields.nullish(),
});
const benefitsBody = z.object({ benefits: z.array(z.uuid()) });

function create(polar: PolarContext, body: z.output<typeof productBody>): Product {
  const id = uuid();
  const recurring = body.recurring_interval ?? null;
  if ((body.trial_interval == null) !== (body.trial_interval_count == null)) {
    throw refuse(
      ['body', 'trial_interval_count'],
      'Both trial_interval and trial_interval_count must be set.',
      body.trial_interval_count,
    );
  }
  const product = polar.products.put({
    id,
    created_at: polar.now(),
    modified_at: null,
    trial_interval: recurring === null ? null : (body.trial_interval ?? null),
    trial_interval_count: recurring === null ? null : (body.trial_interval_count ?? null),
    name: body.name,
    description: body.description ?? null,
    visibility: body.visibility ?? 'public',
    recurring_interval: recurring,
    recurring_interval_count: recurring === null ? null : (body.recurring_interval_count ?? 1),
    meter_interval: recurring === null ? null : (body.meter_interval ?? null),
    meter_interval_count: recurring === null || body.meter_interval == null ? null : (body.meter_interval_count ?? 1),
    is_recurring: recurring !== null,
    is_archived: false,
    organization_id: polar.organizationId(),
    metadata: body.metadata ?? {},
    prices: body.prices.map((price) => newPrice(polar, price, { id, recurring: recurring !== null }, 'catalog')),
    benefit_ids: [],
    custom_fields: body.attached_custom_fields ?? [],
  });
  polar.emit('product.created', showProduct(polar, product));
  return product;
}

/** The list sent is the whole list: prices left out are archived, and those who pay them keep them. */
function setPrices(polar: PolarContext, product: Product, body: z.output<typeof productUpdate>): void {
  if (body.prices == null) return;
  if (body.prices.length === 0) throw refuse(['body', 'prices'], 'At least one price is required.', [], 'too_short');
  product.prices = body.prices.map((price, at) => {
    if (!('id' in price)) {
      return newPrice(polar, price, { id: product.id, recurring: product.is_recurring }, 'catalog');
    }
    const known = product.prices.find((candidate) => candidate.id === price.id);
    if (!known) throw refuse(['body', 'prices', at, 'id'], 'Price does not exist.', price.id);
    return known;
  });
}

function update(polar: PolarContext, product: Product, body: z.output<typeof productUpdate>): Product {
  if (body.recurring_interval != null && body.recurring_interval !== product.recurring_interval) {
    throw refuse(
      ['body', 'recurring_interval'],
      'Recurring interval cannot be changed after creation.',
      body.recurring_interval,
    );
  }
  setPrices(polar, product, body);
  if (body.name != null) product.name = body.name;
  if (body.description !== undefined) product['description'] = body.description;
  if (body.is_archived != null) product.is_archived = body.is_archived;
  if (body.visibility != null) product['visibility'] = body.visibility;
  if (body.metadata !== undefined) product.metadata = body.metadata;
  if (body.trial_interval !== undefined) product.trial_interval = body.trial_interval;
  if (body.trial_interval_count !== undefined) product.trial_interval_count = body.trial_interval_count;
  if (body.attached_custom_fields != null) product['custom_fields'] = body.attached_custom_fields;
  product.modified_at = polar.now();
  polar.products.put(product);
  polar.emit('product.updated', showProduct(polar, product));
  return product;
}

function remove(polar: PolarContext, product: Product): void {
  if (isSold(polar, product.id))
    throw failed(409, 'ProductNotDeletable', 'This product has orders or subscriptions: archive it.');
  polar.products.remove(product.id);
}

export function productRoutes(polar: PolarContext): Route[] {
  const found = byPathId(polar.products, notFound);
  const shown = (product: Product): object => showProduct(polar, product);
  const path = '/v1/products/:id';
  return [
    {
      method: 'post',
      path: '/v1/products/',
      operations: ['products.create'],
      handle: (request) => ({ status: 201, body: shown(create(polar, parse(productBody, request))) }),
    },
    {
      method: 'get',
      path: '/v1/products/',
      operations: ['products.list'],
      handle(request) {
        const query = request.query.get('query')?.toLowerCase() ?? '';
        const keep = (doc: Product): boolean =>
          ['is_archived', 'is_recurring', 'id', 'visibility'].every((name) => oneOf(request, name, doc[name])) &&
          (!request.query.has('benefit_id') ||
            request.query.getAll('benefit_id').some((id) => doc.benefit_ids.includes(id))) &&
          doc.name.toLowerCase().includes(query);
        return { status: 200, body: listPage(request, polar.products.newestFirst(), keep, shown) };
      },
    },
    {
      method: 'get',
      path,
      operations: ['products.get'],
      handle: (request) => ({ status: 200, body: shown(found(request)) }),
    },
    {
      method: 'patch',
      path,
      operations: ['products.update'],
      handle: (request) => ({
        status: 200,
        body: shown(update(polar, found(request), parse(productUpdate, request))),
      }),
    },
    {
      method: 'delete',
      path,
      operations: ['products.delete'],
      handle: (request) => (remove(polar, found(request)), { status: 204 }),
    },
    {
      method: 'post',
      path: `${path}/benefits`,
      operations: ['products.update_benefits'],
      handle(request) {
        const product = found(request);
        setProductBenefits(polar, product, parse(benefitsBody, request).benefits);
        polar.emit('product.updated', shown(product));
        return { status: 200, body: shown(product) };
      },
    },
  ];
}

import { z } from 'zod';
import { uuid } from '../core/ids.ts';
import type { Route } from '../http/answer.ts';
import type { PolarContext } from './context.ts';
import { notFound, refuse } from './errors.ts';
import { listPage, oneOf } from './listing.ts';
import type { Discount, Product, ProductPrice } from './objects.ts';
import { metadata, organizationId, parse } from './validation.ts';

const interval = z.enum(['day', 'week', 'month', 'year']);
const currency = z.string().length(3).toLowerCase();
const taxBehavior = z.enum(['location', 'inclusive', 'exclusive']).nullish();

export const priceBody = z.discriminatedUnion('amount_type', [
  z.object({
    amount_type: z.literal('fixed'),
    price_amount: z.int().min(0).max(99_999_999),
    price_currency: currency.optional(),
    tax_behavior: taxBehavior,
  }),
  z.object({
    amount_type: z.literal('custom'),
    minimum_amount: z.int().nullish(),
    maximum_amount: z.int().nullish(),
    preset_amount: z.int().nullish(),
    price_currency: currency.optional(),
    tax_behavior: taxBehavior,
  }),
  z.object({
    amount_type: z.literal('metered_unit'),
    meter_id: z.string(),
    unit_amount: z.union([z.string(), z.number()]),
    cap_amount: z.int().nullish(),
    price_currency: currency.optional(),
    tax_behavior: taxBehavior,
  }),
]);
const productBody = z.object({
  name: z.string().min(3).max(64),
  description: z.string().nullish(),
  visibility: z.enum(['draft', 'private', 'public']).optional(),
  prices: z.array(priceBody).min(1),
  recurring_interval: interval.nullish(),
  recurring_interval_count: z.int().min(1).max(999).nullish(),
  trial_interval: interval.nullish(),
  trial_interval_count: z.int().min(1).max(1000).nullish(),
  metadata,
  medias: z.array(z.string()).nullish(),
  attached_custom_fields: z.array(z.unknown()).optional(),
  organization_id: organizationId,
});
const productUpdate = z.object({
  name: z.string().min(3).max(64).nullish(),
  description: z.string().nullish(),
  is_archived: z.boolean().nullish(),
  visibility: z.enum(['draft', 'private', 'public']).nullish(),
  prices: z.array(z.union([z.object({ id: z.string() }), priceBody])).nullish(),
  trial_interval: interval.nullish(),
  trial_interval_count: z.int().nullish(),
  metadata,
});
const discountBody = z.object({
  type: z.enum(['fixed', 'percentage']),
  duration: z.enum(['once', 'forever', 'repeating']),
  duration_in_months: z.int().min(1).max(999).nullish(),
  amount: z.int().min(0).nullish(),
  amounts: z.record(z.string(), z.int()).nullish(),
  currency: currency.nullish(),
  basis_points: z.int().min(1).max(10_000).nullish(),
  name: z.string().min(1),
  code: z
    .string()
    .regex(/^[A-Za-z0-9]{3,256}$/)
    .nullish(),
  starts_at: z.string().nullish(),
  ends_at: z.string().nullish(),
  max_redemptions: z.int().min(1).nullish(),
  max_redemptions_per_customer: z.int().min(1).nullish(),
  products: z.array(z.string()).nullish(),
  metadata,
  organization_id: organizationId,
});

export function newPrice(
  polar: PolarContext,
  body: z.output<typeof priceBody>,
  productId: string,
  source: 'catalog' | 'ad_hoc',
): ProductPrice {
  const { amount_type: type, price_currency: code = 'usd', tax_behavior: tax = null, ...rest } = body;
  return {
    id: uuid(),
    created_at: polar.now(),
    modified_at: null,
    source,
    amount_type: type,
    price_currency: code,
    tax_behavior: tax,
    is_archived: false,
    product_id: productId,
    ...rest,
  };
}

function newProduct(polar: PolarContext, body: z.output<typeof productBody>): Product {
  const id = uuid();
  const product: Product = {
    id,
    created_at: polar.now(),
    modified_at: null,
    trial_interval: body.trial_interval ?? null,
    trial_interval_count: body.trial_interval_count ?? null,
    name: body.name,
    description: body.description ?? null,
    visibility: body.visibility ?? 'public',
    recurring_interval: body.recurring_interval ?? null,
    recurring_interval_count: body.recurring_interval == null ? null : (body.recurring_interval_count ?? 1),
    meter_interval: null,
    meter_interval_count: null,
    is_recurring: body.recurring_interval != null,
    is_archived: false,
    organization_id: polar.organizationId(),
    metadata: body.metadata ?? {},
    prices: body.prices.map((price) => newPrice(polar, price, id, 'catalog')),
    benefits: [],
    medias: [],
    attached_custom_fields: [],
  };
  polar.products.put(product);
  polar.emit('product.created', product);
  return product;
}

function updateProduct(polar: PolarContext, product: Product, body: z.output<typeof productUpdate>): Product {
  if (body.name != null) product.name = body.name;
  if (body.description !== undefined) product['description'] = body.description;
  if (body.is_archived != null) product.is_archived = body.is_archived;
  if (body.visibility != null) product['visibility'] = body.visibility;
  if (body.metadata !== undefined) product.metadata = body.metadata;
  if (body.prices != null) {
    product.prices = body.prices.map((price, at) => {
      if (!('id' in price)) return newPrice(polar, price, product.id, 'catalog');
      const known = product.prices.find((candidate) => candidate.id === price.id);
      if (!known) throw refuse(['body', 'prices', at, 'id'], 'Price does not exist.', price.id);
      return known;
    });
  }
  product.modified_at = polar.now();
  polar.products.put(product);
  polar.emit('product.updated', product);
  return product;
}

function newDiscount(polar: PolarContext, body: z.output<typeof discountBody>): Discount {
  if (body.type === 'percentage' && body.basis_points == null)
    throw refuse(['body', 'basis_points'], 'Field required', body, 'missing');
  if (body.type === 'fixed' && body.amount == null && body.amounts == null)
    throw refuse(['body', 'amount'], 'Field required', body, 'missing');
  if (
    body.code != null &&
    polar.discounts.all().some((other) => other.code?.toLowerCase() === body.code?.toLowerCase())
  ) {
    throw refuse(['body', 'code'], 'Discount with this code already exists.', body.code);
  }
  const [firstCurrency, firstAmount] = Object.entries(body.amounts ?? {})[0] ?? [
    body.currency ?? 'usd',
    body.amount ?? 0,
  ];
  const discount: Discount = {
    id: uuid(),
    created_at: polar.now(),
    modified_at: null,
    type: body.type,
    duration: body.duration,
    ...(body.duration === 'repeating' ? { duration_in_months: body.duration_in_months ?? 1 } : {}),
    ...(body.type === 'percentage'
      ? { basis_points: body.basis_points ?? 0 }
      : { amount: firstAmount, currency: firstCurrency, amounts: { [firstCurrency]: firstAmount } }),
    metadata: body.metadata ?? {},
    name: body.name,
    code: body.code ?? null,
    starts_at: body.starts_at ?? null,
    ends_at: body.ends_at ?? null,
    max_redemptions: body.max_redemptions ?? null,
    max_redemptions_per_customer: body.max_redemptions_per_customer ?? null,
    redemptions_count: 0,
    organization_id: polar.organizationId(),
    products: [],
  };
  polar.discounts.put(discount);
  polar.emit('discount.created', discount);
  return discount;
}

export function discountOf(discount: Discount | undefined, amount: number, code: string): number {
  if (!discount) return 0;
  if (discount.type === 'percentage') return Math.round((amount * (discount.basis_points ?? 0)) / 10_000);
  return discount.currency === code ? Math.min(discount.amount ?? 0, amount) : 0;
}

export function catalogueRoutes(polar: PolarContext): Route[] {
  const product = (id = ''): Product => {
    const found = polar.products.get(id);
    if (!found) throw notFound();
    return found;
  };
  return [
    {
      method: 'post',
      path: '/v1/products/',
      operations: ['products.create'],
      handle: (request) => ({ status: 201, body: newProduct(polar, parse(productBody, request)) }),
    },
    {
      method: 'get',
      path: '/v1/products/',
      operations: ['products.list'],
      handle(request) {
        const query = request.query.get('query')?.toLowerCase() ?? '';
        const keep = (doc: Product): boolean =>
          oneOf(request, 'is_archived', doc.is_archived) &&
          oneOf(request, 'is_recurring', doc.is_recurring) &&
          oneOf(request, 'id', doc.id) &&
          doc.name.toLowerCase().includes(query);
        return { status: 200, body: listPage(request, polar.products.newestFirst(), keep, (doc) => doc) };
      },
    },
    {
      method: 'get',
      path: '/v1/products/:id',
      operations: ['products.get'],
      handle: (request) => ({ status: 200, body: product(request.params['id']) }),
    },
    {
      method: 'patch',
      path: '/v1/products/:id',
      operations: ['products.update'],
      handle: (request) => ({
        status: 200,
        body: updateProduct(polar, product(request.params['id']), parse(productUpdate, request)),
      }),
    },
    {
      method: 'post',
      path: '/v1/discounts/',
      operations: ['discounts.create'],
      handle: (request) => ({ status: 201, body: newDiscount(polar, parse(discountBody, request)) }),
    },
    {
      method: 'get',
      path: '/v1/discounts/',
      operations: ['discounts.list'],
      handle(request) {
        const query = request.query.get('query')?.toLowerCase() ?? '';
        return {
          status: 200,
          body: listPage(
            request,
            polar.discounts.newestFirst(),
            (doc) => String(doc['name']).toLowerCase().includes(query),
            (doc) => doc,
          ),
        };
      },
    },
    {
      method: 'get',
      path: '/v1/discounts/:id',
      operations: ['discounts.get'],
      handle(request) {
        const found = polar.discounts.get(request.params['id'] ?? '');
        if (!found) throw notFound();
        return { status: 200, body: found };
      },
    },
  ];
}

import { z } from 'zod';
import type { Collection } from '../core/collection.ts';
import { base62, uuid } from '../core/ids.ts';
import type { ApiRequest, Route } from '../http/answer.ts';
import { byPathId } from '../http/path-id.ts';
import { checkoutUrl } from './checkout-object.ts';
import { createBody as checkoutBody, openCheckout } from './checkouts.ts';
import type { PolarContext } from './context.ts';
import { notFound, refuse } from './errors.ts';
import { listPage } from './listing.ts';
import type { Interval } from './objects.ts';
import { bareDiscount, publicProduct } from './product-object.ts';
import { metadata, organizationId, parse } from './validation.ts';

const interval = z.enum(['day', 'week', 'month', 'year']).nullish();
const editable = {
  trial_interval: interval,
  trial_interval_count: z.int().min(1).max(1000).nullish(),
  metadata,
  label: z.string().nullish(),
  allow_discount_codes: z.boolean().nullish(),
  require_billing_address: z.boolean().nullish(),
  discount_id: z.uuid().nullish(),
  seats: z.int().min(1).max(10_000).nullish(),
  success_url: z.url().nullish(),
  return_url: z.url().nullish(),
};
const createBody = z.object({
  ...editable,
  payment_processor: z.literal('stripe'),
  products: z.array(z.uuid()).min(1).optional(),
  product_id: z.uuid().optional(),
  organization_id: organizationId,
});
const updateBody = z.object({ ...editable, products: z.array(z.uuid()).min(1).nullish() });

interface CheckoutLink {
  id: string;
  created_at: string;
  modified_at: string | null;
  client_secret: string;
  product_ids: string[];
  label: string | null;
  metadata: Record<string, string | number | boolean>;
  trial_interval: Interval | null;
  trial_interval_count: number | null;
  allow_discount_codes: boolean;
  require_billing_address: boolean;
  discount_id: string | null;
  seats: number | null;
  success_url: string | null;
  return_url: string | null;
}

function requireKnown(polar: PolarContext, products: readonly string[], discountId: string | null | undefined): void {
  products.forEach((id, at) => {
    if (!polar.products.get(id)) throw refuse(['body', 'products', at], 'Product does not exist.', id);
  });
  if (discountId != null && !polar.discounts.get(discountId))
    throw refuse(['body', 'discount_id'], 'Discount does not exist.', discountId);
}

function show(polar: PolarContext, link: CheckoutLink): object {
  const { product_ids: ids, ...stored } = link;
  return {
    ...stored,
    payment_processor: 'stripe',
    organization_id: polar.organizationId(),
    products: ids.flatMap((id) => {
      const product = polar.products.get(id);
      return product ? [{ ...publicProduct(polar, product), metadata: product.metadata }] : [];
    }),
    discount: bareDiscount(polar, link.discount_id),
    url: `${polar.sandbox.publicUrl()}/polar/buy/${link.client_secret}`,
  };
}

/** A visit opens a session of its own and goes there. */
function visit(polar: PolarContext, link: CheckoutLink, request: ApiRequest): string {
  const email = request.query.get('customer_email');
  const { product_ids: products, id: _id, created_at: _at, modified_at: _modified, ...given } = link;
  const { client_secret: _secret, label: _label, ...session } = given;
  const wish = { ...session, products, ...(email === null ? {} : { customer_email: email }) };
  return checkoutUrl(polar, openCheckout(polar, checkoutBody.parse(wish)));
}

const linksOf = (polar: PolarContext): Collection<CheckoutLink> =>
  polar.sandbox.store.collection<CheckoutLink>('polar/checkout_links', { secret: (link) => [link.client_secret] });

export const isLink = (polar: PolarContext, secret: string): boolean =>
  linksOf(polar).findBy('secret', secret).length > 0;

export function checkoutLinkRoutes(polar: PolarContext): Route[] {
  const links = linksOf(polar);
  const found = byPathId(links, notFound);
  const create = (body: z.output<typeof createBody>): CheckoutLink => {
    const products = body.products ?? (body.product_id === undefined ? [] : [body.product_id]);
    if (products.length === 0) throw refuse(['body', 'products'], 'Field required', body, 'missing');
    requireKnown(polar, products, body.discount_id);
    return links.put({
      id: uuid(),
      created_at: polar.now(),
      modified_at: null,
      client_secret: `polar_cl_${base62(43)}`,
      product_ids: products,
      label: body.label ?? null,
      metadata: body.metadata ?? {},
      trial_interval: body.trial_interval ?? null,
      trial_interval_count: body.trial_interval_count ?? null,
      allow_discount_codes: body.allow_discount_codes ?? true,
      require_billing_address: body.require_billing_address ?? false,
      discount_id: body.discount_id ?? null,
      seats: body.seats ?? null,
      success_url: body.success_url ?? null,
      return_url: body.return_url ?? null,
    });
  };
  const update = (link: CheckoutLink, { products, ...body }: z.output<typeof updateBody>): CheckoutLink => {
    requireKnown(polar, products ?? [], body.discount_id);
    const given = Object.entries(body).filter(([, value]) => value !== undefined);
    Object.assign(link, Object.fromEntries(given), { modified_at: polar.now() });
    if (products != null) link.product_ids = products;
    return links.put(link);
  };
  const path = '/v1/checkout-links/:id';
  return [
    {
      method: 'post',
      path: '/v1/checkout-links/',
      operations: ['checkout_links.create'],
      handle: (request) => ({ status: 201, body: show(polar, create(parse(createBody, request))) }),
    },
    {
      method: 'get',
      path: '/v1/checkout-links/',
      operations: ['checkout_links.list'],
      handle(request) {
        const wanted = request.query.getAll('product_id');
        const keep = (link: CheckoutLink): boolean =>
          wanted.length === 0 || link.product_ids.some((id) => wanted.includes(id));
        return { status: 200, body: listPage(request, links.newestFirst(), keep, (link) => show(polar, link)) };
      },
    },
    {
      method: 'get',
      path,
      operations: ['checkout_links.get'],
      handle: (request) => ({ status: 200, body: show(polar, found(request)) }),
    },
    {
      method: 'patch',
      path,
      operations: ['checkout_links.update'],
      handle: (request) => ({
        status: 200,
        body: show(polar, update(found(request), parse(updateBody, request))),
      }),
    },
    {
      method: 'delete',
      path,
      operations: ['checkout_links.delete'],
      handle: (request) => (links.remove(found(request).id), { status: 204 }),
    },
    {
      method: 'get',
      path: '/buy/:secret',
      operations: ['checkout_links.visit'],
      handle(request) {
        const link = links.findBy('secret', request.params['secret'] ?? '')[0];
        if (!link) throw notFound();
        return { status: 303, headers: { location: visit(polar, link, request) } };
      },
    },
  ];
}

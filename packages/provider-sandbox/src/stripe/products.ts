import { z } from 'zod';
import type { Route } from '../http/answer.ts';
import type { StripeContext } from './context.ts';
import { invalid, noSuch } from './errors.ts';
import { expanded } from './expand.ts';
import { listPage } from './listing.ts';
import type { Product } from './objects.ts';
import { bool, expand, formOf, ignored, mergeMetadata, metadata, page, parse, range, text } from './params.ts';
import { newPrice } from './price-object.ts';
import { priceData } from './price-params.ts';
import { newProduct } from './product-object.ts';

const shared = {
  active: bool.optional(),
  description: text.optional(),
  expand,
  images: z.union([z.literal(''), z.array(text)]).optional(),
  marketing_features: ignored.optional(),
  metadata: metadata.optional(),
  package_dimensions: ignored.optional(),
  shippable: bool.optional(),
  statement_descriptor: text.optional(),
  tax_code: text.optional(),
  tax_details: ignored.optional(),
  unit_label: text.optional(),
  url: text.optional(),
};
const createParams = z.strictObject({
  ...shared,
  name: text.min(1),
  id: text.optional(),
  type: text.optional(),
  default_price_data: priceData.optional(),
});
const updateParams = z.strictObject({ ...shared, name: text.min(1).optional(), default_price: text.optional() });
const listParams = z.strictObject({
  ...page,
  active: bool.optional(),
  ids: z.array(text).optional(),
  created: range.optional(),
  shippable: bool.optional(),
  type: text.optional(),
  url: text.optional(),
});

function create(stripe: StripeContext, params: z.output<typeof createParams>): Product {
  if (params.id !== undefined && stripe.products.get(params.id)) {
    throw invalid('Product already exists.', { code: 'resource_already_exists', param: 'id' });
  }
  const { id, name, description } = params;
  const product = newProduct(stripe, { id, name, description, metadata: mergeMetadata({}, params.metadata) });
  change(product, { ...params, name });
  if (params.default_price_data) {
    product.default_price = newPrice(stripe, { ...params.default_price_data, product: product.id }).id;
  }
  stripe.products.put(product);
  stripe.emit('product.created', product);
  return product;
}

function change(product: Product, params: Omit<z.output<typeof updateParams>, 'metadata'>): void {
  if (params.name !== undefined) product.name = params.name;
  if (params.active !== undefined) product.active = params.active;
  if (params.description !== undefined) product['description'] = params.description === '' ? null : params.description;
  if (params.unit_label !== undefined) product['unit_label'] = params.unit_label;
  if (params.tax_code !== undefined) product['tax_code'] = params.tax_code;
  if (params.images !== undefined) product['images'] = params.images === '' ? [] : params.images;
}

export function productRoutes(stripe: StripeContext): Route[] {
  const found = (id = ''): Product => {
    const product = stripe.products.get(id);
    if (!product) throw noSuch('product', id, 'id');
    return product;
  };
  return [
    {
      method: 'post',
      path: '/v1/products',
      operations: ['products.create'],
      handle(request) {
        const params = parse(createParams, formOf(request));
        return { status: 200, body: expanded(stripe, create(stripe, params), params.expand) };
      },
    },
    {
      method: 'get',
      path: '/v1/products',
      operations: ['products.list'],
      handle(request) {
        const params = parse(listParams, formOf(request));
        const list = listPage(
          stripe.products.newestFirst(),
          '/v1/products',
          params,
          (doc) =>
            (params.active === undefined || doc.active === params.active) &&
            (params.ids === undefined || params.ids.includes(doc.id)),
        );
        return { status: 200, body: expanded(stripe, list, params.expand) };
      },
    },
    {
      method: 'get',
      path: '/v1/products/:id',
      operations: ['products.get'],
      handle(request) {
        const { expand: paths } = parse(z.strictObject({ expand }), formOf(request));
        return { status: 200, body: expanded(stripe, found(request.params['id']), paths) };
      },
    },
    {
      method: 'post',
      path: '/v1/products/:id',
      operations: ['products.update'],
      handle(request) {
        const product = found(request.params['id']);
        const params = parse(updateParams, formOf(request));
        change(product, params);
        product.metadata = mergeMetadata(product.metadata, params.metadata);
        if (params.default_price !== undefined) product.default_price = params.default_price;
        product['updated'] = stripe.now();
        stripe.products.put(product);
        stripe.emit('product.updated', product, {});
        return { status: 200, body: expanded(stripe, product, params.expand) };
      },
    },
  ];
}

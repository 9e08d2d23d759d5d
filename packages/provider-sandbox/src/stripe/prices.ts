import { z } from 'zod';
import type { Route } from '../http/answer.ts';
import type { StripeContext } from './context.ts';
import { invalid, noSuch } from './errors.ts';
import { expanded } from './expand.ts';
import { listPage } from './listing.ts';
import { checkCurrency, checkDigits } from './money.ts';
import type { Price } from './objects.ts';
import { newPrice } from './price-object.ts';
import { priceAmounts, productData } from './price-params.ts';
import { newProduct } from './product-object.ts';
import { bool, expand, formOf, ignored, mergeMetadata, metadata, page, parse, range, text } from './params.ts';

const createParams = z.strictObject({
  ...priceAmounts,
  active: bool.optional(),
  currency_options: ignored.optional(),
  custom_unit_amount: ignored.optional(),
  expand,
  lookup_key: text.optional(),
  nickname: text.optional(),
  product: text.optional(),
  product_data: productData.optional(),
  transfer_lookup_key: bool.optional(),
});
const updateParams = z.strictObject({
  active: bool.optional(),
  currency_options: ignored.optional(),
  expand,
  lookup_key: text.optional(),
  metadata: metadata.optional(),
  nickname: text.optional(),
  tax_behavior: text.optional(),
  transfer_lookup_key: bool.optional(),
});
const listParams = z.strictObject({
  ...page,
  active: bool.optional(),
  created: range.optional(),
  currency: text.optional(),
  lookup_keys: z.array(text).max(10).optional(),
  product: text.optional(),
  recurring: z
    .strictObject({ interval: text.optional(), meter: text.optional(), usage_type: text.optional() })
    .optional(),
  type: z.enum(['one_time', 'recurring']).optional(),
});

function claimLookupKey(
  stripe: StripeContext,
  key: string | undefined,
  transfer: boolean | undefined,
  own: string | null,
): void {
  if (key === undefined || key === '') return;
  for (const holder of stripe.prices.findBy('lookupKey', key)) {
    if (holder.id === own) continue;
    if (transfer !== true) {
      throw invalid(`A price (\`${holder.id}\`) already uses that lookup key.`, { param: 'lookup_key' });
    }
    holder.lookup_key = null;
    stripe.prices.put(holder);
  }
}

function productFor(stripe: StripeContext, params: z.output<typeof createParams>): string {
  if (params.product !== undefined) {
    if (!stripe.products.get(params.product)) throw noSuch('product', params.product, 'product', 400);
    return params.product;
  }
  if (!params.product_data) {
    throw invalid('Missing required param: product.', { code: 'parameter_missing', param: 'product' });
  }
  const { name, description, id } = params.product_data;
  const product = newProduct(stripe, {
    id,
    name,
    description,
    metadata: mergeMetadata({}, params.product_data.metadata),
  });
  stripe.emit('product.created', product);
  return product.id;
}

/** Usage records are gone: a metered price needs a meter since 2025-03-31.basil. */
function checkMetered(stripe: StripeContext, params: z.output<typeof createParams>): void {
  const { usage_type: usage, meter } = params.recurring ?? {};
  if (usage === 'metered' && meter === undefined) {
    throw invalid('Metered prices must be backed by a meter: pass `recurring[meter]`.', { param: 'recurring[meter]' });
  }
  if (meter === undefined) return;
  if (!stripe.meters.get(meter)) throw noSuch('billing meter', meter, 'recurring[meter]', 400);
  if (usage !== 'metered') {
    throw invalid('`recurring[meter]` is only for prices with `usage_type=metered`.', { param: 'recurring[meter]' });
  }
}

function create(stripe: StripeContext, params: z.output<typeof createParams>): Price {
  if (
    params.unit_amount === undefined &&
    params.unit_amount_decimal === undefined &&
    !params.custom_unit_amount &&
    !params.tiers
  ) {
    throw invalid('Missing required param: unit_amount.', { code: 'parameter_missing', param: 'unit_amount' });
  }
  if ((params.unit_amount ?? 0) < 0) {
    throw invalid('Invalid non-negative integer', { code: 'parameter_invalid_integer', param: 'unit_amount' });
  }
  checkCurrency(params.currency);
  if (params.unit_amount !== undefined) checkDigits(params.unit_amount, params.currency, 'unit_amount');
  checkMetered(stripe, params);
  const product = productFor(stripe, params);
  claimLookupKey(stripe, params.lookup_key, params.transfer_lookup_key, null);
  const price = newPrice(stripe, { ...params, product });
  stripe.emit('price.created', price);
  return price;
}

function keepPrice(params: z.output<typeof listParams>): (price: Price) => boolean {
  return (price) =>
    (params.active === undefined || price.active === params.active) &&
    (params.currency === undefined || price.currency === params.currency.toLowerCase()) &&
    (params.product === undefined || price.product === params.product) &&
    (params.type === undefined || price.type === params.type) &&
    (params.recurring?.interval === undefined || price.recurring?.interval === params.recurring.interval) &&
    (params.lookup_keys === undefined || params.lookup_keys.includes(price.lookup_key ?? ''));
}

export function priceRoutes(stripe: StripeContext): Route[] {
  const found = (id = ''): Price => {
    const price = stripe.prices.get(id);
    if (!price) throw noSuch('price', id, 'price');
    return price;
  };
  return [
    {
      method: 'post',
      path: '/v1/prices',
      operations: ['prices.create'],
      handle(request) {
        const params = parse(createParams, formOf(request));
        return { status: 200, body: expanded(stripe, create(stripe, params), params.expand) };
      },
    },
    {
      method: 'get',
      path: '/v1/prices',
      operations: ['prices.list'],
      handle(request) {
        const params = parse(listParams, formOf(request));
        const list = listPage(stripe.prices.newestFirst(), '/v1/prices', params, keepPrice(params));
        return { status: 200, body: expanded(stripe, list, params.expand) };
      },
    },
    {
      method: 'get',
      path: '/v1/prices/:id',
      operations: ['prices.get'],
      handle(request) {
        const { expand: paths } = parse(z.strictObject({ expand }), formOf(request));
        return { status: 200, body: expanded(stripe, found(request.params['id']), paths) };
      },
    },
    {
      method: 'post',
      path: '/v1/prices/:id',
      operations: ['prices.update'],
      handle(request) {
        const price = found(request.params['id']);
        const params = parse(updateParams, formOf(request));
        claimLookupKey(stripe, params.lookup_key, params.transfer_lookup_key, price.id);
        if (params.active !== undefined) price.active = params.active;
        if (params.lookup_key !== undefined) price.lookup_key = params.lookup_key === '' ? null : params.lookup_key;
        if (params.nickname !== undefined) price['nickname'] = params.nickname;
        price.metadata = mergeMetadata(price.metadata, params.metadata);
        stripe.prices.put(price);
        stripe.emit('price.updated', price, {});
        return { status: 200, body: expanded(stripe, price, params.expand) };
      },
    },
  ];
}

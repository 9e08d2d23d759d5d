import { z } from 'zod';
import { base62, uuid } from '../core/ids.ts';
import type { ApiRequest, Route } from '../http/answer.ts';
import { showCheckout, showClientCheckout, touchCheckout } from './checkout-object.ts';
import type { PolarContext } from './context.ts';
import { toAddress } from './customers.ts';
import { failed, notFound, refuse } from './errors.ts';
import { listPage, oneOf } from './listing.ts';
import type { Checkout, Customer, Product, ProductPrice } from './objects.ts';
import { discountRefusal, newPrice, priceBody, pricesIn, staticAmount } from './pricing.ts';
import { address, metadata, organizationId, parse } from './validation.ts';

const CHECKOUT_EXPIRY = 'polar.checkout.expire';
const DAY_MS = 86_400_000;

const interval = z.enum(['day', 'week', 'month', 'year']);
const editable = {
  product_id: z.string().nullish(),
  amount: z.int().min(0).nullish(),
  seats: z.int().nullish(),
  is_business_customer: z.boolean().nullish(),
  customer_name: z.string().max(256).nullish(),
  customer_email: z.email().nullish(),
  customer_billing_name: z.string().nullish(),
  customer_billing_address: address.nullish(),
  customer_tax_id: z.string().nullish(),
  customer_ip_address: z.string().nullish(),
  customer_metadata: metadata,
  custom_field_data: z.record(z.string(), z.unknown()).nullish(),
  locale: z.string().nullish(),
  trial_interval: interval.nullish(),
  trial_interval_count: z.int().min(1).max(1000).nullish(),
  allow_trial: z.boolean().nullish(),
  metadata,
  currency: z.string().length(3).toLowerCase().nullish(),
  discount_id: z.string().nullish(),
  allow_discount_codes: z.boolean().nullish(),
  require_billing_address: z.boolean().nullish(),
  success_url: z.url().nullish(),
  return_url: z.url().nullish(),
  embed_origin: z.string().nullish(),
};
export const createBody = z.object({
  ...editable,
  products: z.array(z.uuid()).min(1),
  prices: z.record(z.string(), z.array(priceBody).min(1)).nullish(),
  external_customer_id: z.string().nullish(),
  customer_id: z.uuid().nullish(),
  subscription_id: z.uuid().nullish(),
  min_seats: z.int().nullish(),
  max_seats: z.int().nullish(),
  units: z.int().nullish(),
  organization_id: organizationId,
});
const updateBody = z.object({ ...editable, discount_code: z.string().nullish() });
type Update = z.output<typeof updateBody>;

type Create = z.output<typeof createBody>;

function productsOf(polar: PolarContext, ids: readonly string[]): Product[] {
  return ids.map((id, at) => {
    const product = polar.products.get(id);
    if (!product) throw refuse(['body', 'products', at], 'Product does not exist.', id);
    if (product.is_archived) throw refuse(['body', 'products', at], 'Product is archived.', id);
    return product;
  });
}

/** The prices of a product in this session: its own or ad-hoc ones, in the wanted currency. */
function pricesFor(polar: PolarContext, body: Create, product: Product): ProductPrice[] {
  const adHoc = body.prices?.[product.id];
  const of = { id: product.id, recurring: product.is_recurring };
  const all = adHoc ? adHoc.map((price) => newPrice(polar, price, of, 'ad_hoc')) : product.prices;
  const prices = pricesIn(all, body.currency ?? null);
  if (prices.length === 0)
    throw refuse(['body', 'currency'], 'No price available in this currency.', body.currency ?? null);
  return prices;
}

function requireDiscount(polar: PolarContext, id: string, product: Product, customerId: string | null): void {
  const refusal = discountRefusal(polar, polar.discounts.get(id), product, customerId);
  if (refusal !== null) throw refuse(['body', 'discount_id'], refusal, id);
}

function customerOf(polar: PolarContext, body: Create): Customer | undefined {
  if (body.customer_id != null) {
    const customer = polar.customers.get(body.customer_id);
    if (!customer || customer.deleted_at !== null)
      throw refuse(['body', 'customer_id'], 'Customer does not exist.', body.customer_id);
    return customer;
  }
  return body.external_customer_id == null
    ? undefined
    : polar.customers.findBy('externalId', body.external_customer_id)[0];
}

/** Opens a session for a day. Customer, prices and discount are checked now, the second subscription only at paying. */
export function openCheckout(polar: PolarContext, body: Create): Checkout {
  const products = productsOf(polar, body.products);
  const product = products[0] as Product;
  if ((body.trial_interval == null) !== (body.trial_interval_count == null)) {
    throw refuse(
      ['body', 'trial_interval_count'],
      'Both trial_interval and trial_interval_count must be set.',
      body.trial_interval_count,
    );
  }
  const customer = customerOf(polar, body);
  if (body.discount_id != null) requireDiscount(polar, body.discount_id, product, customer?.id ?? null);
  if (body.customer_tax_id != null && body.customer_billing_address == null && !customer?.billing_address)
    throw refuse(['body', 'customer_billing_address'], 'Country is required to validate tax ID.', null, 'missing');
  const prices = pricesFor(polar, body, product);
  const price = prices[0] as ProductPrice;
  const isSeats = prices.some((candidate) => candidate.seat_tiers !== undefined);
  const seats = isSeats ? (body.seats ?? 1) : null;
  const secret = `polar_c_${base62(43)}`;
  const id = uuid();
  const expiresAt = polar.sandbox.clock.nowMs() + DAY_MS;
  const checkout: Checkout = {
    id,
    created_at: polar.now(),
    modified_at: null,
    status: 'open',
    client_secret: secret,
    expires_at: new Date(expiresAt).toISOString(),
    success_url: (body.success_url ?? `${polar.sandbox.publicUrl()}/polar/checkout/${secret}/confirmation`).replaceAll(
      /\{CHECKOUT_ID\}|%7BCHECKOUT_ID%7D/g,
      id,
    ),
    return_url: body.return_url ?? null,
    embed_origin: body.embed_origin ?? null,
    amount: staticAmount(prices, seats, body.amount ?? null),
    currency: price.price_currency,
    allow_trial: body.allow_trial ?? true,
    trial_interval: body.trial_interval ?? null,
    trial_interval_count: body.trial_interval_count ?? null,
    product_ids: body.products,
    product_id: product.id,
    price,
    prices,
    seats,
    min_seats: body.min_seats ?? null,
    max_seats: body.max_seats ?? null,
    units: null,
    min_units: null,
    max_units: null,
    is_business: body.is_business_customer ?? false,
    custom_field_data: body.custom_field_data ?? {},
    customer_tax_id: body.customer_tax_id ?? customer?.tax_id?.[0] ?? null,
    customer_billing_name: body.customer_billing_name ?? customer?.billing_name ?? null,
    discount_id: body.discount_id ?? null,
    allow_discount_codes: body.allow_discount_codes ?? true,
    require_billing_address: body.require_billing_address ?? false,
    customer_id: customer?.id ?? null,
    external_customer_id: body.external_customer_id ?? customer?.external_id ?? null,
    customer_name: body.customer_name ?? customer?.name ?? null,
    customer_email: customer?.email ?? body.customer_email ?? null,
    customer_ip_address: body.customer_ip_address ?? null,
    customer_billing_address:
      body.customer_billing_address == null
        ? (customer?.billing_address ?? null)
        : toAddress(body.customer_billing_address),
    customer_metadata: body.customer_metadata ?? {},
    metadata: body.metadata ?? {},
    locale: body.locale ?? null,
    subscription_id: body.subscription_id ?? null,
  };
  polar.checkouts.put(checkout);
  polar.sandbox.agenda.plan(CHECKOUT_EXPIRY, id, expiresAt);
  polar.emit('checkout.created', showCheckout(polar, checkout));
  return checkout;
}

function chooseProduct(polar: PolarContext, checkout: Checkout, productId: string): void {
  const product = polar.products.get(productId);
  if (!product || !checkout.product_ids.includes(productId))
    throw refuse(['body', 'product_id'], 'Product is not available in this checkout.', productId);
  const inCurrency = pricesIn(product.prices, checkout.currency);
  const prices = inCurrency.length > 0 ? inCurrency : pricesIn(product.prices, null);
  const price = prices[0];
  if (!price) return;
  Object.assign(checkout, {
    product_id: productId,
    price,
    prices,
    currency: price.price_currency,
    amount: staticAmount(prices, checkout.seats, null),
  });
}

function applyDiscount(polar: PolarContext, checkout: Checkout, body: Update): void {
  const product = polar.products.get(checkout.product_id);
  if (body.discount_id != null && product) requireDiscount(polar, body.discount_id, product, checkout.customer_id);
  if (body.discount_id !== undefined) checkout.discount_id = body.discount_id;
  if (body.discount_code === null) checkout.discount_id = null;
  if (body.discount_code == null || !product) return;
  const code = body.discount_code.toLowerCase();
  const discount = polar.discounts.all().find((candidate) => candidate.code?.toLowerCase() === code);
  const refusal = discountRefusal(polar, discount, product, checkout.customer_id);
  if (!discount || refusal !== null || checkout['allow_discount_codes'] !== true)
    throw refuse(['body', 'discount_code'], 'Discount does not exist.', body.discount_code);
  checkout.discount_id = discount.id;
}

function setAmount(checkout: Checkout, amount: number): void {
  const { price } = checkout;
  const least = Number(price['minimum_amount'] ?? 0);
  const most = Number(price['maximum_amount'] ?? Infinity);
  if (price.amount_type !== 'custom') return;
  if (amount < least)
    throw refuse(['body', 'amount'], `Amount must be at least ${least}.`, amount, 'greater_than_equal');
  if (amount > most) throw refuse(['body', 'amount'], `Amount must be at most ${most}.`, amount, 'less_than_equal');
  checkout.amount = amount;
}

const PLAIN = [
  ...['customer_name', 'customer_billing_name', 'customer_tax_id', 'customer_ip_address', 'locale', 'return_url'],
  ...['embed_origin', 'trial_interval', 'trial_interval_count'],
] as const;
const NEVER_NULL = [
  ...['metadata', 'customer_metadata', 'success_url', 'allow_trial', 'allow_discount_codes'],
  ...['require_billing_address', 'custom_field_data'],
] as const;

function update(polar: PolarContext, checkout: Checkout, body: Update): Checkout {
  if (checkout.status !== 'open') throw failed(403, 'NotOpenCheckout', 'Checkout is not open.');
  const given: Record<string, unknown> = body;
  if (body.product_id != null) chooseProduct(polar, checkout, body.product_id);
  if (body.seats != null && checkout.seats !== null) {
    checkout.seats = body.seats;
    checkout.amount = staticAmount(checkout.prices, body.seats, null);
  }
  if (body.amount != null) setAmount(checkout, body.amount);
  applyDiscount(polar, checkout, body);
  if (body.customer_email != null && checkout.customer_id === null) checkout.customer_email = body.customer_email;
  if (body.customer_billing_address != null)
    checkout.customer_billing_address = toAddress(body.customer_billing_address);
  if (body.is_business_customer != null) checkout.is_business = body.is_business_customer;
  for (const name of PLAIN) if (given[name] !== undefined) Object.assign(checkout, { [name]: given[name] });
  for (const name of NEVER_NULL) if (given[name] != null) Object.assign(checkout, { [name]: given[name] });
  touchCheckout(polar, checkout);
  return checkout;
}

export function scheduleCheckouts(polar: PolarContext): void {
  polar.sandbox.agenda.handle(CHECKOUT_EXPIRY, (id) => {
    const checkout = polar.checkouts.get(id);
    if (checkout?.status !== 'open') return;
    checkout.status = 'expired';
    checkout.modified_at = polar.now();
    polar.checkouts.put(checkout);
    polar.emit('checkout.expired', showCheckout(polar, checkout));
  });
}

export function checkoutRoutes(
  polar: PolarContext,
  confirm: (checkout: Checkout, request: ApiRequest) => void,
): Route[] {
  const byId = (request: ApiRequest): Checkout => {
    const checkout = polar.checkouts.get(request.params['id'] ?? '');
    if (!checkout) throw notFound();
    return checkout;
  };
  const bySecret = (request: ApiRequest): Checkout => {
    const checkout = polar.checkouts.findBy('secret', request.params['secret'] ?? '')[0];
    if (!checkout) throw notFound();
    if (checkout.status === 'expired') throw failed(410, 'ExpiredCheckoutError', 'This checkout session has expired.');
    return checkout;
  };
  return [
    {
      method: 'post',
      path: '/v1/checkouts/',
      operations: ['checkouts.create'],
      handle: (request) => ({
        status: 201,
        body: showCheckout(polar, openCheckout(polar, parse(createBody, request))),
      }),
    },
    {
      method: 'get',
      path: '/v1/checkouts/',
      operations: ['checkouts.list'],
      handle(request) {
        const external = request.query.getAll('external_customer_id');
        const source =
          external.length === 1
            ? polar.checkouts.findBy('externalCustomer', external[0] ?? '').reverse()
            : polar.checkouts.newestFirst();
        const keep = (doc: Checkout): boolean =>
          oneOf(request, 'status', doc.status) &&
          oneOf(request, 'external_customer_id', doc.external_customer_id) &&
          oneOf(request, 'customer_id', doc.customer_id) &&
          oneOf(request, 'product_id', doc.product_id);
        return { status: 200, body: listPage(request, source, keep, (doc) => showCheckout(polar, doc)) };
      },
    },
    {
      method: 'get',
      path: '/v1/checkouts/client/:secret',
      operations: ['checkouts.client_get'],
      handle: (request) => ({ status: 200, body: showClientCheckout(polar, bySecret(request)) }),
    },
    {
      method: 'patch',
      path: '/v1/checkouts/client/:secret',
      operations: ['checkouts.client_update'],
      handle: (request) => ({
        status: 200,
        body: showClientCheckout(polar, update(polar, bySecret(request), parse(updateBody, request))),
      }),
    },
    {
      method: 'post',
      path: '/v1/checkouts/client/:secret/confirm',
      operations: ['checkouts.confirm'],
      handle(request) {
        const checkout = bySecret(request);
        confirm(checkout, request);
        return { status: 200, body: { ...showClientCheckout(polar, checkout), status: checkout.status } };
      },
    },
    {
      method: 'get',
      path: '/v1/checkouts/:id',
      operations: ['checkouts.get'],
      handle: (request) => ({ status: 200, body: showCheckout(polar, byId(request)) }),
    },
    {
      method: 'patch',
      path: '/v1/checkouts/:id',
      operations: ['checkouts.update'],
      handle: (request) => ({
        status: 200,
        body: showCheckout(polar, update(polar, byId(request), parse(updateBody, request))),
      }),
    },
  ];
}

import { z } from 'zod';
import { base62 } from '../../core/ids.ts';
import type { Route } from '../../http/answer.ts';
import { byPathId } from '../../http/path-id.ts';
import type { StripeContext } from '../context.ts';
import { requireCustomer } from '../require-customer.ts';
import { invalid, noSuch } from '../errors.ts';
import { expanded } from '../expand.ts';
import { listPage } from '../listing.ts';
import { checkCurrency } from '../money.ts';
import type { InvoiceItem } from '../objects.ts';
import {
  bool,
  decimal,
  expand,
  formOf,
  integer,
  mergeMetadata,
  metadata,
  opaque,
  page,
  parse,
  range,
  text,
} from '../params.ts';
import { amountFor } from './price-amount.ts';
import { notEditable, recompose } from './recompose-invoice.ts';

const itemParams = {
  ...opaque('discounts tax_behavior tax_code tax_rates quantity_decimal price_data'),
  amount: integer.optional(),
  description: text.optional(),
  discountable: bool.optional(),
  expand,
  metadata: metadata.optional(),
  period: z.strictObject({ start: integer, end: integer }).optional(),
  pricing: z.strictObject({ price: text.optional() }).optional(),
  quantity: integer.optional(),
  unit_amount_decimal: decimal.optional(),
};
const itemCreate = z.strictObject({
  ...itemParams,
  ...opaque('customer_account'),
  currency: text.optional(),
  customer: text,
  invoice: text.optional(),
  subscription: text.optional(),
});

function createItem(stripe: StripeContext, params: z.output<typeof itemCreate>): InvoiceItem {
  const customer = requireCustomer(stripe, params.customer, 'customer', 400);
  const priceId = params.pricing?.price;
  const price = priceId === undefined ? undefined : stripe.prices.get(priceId);
  if (priceId !== undefined && !price) throw noSuch('price', priceId, 'pricing[price]', 400);
  const quantity = params.quantity ?? 1;
  const unit = params.unit_amount_decimal;
  const amount =
    params.amount ??
    (price ? amountFor(price, quantity) : unit === undefined ? undefined : Math.round(unit * quantity));
  if (amount === undefined)
    throw invalid('Missing required param: amount.', { code: 'parameter_missing', param: 'amount' });
  const invoice = params.invoice === undefined ? undefined : stripe.invoices.get(params.invoice);
  if (params.invoice !== undefined && !invoice) throw noSuch('invoice', params.invoice, 'invoice', 400);
  if (invoice && invoice.status !== 'draft') throw notEditable(invoice);
  const now = stripe.now();
  const item: InvoiceItem = {
    id: `ii_1${base62(23)}`,
    object: 'invoiceitem',
    amount,
    created: now,
    currency: price?.currency ?? checkCurrency(params.currency ?? invoice?.currency ?? 'usd'),
    customer: customer.id,
    customer_account: null,
    date: now,
    description: params.description ?? (price ? (stripe.products.get(price.product)?.name ?? 'Item') : 'Item'),
    discountable: params.discountable ?? amount > 0,
    discounts: [],
    invoice: invoice?.id ?? null,
    livemode: false,
    metadata: mergeMetadata({}, params.metadata),
    parent:
      params.subscription === undefined
        ? null
        : {
            quote_details: null,
            subscription_details: { subscription: params.subscription, subscription_item: null },
            type: 'subscription_details',
          },
    period: params.period ?? { start: now, end: now },
    pricing: {
      price_details: price ? { price: price.id, product: price.product } : null,
      type: 'price_details',
      unit_amount_decimal: price?.unit_amount_decimal ?? String(unit ?? amount / quantity),
    },
    proration: false,
    proration_details: null,
    quantity,
    quantity_decimal: String(quantity),
    tax_rates: [],
    test_clock: null,
  };
  stripe.invoiceItems.put(item);
  if (invoice) {
    recompose(stripe, invoice, invoice.automatic_tax.enabled);
    stripe.emit('invoice.updated', invoice, {});
  }
  stripe.emit('invoiceitem.created', item);
  return item;
}

export function invoiceItemRoutes(stripe: StripeContext): Route[] {
  const found = byPathId(stripe.invoiceItems, (id) => noSuch('invoiceitem', id, 'invoiceitem'));
  return [
    {
      method: 'post',
      path: '/v1/invoiceitems',
      operations: ['invoice_items.create'],
      handle(request) {
        const params = parse(itemCreate, formOf(request));
        return { status: 200, body: expanded(stripe, createItem(stripe, params), params.expand) };
      },
    },
    {
      method: 'get',
      path: '/v1/invoiceitems',
      operations: ['invoice_items.list'],
      handle(request) {
        const schema = z.strictObject({
          ...page,
          ...opaque('customer_account'),
          created: range.optional(),
          customer: text.optional(),
          invoice: text.optional(),
          pending: bool.optional(),
        });
        const params = parse(schema, formOf(request));
        const keep = (doc: InvoiceItem): boolean =>
          (params.customer === undefined || doc.customer === params.customer) &&
          (params.invoice === undefined || doc.invoice === params.invoice) &&
          (params.pending === undefined || (doc.invoice === null) === params.pending);
        const list = listPage(stripe.invoiceItems.newestFirst(), '/v1/invoiceitems', params, keep);
        return { status: 200, body: expanded(stripe, list, params.expand) };
      },
    },
    {
      method: 'get',
      path: '/v1/invoiceitems/:id',
      operations: ['invoice_items.get'],
      handle: (request) => ({
        status: 200,
        body: expanded(stripe, found(request), parse(z.strictObject({ expand }), formOf(request)).expand),
      }),
    },
    {
      method: 'delete',
      path: '/v1/invoiceitems/:id',
      operations: ['invoice_items.delete'],
      handle(request) {
        const item = found(request);
        const invoice = item.invoice === null ? undefined : stripe.invoices.get(item.invoice);
        if (invoice && invoice.status !== 'draft') throw notEditable(invoice);
        stripe.invoiceItems.remove(item.id);
        if (invoice) recompose(stripe, invoice, invoice.automatic_tax.enabled);
        stripe.emit('invoiceitem.deleted', item);
        return { status: 200, body: { id: item.id, object: 'invoiceitem', deleted: true } };
      },
    },
  ];
}

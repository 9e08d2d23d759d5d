import { z } from 'zod';
import type { ApiRequest, Route } from '../http/answer.ts';
import { byPathId } from '../http/path-id.ts';
import type { PolarContext } from './context.ts';
import { csvAnswer } from './csv.ts';
import { toAddress } from './customers.ts';
import { failed, notFound, refuse } from './errors.ts';
import { generateInvoice, getInvoice, getReceipt } from './invoices.ts';
import { listPage, oneOf } from './listing.ts';
import type { Order } from './objects.ts';
import { invoiceNumber, newOrder, showOrder, touchOrder } from './order-object.ts';
import { settingsOf } from './organization.ts';
import { collectOrder } from './payments.ts';
import { pricesIn, staticAmount } from './pricing.ts';
import { address, metadata, organizationId, parse } from './validation.ts';

const updateBody = z.object({ billing_name: z.string().nullish(), billing_address: address.nullish() });
const createBody = z.object({
  customer_id: z.uuid(),
  product_id: z.uuid(),
  currency: z.string().length(3).toLowerCase().nullish(),
  amount: z.int().min(0).nullish(),
  description: z.string().max(500).nullish(),
  custom_field_data: z.record(z.string(), z.unknown()).optional(),
  metadata,
  organization_id: organizationId,
});
const finalizeBody = z.object({ payment_method_id: z.uuid().nullish() });

export function updateBilling(polar: PolarContext, order: Order, body: z.output<typeof updateBody>): Order {
  if (order.is_invoice_generated && (body.billing_name != null || body.billing_address != null)) {
    throw refuse(
      ['body', 'billing_name'],
      'Billing details cannot be changed once the invoice is generated.',
      body.billing_name ?? null,
    );
  }
  if (body.billing_name != null) order.billing_name = body.billing_name;
  if (body.billing_address != null) order.billing_address = toAddress(body.billing_address);
  touchOrder(polar, order, 'updated');
  return order;
}

export const parseBilling = (request: ApiRequest): z.output<typeof updateBody> => parse(updateBody, request);

/** A draft for a charge without the customer (preview). */
function createDraft(polar: PolarContext, body: z.output<typeof createBody>): Order {
  if (settingsOf(polar).features['off_session_charges_enabled'] !== true)
    throw failed(403, 'OffSessionChargesNotEnabled', 'Off-session charges are not enabled for this organization.');
  const customer = polar.customers.get(body.customer_id);
  if (!customer || customer.deleted_at !== null)
    throw refuse(['body', 'customer_id'], 'Customer does not exist.', body.customer_id);
  const product = polar.products.get(body.product_id);
  if (!product || product.is_recurring)
    throw refuse(['body', 'product_id'], 'Product does not exist or is recurring.', body.product_id);
  const prices = pricesIn(product.prices, body.currency ?? null);
  const price = prices[0];
  if (!price) throw refuse(['body', 'currency'], 'No price available in this currency.', body.currency ?? null);
  const amount = body.amount ?? staticAmount(prices, null, null);
  return newOrder(polar, {
    customerId: customer.id,
    productId: product.id,
    subscriptionId: null,
    checkoutId: null,
    discountId: null,
    reason: 'purchase',
    currency: price.price_currency,
    lines: [{ label: body.description ?? product.name, amount, product_price_id: price.id }],
    discount: 0,
    taxOption: price.tax_behavior,
    seats: null,
    metadata: body.metadata ?? {},
    customFieldData: body.custom_field_data,
    status: 'draft',
    description: body.description ?? product.name,
  });
}

/** Charges a draft now. On failure it stays a draft. */
function finalize(polar: PolarContext, order: Order, body: z.output<typeof finalizeBody>): Order {
  if (order.status !== 'draft') throw failed(412, 'OrderNotDraft', 'This order is not a draft.');
  const customer = polar.customers.get(order.customer_id);
  const wanted = body.payment_method_id ?? customer?.default_payment_method_id ?? null;
  const method = wanted === null ? undefined : polar.paymentMethods.get(wanted);
  if (!customer || method?.customer_id !== customer.id)
    throw failed(402, 'PaymentFailed', 'The customer has no payment method to charge.');
  const fallback = customer.default_payment_method_id;
  customer.default_payment_method_id = method.id;
  const decline = collectOrder(polar, order, 'purchase');
  customer.default_payment_method_id = fallback;
  if (decline) throw failed(402, 'PaymentFailed', decline.message);
  order.invoice_number ??= invoiceNumber(polar);
  polar.orders.put(order);
  return order;
}

function isWanted(polar: PolarContext, request: ApiRequest, doc: Order): boolean {
  const after = request.query.get('created_after');
  const before = request.query.get('created_before');
  const recurring = polar.products.get(doc.product_id ?? '')?.is_recurring === true;
  return (
    ['customer_id', 'product_id', 'checkout_id', 'subscription_id', 'status', 'discount_id'].every((name) =>
      oneOf(request, name, doc[name]),
    ) &&
    oneOf(request, 'external_customer_id', polar.customers.get(doc.customer_id)?.external_id) &&
    oneOf(request, 'product_billing_type', recurring ? 'recurring' : 'one_time') &&
    (after === null || Date.parse(doc.created_at) > Date.parse(after)) &&
    (before === null || Date.parse(doc.created_at) < Date.parse(before))
  );
}

export function orderRoutes(polar: PolarContext): Route[] {
  const found = byPathId(polar.orders, notFound);
  const shown = (order: Order): object => showOrder(polar, order);
  const path = '/v1/orders/:id';
  return [
    {
      method: 'get',
      path: '/v1/orders/',
      operations: ['orders.list'],
      handle: (request) => ({
        status: 200,
        body: listPage(request, polar.orders.newestFirst(), (doc) => isWanted(polar, request, doc), shown),
      }),
    },
    {
      method: 'post',
      path: '/v1/orders/',
      operations: ['orders.create'],
      handle: (request) => ({ status: 201, body: shown(createDraft(polar, parse(createBody, request))) }),
    },
    {
      method: 'get',
      path: '/v1/orders/export',
      operations: ['orders.export'],
      handle(request) {
        const columns = ['Email', 'Created At', 'Product', 'Amount', 'Currency', 'Status', 'Invoice number'];
        const kept = [...polar.orders.newestFirst()].filter((doc) => isWanted(polar, request, doc));
        const rows = kept.map((doc) => [
          ...[polar.customers.get(doc.customer_id)?.email, doc.created_at, doc.description],
          ...[doc.total_amount, doc.currency, doc.status, doc.invoice_number],
        ]);
        return csvAnswer('polar-orders.csv', columns, rows);
      },
    },
    {
      method: 'get',
      path,
      operations: ['orders.get'],
      handle: (request) => ({ status: 200, body: shown(found(request)) }),
    },
    {
      method: 'patch',
      path,
      operations: ['orders.update'],
      handle: (request) => ({
        status: 200,
        body: shown(updateBilling(polar, found(request), parseBilling(request))),
      }),
    },
    {
      method: 'post',
      path: `${path}/finalize`,
      operations: ['orders.finalize'],
      handle(request) {
        const order = found(request);
        return { status: 200, body: shown(finalize(polar, order, parse(finalizeBody, request))) };
      },
    },
    {
      method: 'post',
      path: `${path}/invoice`,
      operations: ['orders.generate_invoice'],
      handle: (request) => generateInvoice(polar, found(request)),
    },
    {
      method: 'get',
      path: `${path}/invoice`,
      operations: ['orders.invoice'],
      handle: (request) => getInvoice(polar, found(request)),
    },
    {
      method: 'get',
      path: `${path}/receipt`,
      operations: ['orders.receipt'],
      handle: (request) => getReceipt(polar, found(request)),
    },
  ];
}

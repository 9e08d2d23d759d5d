import { z } from 'zod';
import type { Route } from '../../http/answer.ts';
import { byPathId } from '../../http/path-id.ts';
import type { StripeContext } from '../context.ts';
import { requireCustomer } from '../require-customer.ts';
import { invalid, noSuch, paymentFailure } from '../errors.ts';
import { expanded } from '../expand.ts';
import { listPage } from '../listing.ts';
import { checkCurrency } from '../money.ts';
import type { Invoice } from '../objects.ts';
import { bool, expand, formOf, integer, mergeMetadata, metadata, opaque, page, parse, text } from '../params.ts';
import { methodNamed } from '../payments/method-object.ts';
import { placeOf } from '../tax/tax.ts';
import { itemLine, pendingItems } from './cycle-lines.ts';
import { chooseCoupons, newDiscount, redeem } from './discounts-of.ts';
import { draftInvoice, finalizeInvoice, markPaid, markUncollectible, payInvoice, voidInvoice } from './invoices.ts';
import { invoiceItemRoutes } from './invoice-items.ts';
import { notEditable, recompose } from './recompose-invoice.ts';
import { previewInvoice } from './preview.ts';
import { automaticTaxParam, discountsParam, previewParams } from './subscription-params.ts';

const DAY_S = 86_400;
const PATH = '/v1/invoices';
const editable = {
  ...opaque(
    'account_tax_ids application_fee_amount automatically_finalizes_at custom_fields default_source default_tax_rates effective_at issuer number on_behalf_of payment_settings rendering shipping_cost shipping_details statement_descriptor transfer_data',
  ),
  auto_advance: bool.optional(),
  automatic_tax: automaticTaxParam,
  collection_method: z.enum(['charge_automatically', 'send_invoice']).optional(),
  days_until_due: integer.optional(),
  default_payment_method: text.optional(),
  description: text.optional(),
  discounts: discountsParam,
  due_date: integer.optional(),
  expand,
  footer: text.optional(),
  metadata: metadata.optional(),
};
const createParams = z.strictObject({
  ...editable,
  ...opaque('customer_account from_invoice'),
  currency: text.optional(),
  customer: text,
  pending_invoice_items_behavior: z.enum(['exclude', 'include']).optional(),
  subscription: text.optional(),
});
const updateParams = z.strictObject(editable);
const payParams = z.strictObject({
  ...opaque('forgive mandate off_session source'),
  expand,
  paid_out_of_band: bool.optional(),
  payment_method: text.optional(),
});
function dueDate(
  stripe: StripeContext,
  params: { due_date?: number | undefined; days_until_due?: number | undefined },
): number | null {
  return params.due_date ?? (params.days_until_due === undefined ? null : stripe.now() + params.days_until_due * DAY_S);
}

function create(stripe: StripeContext, params: z.output<typeof createParams>): Invoice {
  const customer = requireCustomer(stripe, params.customer, 'customer', 400);
  const subscription =
    params.subscription === undefined ? null : (stripe.subscriptions.get(params.subscription) ?? null);
  if (params.subscription !== undefined && !subscription)
    throw noSuch('subscription', params.subscription, 'subscription', 400);
  const sends = params.collection_method === 'send_invoice';
  if (sends && dueDate(stripe, params) === null) {
    throw invalid(
      'You must provide either `due_date` or `days_until_due` when `collection_method` is `send_invoice`.',
      { param: 'due_date' },
    );
  }
  const included = params.pending_invoice_items_behavior === 'include' || subscription !== null;
  const items = included ? pendingItems(stripe, customer.id, subscription?.id ?? null) : [];
  const discounts = chooseCoupons(stripe, params.discounts === '' ? [] : (params.discounts ?? []), customer.id).map(
    (chosen) => newDiscount(stripe, chosen, { customer: customer.id }),
  );
  for (const discount of discounts) redeem(stripe, discount);
  const now = stripe.now();
  return draftInvoice(stripe, {
    customer,
    currency: checkCurrency(params.currency ?? items[0]?.currency ?? 'usd'),
    reason: 'manual',
    lines: items.map((item) => itemLine(stripe, item)),
    period: { start: now, end: now },
    subscription,
    discounts,
    automaticTax: params.automatic_tax?.enabled ?? false,
    fields: {
      auto_advance: params.auto_advance ?? false,
      collection_method: params.collection_method ?? 'charge_automatically',
      default_payment_method: params.default_payment_method ?? null,
      description: params.description ?? null,
      due_date: sends ? dueDate(stripe, params) : null,
      footer: params.footer ?? null,
      metadata: mergeMetadata({}, params.metadata),
    },
  });
}

function update(stripe: StripeContext, invoice: Invoice, params: z.output<typeof updateParams>): Invoice {
  const { metadata: change, expand: _paths, ...rest } = params;
  if (
    invoice.status !== 'draft' &&
    Object.keys(rest).some(
      (key) => !['auto_advance', 'default_payment_method', 'due_date', 'days_until_due'].includes(key),
    )
  )
    throw notEditable(invoice);
  invoice.metadata = mergeMetadata(invoice.metadata, change);
  if (rest.description !== undefined) invoice.description = rest.description === '' ? null : rest.description;
  if (rest.footer !== undefined) invoice.footer = rest.footer === '' ? null : rest.footer;
  if (rest.auto_advance !== undefined) invoice.auto_advance = rest.auto_advance;
  if (rest.default_payment_method !== undefined) invoice.default_payment_method = rest.default_payment_method;
  if (rest.due_date !== undefined || rest.days_until_due !== undefined) invoice.due_date = dueDate(stripe, rest);
  if (rest.discounts !== undefined) {
    const wanted = rest.discounts === '' ? [] : rest.discounts;
    invoice.discounts = chooseCoupons(stripe, wanted, invoice.customer).map((chosen) =>
      redeem(stripe, newDiscount(stripe, chosen, { customer: invoice.customer, invoice: invoice.id })),
    );
  }
  if (invoice.parent === null && invoice.status === 'draft')
    recompose(stripe, invoice, rest.automatic_tax?.enabled ?? invoice.automatic_tax.enabled);
  stripe.invoices.put(invoice);
  stripe.emit('invoice.updated', invoice, {});
  return invoice;
}

function finalize(stripe: StripeContext, invoice: Invoice): Invoice {
  if (invoice.status !== 'draft')
    throw invalid("This invoice is already finalized, you can't re-finalize a non-draft invoice.", {
      code: 'invoice_not_editable',
    });
  if (invoice.automatic_tax.enabled && invoice.parent === null) recompose(stripe, invoice, true);
  const located = !invoice.automatic_tax.enabled || placeOf(stripe.customers.get(invoice.customer)) !== null;
  if (!finalizeInvoice(stripe, invoice) && !located) {
    throw invalid(
      "The customer's location isn't recognized. Set a valid customer address in order to automatically calculate tax.",
      { code: 'customer_tax_location_invalid' },
    );
  }
  if (invoice.amount_due === 0) markPaid(stripe, invoice, false);
  return invoice;
}

function defaultMethodOf(stripe: StripeContext, invoice: Invoice): string | null {
  const id = invoice.parent?.subscription_details.subscription;
  const subscription = id === undefined ? undefined : stripe.subscriptions.get(id);
  const customer = stripe.customers.get(invoice.customer);
  return (
    invoice.default_payment_method ??
    subscription?.default_payment_method ??
    customer?.invoice_settings.default_payment_method ??
    null
  );
}

function pay(stripe: StripeContext, invoice: Invoice, params: z.output<typeof payParams>): Invoice {
  if (invoice.status === 'paid') throw invalid('Invoice is already paid', { code: 'invoice_already_paid' });
  if (invoice.status === 'void') throw invalid('This invoice has been voided and can no longer be paid.');
  if (invoice.status === 'draft') finalize(stripe, invoice);
  if (params.paid_out_of_band === true) {
    markPaid(stripe, invoice, true);
    return invoice;
  }
  if (stripe.invoices.get(invoice.id)?.status === 'paid') return invoice;
  if (invoice.status === 'uncollectible') invoice.status = 'open';
  const id = params.payment_method ?? defaultMethodOf(stripe, invoice);
  if (id === null) {
    throw invalid(
      'There is no `default_payment_method` set on this Customer or Invoice. Please set either a `default_payment_method` or pass in a payment method to pay with.',
      { code: 'resource_missing' },
    );
  }
  const method = methodNamed(stripe, id, 'payment_method');
  const outcome = payInvoice(stripe, invoice, method, { offSession: true, returnUrl: null });
  if (outcome.kind !== 'declined') return invoice;
  const asks = outcome.decline.code === 'authentication_required';
  throw paymentFailure(asks ? { ...outcome.decline, code: 'invoice_payment_intent_requires_action' } : outcome.decline);
}

const onlyExpand = z.strictObject({ expand });

export function invoiceRoutes(stripe: StripeContext): Route[] {
  const found = byPathId(stripe.invoices, (id) => noSuch('invoice', id, 'invoice'));
  const act = <T extends z.ZodType<{ expand?: string[] | undefined }>>(
    name: string,
    schema: T,
    work: (invoice: Invoice, params: z.output<T>) => Invoice,
  ): Route => ({
    method: 'post',
    path: name === 'update' ? `${PATH}/:id` : `${PATH}/:id/${name}`,
    operations: [`invoices.${name}`],
    handle(request) {
      const params = parse(schema, formOf(request));
      const done = work(found(request), params);
      return { status: 200, body: expanded(stripe, stripe.invoices.get(done.id) ?? done, params.expand) };
    },
  });
  const requireOpen = (invoice: Invoice, verb: string): void => {
    if (invoice.status === 'open' || (verb === 'void' && invoice.status === 'uncollectible')) return;
    throw invalid(`You can only ${verb} an open invoice. This invoice is ${invoice.status}.`, {
      code: 'invoice_not_editable',
    });
  };
  return [
    ...invoiceItemRoutes(stripe),
    {
      method: 'post',
      path: `${PATH}/create_preview`,
      operations: ['invoices.create_preview'],
      handle(request) {
        const params = parse(previewParams, formOf(request));
        return { status: 200, body: expanded(stripe, previewInvoice(stripe, params), params.expand) };
      },
    },
    {
      method: 'post',
      path: PATH,
      operations: ['invoices.create'],
      handle(request) {
        const params = parse(createParams, formOf(request));
        return { status: 200, body: expanded(stripe, create(stripe, params), params.expand) };
      },
    },
    {
      method: 'get',
      path: `${PATH}/:id/lines`,
      operations: ['invoices.lines'],
      handle(request) {
        const params = parse(z.strictObject(page), formOf(request));
        const { lines, id } = found(request);
        return {
          status: 200,
          body: expanded(stripe, listPage(lines.data, `${PATH}/${id}/lines`, params), params.expand),
        };
      },
    },
    act('update', updateParams, (invoice, params) => update(stripe, invoice, params)),
    act('finalize', z.strictObject({ auto_advance: bool.optional(), expand }), (invoice) => finalize(stripe, invoice)),
    act('pay', payParams, (invoice, params) => pay(stripe, invoice, params)),
    act('send', onlyExpand, (invoice) => {
      if (invoice.status === 'draft') finalize(stripe, invoice);
      stripe.emit('invoice.sent', invoice);
      return invoice;
    }),
    act('void', onlyExpand, (invoice) => {
      requireOpen(invoice, 'void');
      voidInvoice(stripe, invoice);
      return invoice;
    }),
    act('mark_uncollectible', onlyExpand, (invoice) => {
      requireOpen(invoice, 'mark_uncollectible');
      markUncollectible(stripe, invoice);
      return invoice;
    }),
    {
      method: 'delete',
      path: `${PATH}/:id`,
      operations: ['invoices.delete'],
      handle(request) {
        const invoice = found(request);
        if (invoice.status !== 'draft' || invoice.parent)
          throw invalid('You can only delete draft invoices that are not of a subscription.', {
            code: 'invoice_not_editable',
          });
        stripe.invoices.remove(invoice.id);
        for (const item of stripe.invoiceItems.findBy('invoice', invoice.id)) stripe.invoiceItems.remove(item.id);
        stripe.emit('invoice.deleted', invoice);
        return { status: 200, body: { id: invoice.id, object: 'invoice', deleted: true } };
      },
    },
  ];
}

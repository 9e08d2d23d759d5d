import type { z } from 'zod';
import { base62 } from '../../core/ids.ts';
import type { StripeContext } from '../context.ts';
import { requireCustomer } from '../require-customer.ts';
import { invalid, noSuch } from '../errors.ts';
import type { Customer, Discount, Invoice, Subscription } from '../objects.ts';
import { changeInvoice } from './change.ts';
import { type ComposeInput, type LineInput, composeInvoice } from './compose-invoice.ts';
import { draftSubscription, openingLines } from './create-subscription.ts';
import { itemLine, pendingItems } from './cycle-lines.ts';
import { chooseCoupons, newDiscount } from './discounts-of.ts';
import { invoiceInput, nextCycle } from './lifecycle.ts';
import { planChange } from './plan-change.ts';
import { type previewParams, subscriptionCreate } from './subscription-params.ts';
import { itemChanges, unusedTime } from './update-subscription.ts';

type Params = z.output<typeof previewParams>;

function customerOf(stripe: StripeContext, params: Params): Customer {
  const subscription = params.subscription === undefined ? undefined : stripe.subscriptions.get(params.subscription);
  const id = params.customer ?? subscription?.customer;
  const empty = { city: null, country: null, line1: null, line2: null, postal_code: null, state: null };
  const address = params.customer_details?.address ? { ...empty, ...params.customer_details.address } : undefined;
  if (id === undefined && params.customer_details === undefined) {
    throw invalid('You must provide a customer, a subscription or customer_details.', { param: 'customer' });
  }
  const known = id === undefined ? undefined : requireCustomer(stripe, id, 'customer', 400);
  const nobody: Customer = {
    id: '',
    created: stripe.now(),
    balance: 0,
    email: null,
    name: null,
    metadata: {},
    invoice_settings: { default_payment_method: null },
  };
  return { ...(known ?? nobody), ...(address === undefined ? {} : { address }) };
}

function changedInput(stripe: StripeContext, subscription: Subscription, params: Params): ComposeInput {
  const details = params.subscription_details;
  const now = stripe.now();
  if (details?.cancel_now === true) {
    const credits = details.proration_behavior === 'none' ? [] : unusedTime(stripe, subscription);
    const pending = pendingItems(stripe, subscription.customer, subscription.id).map((item) => itemLine(stripe, item));
    return invoiceInput(stripe, subscription, {
      reason: 'upcoming',
      lines: [...pending, ...credits],
      period: { start: now, end: now },
    });
  }
  const anchor = details?.billing_cycle_anchor;
  const plan = planChange(stripe, subscription, {
    items: itemChanges(stripe, details?.items),
    prorationBehavior: details?.proration_behavior ?? 'create_prorations',
    prorationDate: details?.proration_date,
    resetsAnchor: typeof anchor === 'object' && anchor.type === 'now',
    trialEnd: details?.trial_end,
  });
  if (plan.invoicesNow) return changeInvoice(stripe, plan);
  const { input } = nextCycle(stripe, plan.next, plan.prorations);
  return { ...input, ...(details?.items === undefined ? {} : { prorationDate: plan.prorationDate }) };
}

function newInput(stripe: StripeContext, customer: Customer, params: Params): ComposeInput {
  const details = params.subscription_details;
  const created = subscriptionCreate.parse({ customer: customer.id, items: [{ price: '' }] });
  const { billing_cycle_anchor: anchor, items = [], trial_end: trialEnd, proration_behavior: behavior } = details ?? {};
  const wanted = {
    ...created,
    items,
    trial_end: trialEnd,
    proration_behavior: behavior,
    billing_cycle_anchor: typeof anchor === 'number' ? anchor : undefined,
  };
  const subscription = draftSubscription(stripe, wanted, customer);
  const lines = openingLines(stripe, subscription, wanted);
  const now = stripe.now();
  return {
    customer,
    currency: subscription.currency,
    reason: 'upcoming',
    lines,
    period: { start: now, end: now },
    subscription,
    discounts: [],
    automaticTax: false,
  };
}

function extraLines(stripe: StripeContext, params: Params, currency: string): LineInput[] {
  const now = stripe.now();
  return (params.invoice_items ?? []).map((item, at) => {
    const price = item.price === undefined ? undefined : stripe.prices.get(item.price);
    if (item.price !== undefined && !price) throw noSuch('price', item.price, `invoice_items[${at}][price]`, 400);
    const quantity = item.quantity ?? 1;
    return {
      price: price ?? null,
      currency: item.currency ?? price?.currency ?? currency,
      quantity,
      amount: item.amount ?? (item.unit_amount ?? price?.unit_amount ?? 0) * quantity,
      description: item.description ?? 'Item',
      period: { start: now, end: now },
      subscription: null,
      subscriptionItem: null,
      invoiceItem: null,
      proration: false,
      discountable: true,
      metadata: {},
    };
  });
}

function previewDiscounts(stripe: StripeContext, params: Params, customer: Customer): Discount[] | undefined {
  if (params.discounts === undefined) return undefined;
  const wanted = params.discounts === '' ? [] : params.discounts;
  return chooseCoupons(stripe, wanted, customer.id).map((coupon) => {
    const discount = newDiscount(stripe, coupon, { customer: customer.id });
    return discount;
  });
}

/** What would be billed, by the same plan and the same sums as when it is. Nothing is stored. */
export function previewInvoice(stripe: StripeContext, params: Params): Invoice {
  const customer = customerOf(stripe, params);
  const subscription = params.subscription === undefined ? undefined : stripe.subscriptions.get(params.subscription);
  if (params.subscription !== undefined && !subscription)
    throw noSuch('subscription', params.subscription, 'subscription', 400);
  if (subscription && ['canceled', 'incomplete_expired'].includes(subscription.status)) {
    throw invalid(`No upcoming invoices for subscription: ${subscription.id}`, { code: 'invoice_upcoming_none' });
  }
  const onlyItems = !subscription && params.subscription_details?.items === undefined;
  const now = stripe.now();
  const currency = params.currency?.toLowerCase() ?? 'usd';
  const base: ComposeInput = onlyItems
    ? {
        customer,
        currency,
        reason: 'upcoming',
        lines: [],
        period: { start: now, end: now },
        subscription: null,
        discounts: [],
        automaticTax: false,
      }
    : subscription
      ? changedInput(stripe, subscription, params)
      : newInput(stripe, customer, params);
  const lines = [...base.lines, ...extraLines(stripe, params, base.currency)];
  if (lines.length === 0 && onlyItems)
    throw invalid(`No upcoming invoices for customer: ${customer.id}`, { code: 'invoice_upcoming_none' });
  const id = `upcoming_in_1${base62(23)}`;
  return composeInvoice(
    stripe,
    {
      ...base,
      customer,
      lines,
      currency: lines[0]?.currency ?? base.currency,
      discounts: previewDiscounts(stripe, params, customer) ?? base.discounts,
      automaticTax: params.automatic_tax?.enabled ?? base.automaticTax,
      fields: { ...base.fields, billing_reason: 'upcoming' },
    },
    id,
  );
}

import type { z } from 'zod';
import type { StripeContext } from '../context.ts';
import { requireCustomer } from '../require-customer.ts';
import { invalid, noSuch, paymentFailure } from '../errors.ts';
import type { Customer, Price, Subscription } from '../objects.ts';
import { mergeMetadata } from '../params.ts';
import { newPrice } from '../price-object.ts';
import { forecast } from '../payments/confirm.ts';
import { newSetupIntent } from '../payments/intent-object.ts';
import { AUTHENTICATION_REQUIRED } from '../payments/test-cards.ts';
import { requirePlace } from '../tax/tax.ts';
import { type LineInput, composeInvoice } from './compose-invoice.ts';
import { firstLines, itemLine, pendingItems } from './cycle-lines.ts';
import { chooseCoupons, dropSpent, newDiscount, redeem } from './discounts-of.ts';
import { draftInvoice, finalizeInvoice, intentFor, payInvoice } from './invoices.ts';
import { chargeableMethod, collect, invoiceInput, planIncompleteEnd, planPeriodEnd } from './lifecycle.ts';
import type { ItemParams, subscriptionCreate } from './subscription-params.ts';
import { newSubscription } from './subscription-object.ts';

type Create = z.output<typeof subscriptionCreate>;
const DAY_S = 86_400;

export function priceOfItem(stripe: StripeContext, item: ItemParams, at: number): Price {
  if (item.price_data) return newPrice(stripe, { ...item.price_data, active: false });
  const param = `items[${at}][price]`;
  if (item.price === undefined)
    throw invalid(`Missing required param: ${param}.`, { code: 'parameter_missing', param });
  const price = stripe.prices.get(item.price);
  if (!price) throw noSuch('price', item.price, param, 400);
  if (!price.active) {
    throw invalid('The price specified is inactive. This field only accepts active prices.', { param });
  }
  if (price.recurring) return price;
  throw invalid(
    'The price specified is set to `type=one_time` but this field only accepts prices with `type=recurring`.',
    { param },
  );
}

function trialEndOf(stripe: StripeContext, params: Create): number | null {
  const now = stripe.now();
  if (params.trial_end === 'now') return null;
  if (params.trial_end !== undefined && params.trial_end <= now) {
    throw invalid('Invalid timestamp: must be an integer Unix timestamp in the future.', { param: 'trial_end' });
  }
  const days = params.trial_period_days;
  return params.trial_end ?? (days === undefined || days === 0 ? null : now + days * DAY_S);
}

/** The subscription as the parameters describe it; nothing is stored. */
export function draftSubscription(stripe: StripeContext, params: Create, customer: Customer): Subscription {
  const prices = params.items.map((item, at) => ({
    price: priceOfItem(stripe, item, at),
    quantity: item.quantity ?? 1,
    metadata: mergeMetadata({}, item.metadata),
  }));
  const currency = prices[0]?.price.currency;
  if (prices.some(({ price }) => price.currency !== currency)) {
    throw invalid('All prices on a subscription must have the same currency.', { param: 'items' });
  }
  if (params.billing_cycle_anchor !== undefined && params.billing_cycle_anchor <= stripe.now()) {
    throw invalid('`billing_cycle_anchor` must be in the future.', { param: 'billing_cycle_anchor' });
  }
  const method = params.default_payment_method;
  if (method !== undefined && stripe.paymentMethods.get(method)?.customer !== customer.id) {
    throw noSuch('PaymentMethod', method, 'default_payment_method', 400);
  }
  if (params.collection_method === 'send_invoice' && params.days_until_due === undefined) {
    throw invalid(
      'You must pass `days_until_due` when creating a subscription with `collection_method` set to `send_invoice`.',
      { param: 'days_until_due' },
    );
  }
  const subscription = newSubscription(stripe, {
    customer: customer.id,
    paymentMethod: method ?? null,
    prices,
    metadata: mergeMetadata({}, params.metadata),
    trialEnd: trialEndOf(stripe, params),
    anchor: params.billing_cycle_anchor,
    fields: {
      automatic_tax: {
        disabled_reason: null,
        enabled: params.automatic_tax?.enabled ?? false,
        liability: params.automatic_tax?.enabled === true ? { type: 'self' } : null,
      },
      collection_method: params.collection_method ?? 'charge_automatically',
      days_until_due: params.days_until_due ?? null,
      description: params.description ?? null,
      start_date: params.backdate_start_date ?? stripe.now(),
      ...(params.trial_settings ? { trial_settings: params.trial_settings } : {}),
      payment_settings: {
        payment_method_options: params.payment_settings?.payment_method_options ?? null,
        payment_method_types:
          params.payment_settings?.payment_method_types === ''
            ? null
            : (params.payment_settings?.payment_method_types ?? null),
        save_default_payment_method: params.payment_settings?.save_default_payment_method ?? 'off',
      },
    },
  });
  return applyEnd(subscription, params);
}

function applyEnd(subscription: Subscription, params: Create): Subscription {
  const ends = subscription.items.data.map((item) => item.current_period_end);
  if (params.cancel_at_period_end === true) {
    Object.assign(subscription, { cancel_at_period_end: true, cancel_at: Math.min(...ends) });
  } else if (typeof params.cancel_at === 'number') subscription.cancel_at = params.cancel_at;
  else if (params.cancel_at === 'min_period_end') subscription.cancel_at = Math.min(...ends);
  else if (params.cancel_at === 'max_period_end') subscription.cancel_at = Math.max(...ends);
  return subscription;
}

/**
 * The first invoice's lines. With an anchor ahead, the time up to it is a proration, or free with `none`; a backdated
 * start bills the time behind unless prorations are off.
 */
export function openingLines(stripe: StripeContext, subscription: Subscription, params: Create): LineInput[] {
  const lines = firstLines(stripe, subscription);
  const isTrial = subscription.status === 'trialing';
  const anchored = params.billing_cycle_anchor !== undefined && !isTrial;
  const extra = (params.add_invoice_items ?? []).flatMap((item) => {
    const price = item.price === undefined ? undefined : stripe.prices.get(item.price);
    if (!price) throw noSuch('price', item.price ?? '', 'add_invoice_items[0][price]', 400);
    return [oneTimeLine(stripe, price, item.quantity ?? 1, subscription.id)];
  });
  if (!anchored) return [...extra, ...lines];
  if (params.proration_behavior === 'none') return extra;
  return [...extra, ...lines.map((line) => shortened(line, subscription, params.billing_cycle_anchor ?? 0))];
}

/** The part of a full period that lies before the anchor. */
function shortened(line: LineInput, subscription: Subscription, anchor: number): LineInput {
  const unit = { day: 1, week: 7, month: 30.436_875, year: 365.2425 }[line.price?.recurring?.interval ?? 'month'];
  const full = unit * DAY_S * (line.price?.recurring?.interval_count ?? 1);
  const share = Math.min(1, (anchor - subscription.start_date) / full);
  return { ...line, amount: Math.round(line.amount * share), proration: true };
}

export function oneTimeLine(
  stripe: StripeContext,
  price: Price,
  quantity: number,
  subscription: string | null,
): LineInput {
  const now = stripe.now();
  return {
    price,
    currency: price.currency,
    quantity,
    amount: (price.unit_amount ?? 0) * quantity,
    description: stripe.products.get(price.product)?.name ?? 'Item',
    period: { start: now, end: now },
    subscription,
    subscriptionItem: null,
    invoiceItem: null,
    proration: false,
    discountable: true,
    metadata: {},
  };
}

function checkPayable(stripe: StripeContext, subscription: Subscription, due: number): void {
  if (due === 0) return;
  const method = chargeableMethod(stripe, subscription);
  if (!method) {
    throw invalid(
      'This customer has no attached payment source or default payment method. Please consider adding a default payment method.',
      { code: 'resource_missing' },
    );
  }
  const outcome = forecast(stripe, method, { offSession: false, returnUrl: null });
  if (outcome.kind === 'decline') throw paymentFailure(outcome.decline);
  if (outcome.kind === 'challenge') throw paymentFailure(AUTHENTICATION_REQUIRED);
}

/** A card is still wanted though nothing is due: a SetupIntent asks for it. */
function askForMethod(stripe: StripeContext, subscription: Subscription): void {
  if (chargeableMethod(stripe, subscription)) return;
  const intent = newSetupIntent(stripe, { customer: subscription.customer, metadata: {}, types: ['card', 'link'] });
  subscription.pending_setup_intent = intent.id;
}

export function createSubscription(stripe: StripeContext, params: Create): Subscription {
  const customer = requireCustomer(stripe, params.customer, 'customer', 400);
  if (params.payment_behavior === 'pending_if_incomplete') {
    throw invalid(
      '`pending_if_incomplete` is only used with updates and cannot be passed when creating a Subscription.',
      { param: 'payment_behavior' },
    );
  }
  if (params.automatic_tax?.enabled === true) requirePlace(customer);
  const coupons = chooseCoupons(stripe, params.discounts === '' ? [] : (params.discounts ?? []), customer.id);
  const subscription = draftSubscription(stripe, params, customer);
  const discounts = coupons.map((chosen) =>
    newDiscount(stripe, chosen, { customer: customer.id, subscription: subscription.id }),
  );
  const pending = pendingItems(stripe, customer.id, null).map((item) => itemLine(stripe, item));
  const input = {
    ...invoiceInput(stripe, subscription, {
      reason: 'subscription_create',
      lines: [...pending, ...openingLines(stripe, subscription, params)],
      period: { start: stripe.now(), end: stripe.now() },
    }),
    discounts,
  };
  const due = composeInvoice(stripe, input).amount_due;
  const charges = subscription.collection_method === 'charge_automatically';
  const behavior = params.payment_behavior ?? 'allow_incomplete';
  if (charges && behavior === 'error_if_incomplete') checkPayable(stripe, subscription, due);
  subscription.discounts = discounts.map((discount) => redeem(stripe, discount));
  if (!charges && subscription.status === 'incomplete') subscription.status = 'active';
  stripe.subscriptions.put(subscription);
  stripe.emit('customer.subscription.created', subscription);
  const invoice = draftInvoice(stripe, input);
  if (charges && behavior === 'default_incomplete' && due > 0) {
    finalizeInvoice(stripe, invoice, subscription.metadata);
    holdMethod(stripe, subscription);
  } else if (due === 0) {
    finalizeInvoice(stripe, invoice, subscription.metadata);
    payInvoice(stripe, invoice, undefined, { offSession: true, returnUrl: null });
    askForMethod(stripe, subscription);
  } else collect(stripe, subscription, invoice, params.off_session === true);
  settleStart(stripe, subscription);
  return subscription;
}

/** `default_incomplete` with a known method waits for its confirmation only. */
function holdMethod(stripe: StripeContext, subscription: Subscription): void {
  const method = chargeableMethod(stripe, subscription);
  const invoice = subscription.latest_invoice === null ? undefined : stripe.invoices.get(subscription.latest_invoice);
  const intent = invoice && intentFor(stripe, invoice);
  if (!method || !intent) return;
  stripe.paymentIntents.put({ ...intent, payment_method: method.id, status: 'requires_confirmation' });
}

/** A debit under way counts as paid for now, as at the real one. */
export function settleStart(stripe: StripeContext, subscription: Subscription): void {
  const invoice = subscription.latest_invoice === null ? undefined : stripe.invoices.get(subscription.latest_invoice);
  const isProcessing = invoice && intentFor(stripe, invoice)?.status === 'processing';
  if (subscription.status === 'incomplete' && isProcessing === true) subscription.status = 'active';
  if (subscription.status === 'incomplete') planIncompleteEnd(stripe, subscription);
  dropSpent(stripe, subscription);
  stripe.subscriptions.put(subscription);
  planPeriodEnd(stripe, subscription);
}

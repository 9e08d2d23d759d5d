import type { StripeContext } from '../context.ts';
import { minorDigits } from '../money.ts';
import { quantityUsed } from '../meters/usage.ts';
import type { InvoiceItem, Subscription, SubscriptionItem } from '../objects.ts';
import type { LineInput } from './compose-invoice.ts';
import { amountFor, isMetered } from './price-amount.ts';

const nameOf = (stripe: StripeContext, item: SubscriptionItem): string =>
  stripe.products.get(item.price.product)?.name ?? 'Subscription';

function priceText(item: SubscriptionItem): string {
  const { price } = item;
  const digits = minorDigits(price.currency);
  const unit = (Number(price.unit_amount_decimal ?? 0) / 10 ** digits).toFixed(digits);
  return `(at ${price.currency.toUpperCase()} ${unit} / ${price.recurring?.interval ?? 'month'})`;
}

function lineOf(
  item: SubscriptionItem,
  over: Pick<LineInput, 'quantity' | 'amount' | 'description' | 'period'>,
): LineInput {
  return {
    price: item.price,
    currency: item.price.currency,
    subscription: item.subscription,
    subscriptionItem: item.id,
    invoiceItem: null,
    proration: false,
    discountable: true,
    metadata: item.metadata,
    ...over,
  };
}

/** A licensed item is billed for the period ahead. */
function licensedLine(stripe: StripeContext, item: SubscriptionItem): LineInput {
  return lineOf(item, {
    quantity: item.quantity,
    amount: amountFor(item.price, item.quantity),
    description: `${item.quantity} × ${nameOf(stripe, item)} ${priceText(item)}`,
    period: { start: item.current_period_start, end: item.current_period_end },
  });
}

/** A metered item is billed for what was used in the period behind. */
export function meteredLine(
  stripe: StripeContext,
  subscription: Subscription,
  item: SubscriptionItem,
  period: { start: number; end: number },
): LineInput {
  const meter = item.price.recurring?.meter ?? '';
  const quantity = quantityUsed(stripe, { meter, customer: subscription.customer, ...period });
  return lineOf(item, {
    quantity,
    amount: amountFor(item.price, quantity),
    description: `${quantity} × ${nameOf(stripe, item)} ${priceText(item)}`,
    period,
  });
}

/** A trial is shown and costs nothing. */
export function trialLine(stripe: StripeContext, item: SubscriptionItem): LineInput {
  return lineOf(item, {
    quantity: isMetered(item.price) ? 0 : item.quantity,
    amount: 0,
    description: `Trial period for ${nameOf(stripe, item)}`,
    period: { start: item.current_period_start, end: item.current_period_end },
  });
}

/** The first invoice of a subscription: licensed items ahead, metered ones at zero. */
export function firstLines(stripe: StripeContext, subscription: Subscription): LineInput[] {
  return subscription.items.data.map((item) => {
    if (subscription.status === 'trialing') return trialLine(stripe, item);
    if (!isMetered(item.price)) return licensedLine(stripe, item);
    const now = item.current_period_start;
    return meteredLine(stripe, subscription, item, { start: now, end: now });
  });
}

/**
 * The lines of a cycle that starts now: `next` holds the new periods, `behind` the one that ended, by item id. Items
 * that were not there yet have no period behind.
 */
export function cycleLines(
  stripe: StripeContext,
  next: Subscription,
  behind: ReadonlyMap<string, { start: number; end: number }>,
): LineInput[] {
  return next.items.data.flatMap((item) => {
    if (!isMetered(item.price)) return [licensedLine(stripe, item)];
    const period = behind.get(item.id);
    return period ? [meteredLine(stripe, next, item, period)] : [];
  });
}

export function pendingItems(stripe: StripeContext, customer: string, subscription: string | null): InvoiceItem[] {
  return stripe.invoiceItems.findBy('customer', customer).filter((item) => {
    const own = item.parent?.subscription_details.subscription ?? null;
    return item.invoice === null && (own === subscription || own === null);
  });
}

export function itemLine(stripe: StripeContext, item: InvoiceItem): LineInput {
  const price = item.pricing.price_details === null ? undefined : stripe.prices.get(item.pricing.price_details.price);
  return {
    price: price ?? null,
    currency: item.currency,
    quantity: item.quantity,
    amount: item.amount,
    description: item.description,
    period: item.period,
    subscription: item.parent?.subscription_details.subscription ?? null,
    subscriptionItem: item.parent?.subscription_details.subscription_item ?? null,
    invoiceItem: item.id,
    proration: item.proration,
    discountable: item.discountable,
    metadata: item.metadata,
  };
}

export { nameOf as itemName };

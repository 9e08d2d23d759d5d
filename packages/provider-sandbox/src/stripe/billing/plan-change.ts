import { addInterval } from '../../core/duration.ts';
import type { StripeContext } from '../context.ts';
import { invalid, noSuch } from '../errors.ts';
import type { Price, Subscription, SubscriptionItem } from '../objects.ts';
import type { LineInput } from './compose-invoice.ts';
import { cycleLines, itemName, trialLine } from './cycle-lines.ts';
import { liveDiscounts } from './discounts-of.ts';
import { amountFor, isMetered } from './price-amount.ts';
import { currentEnd, newItem, periodEnd, setItemPrice } from './subscription-object.ts';

export interface ItemChange {
  id?: string | undefined;
  price?: string | undefined;
  quantity?: number | undefined;
  deleted?: boolean | undefined;
  metadata?: '' | Record<string, string> | undefined;
}

export interface Change {
  items?: readonly ItemChange[] | undefined;
  prorationBehavior: 'always_invoice' | 'create_prorations' | 'none';
  prorationDate?: number | undefined;
  resetsAnchor?: boolean | undefined;
  trialEnd?: number | 'now' | undefined;
}

/** What a change will do, worked out before anything is stored: previews show it, execution bills it. */
export interface ChangePlan {
  next: Subscription;
  prorations: LineInput[];
  /** The new cycle's lines when it starts now. */
  cycle: LineInput[];
  startsCycle: boolean;
  invoicesNow: boolean;
  prorationDate: number;
}

function changedItem(stripe: StripeContext, next: Subscription, change: ItemChange, at: number): void {
  const price = change.price === undefined ? undefined : stripe.prices.get(change.price);
  if (change.price !== undefined && !price) throw noSuch('price', change.price, `items[${at}][price]`, 400);
  checkPrice(next, price, at);
  const { data } = next.items;
  const item = data.find((candidate) => candidate.id === change.id);
  if (change.id !== undefined && !item) throw noSuch('subscription item', change.id, `items[${at}][id]`, 400);
  if (!item) return addItem(stripe, next, price, change, at);
  if (change.deleted === true) data.splice(data.indexOf(item), 1);
  if (change.quantity !== undefined) item.quantity = change.quantity;
  if (change.metadata !== undefined)
    item.metadata = change.metadata === '' ? {} : { ...item.metadata, ...change.metadata };
  if (price) setItemPrice(item, price);
}

function checkPrice(next: Subscription, price: Price | undefined, at: number): void {
  if (!price) return;
  if (!price.recurring) {
    throw invalid(
      `The price specified is set to \`type=one_time\` but this field only accepts prices with \`type=recurring\`.`,
      { param: `items[${at}][price]` },
    );
  }
  if (price.currency === next.currency) return;
  throw invalid(
    `The price specified only supports \`${price.currency}\`. This doesn't match the expected currency: \`${next.currency}\`.`,
    {
      param: `items[${at}][price]`,
    },
  );
}

function addItem(
  stripe: StripeContext,
  next: Subscription,
  price: Price | undefined,
  change: ItemChange,
  at: number,
): void {
  const param = `items[${at}][price]`;
  if (!price) throw invalid(`Missing required param: ${param}.`, { code: 'parameter_missing', param });
  if (next.items.data.some((item) => item.price.id === price.id)) {
    throw invalid(`A subscription item for this price already exists: ${price.id}. Pass its \`id\` to change it.`, {
      param,
    });
  }
  const item = newItem(stripe, {
    subscription: next.id,
    price,
    quantity: change.quantity ?? 1,
    start: stripe.now(),
    end: currentEnd(next),
  });
  next.items.data.push({ ...item, metadata: change.metadata === '' ? {} : (change.metadata ?? {}) });
}

/** Share of the item's period that is left, by the second. */
function shareLeft(item: SubscriptionItem, at: number): number {
  const { current_period_start: start, current_period_end: end } = item;
  return Math.min(1, Math.max(0, (end - at) / (end - start)));
}

const rounded = (value: number): number => Math.sign(value) * Math.round(Math.abs(value));

/** Percent discounts are inside prorations, as in flexible billing mode with `proration_discounts: included`. */
function keptShare(stripe: StripeContext, subscription: Subscription, at: number): number {
  return liveDiscounts(stripe, subscription.discounts, at).reduce((kept, discount) => {
    const percent = stripe.coupons.get(discount.source.coupon)?.percent_off ?? 0;
    return kept * (1 - percent / 100);
  }, 1);
}

const dayOf = (at: number): string => {
  const [year = '', month = '', day = ''] = new Date(at * 1000).toISOString().slice(0, 10).split('-');
  const names = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
  return `${day} ${names[Number(month) - 1] ?? ''} ${year}`;
};

function prorationLine(
  stripe: StripeContext,
  item: SubscriptionItem,
  input: { sign: 1 | -1; at: number; end: number; share: number; kept: number },
): LineInput {
  const text = input.sign < 0 ? 'Unused' : 'Remaining';
  const quantity = item.quantity === 1 ? '' : `${item.quantity} × `;
  const amount = rounded(input.sign * amountFor(item.price, item.quantity) * input.share * input.kept);
  return {
    price: item.price,
    currency: item.price.currency,
    quantity: item.quantity,
    amount: amount === 0 ? 0 : amount,
    description: `${text} time on ${quantity}${itemName(stripe, item)} after ${dayOf(input.at)}`,
    period: { start: input.at, end: input.end },
    subscription: item.subscription,
    subscriptionItem: item.id,
    invoiceItem: null,
    proration: true,
    discountable: false,
    metadata: item.metadata,
  };
}

function isSame(left: SubscriptionItem | undefined, right: SubscriptionItem | undefined): boolean {
  return left?.price.id === right?.price.id && left?.quantity === right?.quantity;
}

/** Credits for what was paid and is not used, then charges for what replaces it. */
function prorationsFor(
  stripe: StripeContext,
  before: Subscription,
  next: Subscription,
  input: { at: number; startsCycle: boolean },
): LineInput[] {
  const kept = keptShare(stripe, before, input.at);
  const lines: LineInput[] = [];
  for (const old of before.items.data) {
    const now = next.items.data.find((item) => item.id === old.id);
    if ((!input.startsCycle && isSame(old, now)) || isMetered(old.price)) continue;
    const share = shareLeft(old, input.at);
    lines.push(prorationLine(stripe, old, { sign: -1, at: input.at, end: old.current_period_end, share, kept }));
  }
  if (input.startsCycle) return lines;
  for (const item of next.items.data) {
    const old = before.items.data.find((candidate) => candidate.id === item.id);
    if (isSame(old, item) || isMetered(item.price)) continue;
    // A new item is billed for what is left of the period it joins.
    const base = old ?? { ...item, current_period_start: startBefore(item) };
    const share = shareLeft(base, input.at);
    lines.push(prorationLine(stripe, item, { sign: 1, at: input.at, end: item.current_period_end, share, kept }));
  }
  return lines;
}

/** One full period before the end the item joins at. */
function startBefore(item: SubscriptionItem): number {
  const { recurring } = item.price;
  if (!recurring) return item.current_period_start;
  return addInterval(item.current_period_end * 1000, recurring.interval, -recurring.interval_count) / 1000;
}

function changesInterval(before: Subscription, next: Subscription): boolean {
  const of = (subscription: Subscription): string[] =>
    subscription.items.data.map(
      ({ price }) => `${price.recurring?.interval ?? ''}/${price.recurring?.interval_count ?? 1}`,
    );
  const known = of(before);
  return of(next).some((interval) => !known.includes(interval));
}

/** All items start a period at `start`. */
export function startCycle(next: Subscription, start: number, anchor: number): void {
  next.billing_cycle_anchor = anchor;
  for (const item of next.items.data) {
    item.current_period_start = start;
    item.current_period_end = periodEnd(item.price, start, anchor);
  }
}

function applyTrial(next: Subscription, trialEnd: number | 'now' | undefined, now: number): boolean {
  if (trialEnd === undefined) return false;
  if (trialEnd === 'now' || trialEnd <= now) {
    const wasTrialing = next.status === 'trialing';
    next.trial_end = wasTrialing ? now : next.trial_end;
    next.status = wasTrialing ? 'active' : next.status;
    return wasTrialing;
  }
  Object.assign(next, { trial_end: trialEnd, trial_start: next.trial_start ?? now, status: 'trialing' });
  next.billing_cycle_anchor = trialEnd;
  for (const item of next.items.data) item.current_period_end = trialEnd;
  return false;
}

export function planChange(stripe: StripeContext, before: Subscription, change: Change): ChangePlan {
  const now = stripe.now();
  const at = change.prorationDate ?? now;
  if (at < Math.min(...before.items.data.map((item) => item.current_period_start)) || at > currentEnd(before)) {
    throw invalid('Cannot specify `proration_date` outside of the current period.', { param: 'proration_date' });
  }
  const next = structuredClone(before);
  change.items?.forEach((item, index) => changedItem(stripe, next, item, index));
  if (next.items.data.length === 0) {
    throw invalid('You cannot delete the last item of a subscription; cancel it instead.', { param: 'items' });
  }
  const endsTrial = applyTrial(next, change.trialEnd, now);
  const isTrialing = next.status === 'trialing';
  const startsCycle = !isTrialing && (endsTrial || change.resetsAnchor === true || changesInterval(before, next));
  const behind = new Map(
    before.items.data.map((item) => [item.id, { start: item.current_period_start, end: now }] as const),
  );
  if (startsCycle) startCycle(next, now, now);
  const cycle = startsCycle ? cycleLines(stripe, next, behind) : [];
  const prorates = change.prorationBehavior !== 'none' && before.status !== 'trialing' && !isTrialing;
  const prorations = prorates ? prorationsFor(stripe, before, next, { at, startsCycle }) : [];
  next.items['total_count'] = next.items.data.length;
  return {
    next,
    prorations,
    cycle: isTrialing && change.trialEnd !== undefined ? next.items.data.map((item) => trialLine(stripe, item)) : cycle,
    startsCycle,
    invoicesNow: startsCycle || (change.prorationBehavior === 'always_invoice' && prorations.length > 0),
    prorationDate: at,
  };
}

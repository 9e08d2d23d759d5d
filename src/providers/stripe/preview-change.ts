import type { Money } from '../../domain/money.ts';
import type { Budget } from '../http.ts';
import type { ChangePreview, ChangeSubscriptionInput } from '../port-subscriptions.ts';
import { isoFromUnix, unixFromIso } from '../wire-time.ts';
import { fromStripeAmount } from './amount.ts';
import { isNewInterval, itemOf, PRORATION, wishedItem } from './change-items.ts';
import type { StripeApi } from './client.ts';
import { invoiceLines } from './map-subscription.ts';
import { readWire } from './read-subscription.ts';
import { stripeInvoice, type StripeInvoice, type StripeSubscription } from './wire.ts';

/**
 * By `create_preview`, which computes tax, discounts and balance as the change would. The proration's moment, told by
 * the answer, makes the change itself the same sum.
 */
export async function previewChange(api: StripeApi, input: ChangeSubscriptionInput): Promise<ChangePreview> {
  const budget = api.budget();
  const subscription = await readWire(api, input.providerSubscriptionId, budget);
  const ask = (proration: (typeof PRORATION)[keyof typeof PRORATION]): Promise<StripeInvoice> =>
    preview(api, { subscription, input, proration, budget });
  if (input.when === 'period_end') {
    const next = await ask(PRORATION.none);
    const periodEnd = isoFromUnix(itemOf(subscription).current_period_end);
    return {
      lines: invoiceLines(next),
      dueNow: { amountMinor: 0, currency: next.currency.toUpperCase() },
      nextInvoice: dueOf(next),
      prorationAt: input.prorationAt ?? periodEnd ?? momentOf(next, input),
    };
  }
  const startsAnew = isNewInterval(subscription, input);
  if (startsAnew || input.proration === 'immediate') {
    const [now, next] = await Promise.all([ask(PRORATION[input.proration]), startsAnew ? null : ask(PRORATION.none)]);
    return {
      lines: invoiceLines(now),
      dueNow: dueOf(now),
      nextInvoice: next && dueOf(next),
      prorationAt: momentOf(now, input),
    };
  }
  const next = await ask(PRORATION[input.proration]);
  return {
    lines: invoiceLines(next),
    dueNow: { amountMinor: 0, currency: next.currency.toUpperCase() },
    nextInvoice: dueOf(next),
    prorationAt: momentOf(next, input),
  };
}

async function preview(
  api: StripeApi,
  {
    subscription,
    input,
    proration,
    budget,
  }: {
    readonly subscription: StripeSubscription;
    readonly input: ChangeSubscriptionInput;
    readonly proration: string;
    readonly budget: Budget;
  },
): Promise<StripeInvoice> {
  return api.call({
    operation: 'subscriptions.preview',
    reply: stripeInvoice,
    budget,
    send: (stripe, options) =>
      stripe.invoices.createPreview(
        {
          subscription: subscription.id,
          subscription_details: {
            items: [{ id: itemOf(subscription).id, ...wishedItem(subscription, input) }],
            proration_behavior: proration,
            ...(input.prorationAt === null || proration === PRORATION.none || input.when === 'period_end'
              ? {}
              : { proration_date: unixFromIso(input.prorationAt) }),
          },
        },
        options,
      ),
  });
}

/** A negative total becomes the customer's credit; a positive one may be lessened by it. */
function dueOf(invoice: StripeInvoice): Money {
  return fromStripeAmount(invoice.total < 0 ? invoice.total : (invoice.amount_due ?? invoice.total), invoice.currency);
}

function momentOf(invoice: StripeInvoice, input: ChangeSubscriptionInput): string {
  if (input.prorationAt !== null) return input.prorationAt;
  const told = invoice.parent?.subscription_details?.subscription_proration_date;
  return isoFromUnix(told ?? invoice.created) ?? new Date().toISOString();
}

import { z } from 'zod';
import { until, type ProviderView, type Shop } from './shop.ts';

export interface Customer {
  readonly provider: ProviderView;
  readonly organizationId: string;
  readonly currency: string;
  readonly subscriptionId: string;
  readonly providerSubscriptionId: string;
}

const paymentRow = z.object({
  provider_payment_id: z.string(),
  invoice_id: z.string().nullable(),
  amount_minor: z.number(),
  refunded_minor: z.number(),
  currency: z.string(),
});
export type PaymentRow = z.output<typeof paymentRow>;

const planView = z.object({
  prices: z.array(z.object({ billing_interval: z.string().nullable(), currency: z.string() })),
  provider_ids: z.record(z.string(), z.record(z.string(), z.string())),
});
const checkoutView = z.object({ checkout_id: z.string(), checkout_url: z.string(), status: z.string() });
const checkoutDetail = checkoutView.extend({ subscription_id: z.string().nullable() });
const subscriptionView = z.object({ status: z.string(), provider_subscription_id: z.string().nullable() });

/**
 * A new customer of `pro`, whom routing is told to send to this provider.
 *
 * @returns null: a trial is wished, and the provider has none.
 */
export async function signUp(shop: Shop, provider: ProviderView, trialDays: number | null): Promise<Customer | null> {
  const { body: plan } = await shop.api(planView, 'GET', '/billing/plans/pro');
  const pushed = Object.keys(plan?.provider_ids[provider.id] ?? {});
  const currency = plan?.prices.find((price) => pushed.includes(`monthly_${price.currency}`))?.currency;
  if (currency === undefined) throw new Error(`the plan pro was not pushed to ${provider.id}`);
  const organizationId = `org_week_${provider.id}_${crypto.randomUUID().slice(0, 8)}`;
  const wish = {
    ...{ organization_id: organizationId, provider: provider.id, product_id: 'pro', billing_interval: 'monthly' },
    ...{ currency, country: currency === 'MXN' ? 'MX' : 'US', email: `${organizationId}@example.com` },
    ...{ name: 'Ada Byron', phone: '+525512345678' },
  };
  const opened = await shop.api(checkoutView, 'POST', '/billing/checkout', { ...wish, trial_days: trialDays });
  if (opened.body === null && trialDays !== null && opened.why.includes('no_provider_available')) return null;
  if (opened.body === null) throw new Error(opened.why);
  const id = opened.body.checkout_id;
  await fetch(opened.body.checkout_url); // a mere link becomes a sale when somebody opens it
  await shop.sandbox('POST', `checkouts/${provider.id}/${id}/complete`, { outcome: 'paid' });
  const subscriptionId = await until(`${provider.id}: ${id} to be paid`, async () => {
    const { body } = await shop.api(checkoutDetail, 'GET', `/billing/checkouts/${id}`);
    return body?.status === 'paid' ? body.subscription_id : null;
  });
  const { provider_subscription_id: theirs } = await subscriptionOf(shop, subscriptionId);
  const providerSubscriptionId = theirs ?? '';
  return { provider, organizationId, currency, subscriptionId, providerSubscriptionId };
}

async function subscriptionOf(shop: Shop, subscriptionId: string): Promise<z.output<typeof subscriptionView>> {
  const { body, why } = await shop.api(subscriptionView, 'GET', `/billing/subscriptions/${subscriptionId}`);
  if (body === null) throw new Error(why);
  return body;
}

/** Our rows of what the customer paid, oldest first. */
export function paymentsOf(shop: Shop, customer: Customer): Promise<readonly PaymentRow[]> {
  return shop.rows(
    paymentRow,
    `select provider_payment_id, invoice_id, amount_minor::int, refunded_minor::int, currency
     from payments where organization_id = $1 and status = 'succeeded' order by paid_at, created_at`,
    [customer.organizationId],
  );
}

export function untilStatus(shop: Shop, customer: Customer, wanted: readonly string[]): Promise<string> {
  return until(`${customer.provider.id}: ${customer.subscriptionId} to be ${wanted.join(' or ')}`, async () => {
    const { status } = await subscriptionOf(shop, customer.subscriptionId);
    return wanted.includes(status) ? status : null;
  });
}

export function untilPaid(shop: Shop, customer: Customer, count: number): Promise<readonly PaymentRow[]> {
  return until(`${customer.provider.id}: ${count} payments of ${customer.organizationId}`, async () => {
    const rows = await paymentsOf(shop, customer);
    return rows.length >= count ? rows : null;
  });
}

/** Whether the organization has what it pays for, and why, as an app asks. */
export async function accessOf(shop: Shop, customer: Customer): Promise<string> {
  const { body, why } = await shop.api(
    z.object({ allowed: z.boolean(), reason: z.string() }),
    'GET',
    `/billing/access?organization_id=${customer.organizationId}&plan=pro`,
  );
  if (body === null) throw new Error(why);
  return `${body.allowed ? 'may' : 'may not'} use pro (${body.reason})`;
}

/** What the API tells of the subscription's life, oldest first. */
export async function storyOf(shop: Shop, customer: Customer): Promise<readonly string[]> {
  const { body, why } = await shop.api(
    z.object({ timeline: z.array(z.object({ what: z.string() })) }),
    'GET',
    `/billing/subscriptions/${customer.subscriptionId}`,
  );
  if (body === null) throw new Error(why);
  return body.timeline.map(({ what }) => what);
}

import { z } from 'zod';
import type { Target } from '../../bench/stack/target.ts';
import { disputeSweepId } from '../../src/workflows/messages.ts';
import {
  accessOf,
  paymentsOf,
  signUp,
  storyOf,
  untilPaid,
  untilStatus,
  type Customer,
  type PaymentRow,
} from './customer.ts';
import { compareLedgers, type LedgerLine } from './ledger.ts';
import { openShop, providerView, until, type ProviderView, type Shop } from './shop.ts';

/** Everything a day says, in order. */
export interface Teller {
  day(title: string): void;
  tell(provider: string, what: string): void;
}

export interface ProviderBook {
  readonly provider: string;
  readonly lines: readonly LedgerLine[];
}

/**
 * Seven days in the life of one subscription at every provider at once, for they share the sandbox's clock: sign-up,
 * end of the trial, renewal, decline, recovery, refund and dispute, cancellation.
 *
 * @returns both books of each, which must agree to the minor unit.
 */
export async function playWeek(target: Target, teller: Teller): Promise<readonly ProviderBook[]> {
  const shop = openShop(target);
  try {
    const { body, why } = await shop.api(z.object({ data: z.array(providerView) }), 'GET', '/ops/providers');
    if (body === null) throw new Error(why);
    const providers = body.data.filter((one) => one.configured && one.operations.includes('subscriptions.get'));
    const customers = await signUpAll(shop, providers, teller);
    for (const day of days) {
      teller.day(day.title);
      if (day.advance !== null) await shop.sandbox('POST', 'clock', { advance: day.advance });
      for (const customer of customers) teller.tell(customer.provider.id, await day.play(shop, customer));
    }
    return await Promise.all(
      customers.map(async (customer) => ({
        ...{ provider: customer.provider.id, lines: await compareLedgers(shop, customer) },
      })),
    );
  } finally {
    await shop.close();
  }
}

/** Whoever has a trial tries it first, so that all first charges fall on about the same day. */
async function signUpAll(shop: Shop, providers: readonly ProviderView[], teller: Teller): Promise<readonly Customer[]> {
  const customers = new Map<string, Customer>();
  teller.day('Monday: somebody signs up for a trial of a week');
  for (const provider of providers) {
    const customer = await signUp(shop, provider, 7);
    if (customer) customers.set(provider.id, customer);
    teller.tell(provider.id, customer ? `${customer.subscriptionId}, nothing paid` : 'has no trials');
  }
  teller.day('Tuesday, eight days later: the trial is over, and those without one sign up');
  await shop.sandbox('POST', 'clock', { advance: 'P8D' });
  for (const provider of providers) {
    const customer = customers.get(provider.id) ?? (await signUp(shop, provider, null));
    if (!customer) throw new Error(`nobody signed up at ${provider.id}`);
    customers.set(provider.id, customer);
    await untilStatus(shop, customer, ['active']);
    const [first] = await untilPaid(shop, customer, 1);
    teller.tell(provider.id, `active, ${told(first)} paid`);
  }
  return providers.flatMap(({ id }) => customers.get(id) ?? []);
}

interface Day {
  readonly title: string;
  /** How far the providers' time moves first. */
  readonly advance: string | null;
  play(shop: Shop, customer: Customer): Promise<string>;
}

const of = (customer: Customer) =>
  `subscriptions/${customer.provider.id}/${encodeURIComponent(customer.providerSubscriptionId)}`;

const days: readonly Day[] = [
  {
    title: 'Wednesday, a month later: it renews',
    advance: 'P1M',
    async play(shop, customer) {
      const payments = await untilPaid(shop, customer, 2);
      await shop.sandbox('POST', `${of(customer)}/card`, { number: '4000000000000341' });
      return `${payments.length} payments; the bank closes the card`;
    },
  },
  {
    title: 'Thursday, a month later: the card is declined',
    advance: 'P1M',
    async play(shop, customer) {
      const status = await untilStatus(shop, customer, ['past_due']);
      return `${status}; ${await accessOf(shop, customer)}`;
    },
  },
  {
    title: 'Friday: a new card recovers it',
    advance: null,
    async play(shop, customer) {
      const before = (await paymentsOf(shop, customer)).length;
      await giveNewCard(shop, customer);
      // Refused where the provider collects by itself as soon as the card is good.
      await shop.sandbox('POST', `${of(customer)}/retry`, {}).catch(() => undefined);
      await untilStatus(shop, customer, ['active']);
      const payments = await untilPaid(shop, customer, before + 1);
      return `active again, ${told(payments.at(-1))} paid; ${await accessOf(shop, customer)}`;
    },
  },
  {
    title: 'Saturday: money goes back, and a payment is disputed',
    advance: null,
    play: giveBack,
  },
  {
    title: 'Sunday: goodbye',
    advance: null,
    async play(shop, customer) {
      const path = `/billing/subscriptions/${customer.subscriptionId}/cancel?cancel_immediately=true`;
      const { why } = await shop.api(z.object({ status: z.string() }), 'POST', path, { reason: 'customer_service' });
      if (why !== null) throw new Error(why);
      const status = await untilStatus(shop, customer, ['canceled', 'expired']);
      return `${status}; ${await accessOf(shop, customer)}; ${(await storyOf(shop, customer)).join(' → ')}`;
    },
  },
];

/** Through the API where the provider takes tokens, else as the customer would on the provider's own page. */
async function giveNewCard(shop: Shop, customer: Customer): Promise<void> {
  const { provider, organizationId } = customer;
  const number = '4242424242424242';
  if (!provider.operations.includes('paymentMethods.attach')) {
    await shop.sandbox('POST', `${of(customer)}/card`, { number });
    return;
  }
  const { token } = z
    .object({ token: z.string() })
    .parse(await shop.sandbox('POST', `tokens/${provider.id}`, { number }));
  const body = { organization_id: organizationId, provider: provider.id, token, set_as_default: true };
  const { why } = await shop.api(z.object({ id: z.string() }), 'POST', '/billing/payment-methods', body);
  if (why !== null) throw new Error(why);
}

/** Through the API where the provider lets us refund, else by its own hand. */
async function payBack(shop: Shop, customer: Customer, payment: PaymentRow, amountMinor: number): Promise<void> {
  const { provider } = customer;
  if (!provider.operations.includes('refunds.create')) {
    const id = encodeURIComponent(payment.provider_payment_id);
    await shop.sandbox('POST', `payments/${provider.id}/${id}/refund`, { amount_minor: amountMinor });
    return;
  }
  const body = { invoice_id: payment.invoice_id, amount_minor: amountMinor, reason: 'requested_by_customer' };
  const { why } = await shop.api(z.object({ id: z.string() }), 'POST', '/billing/refunds', body);
  if (why !== null) throw new Error(why);
}

async function giveBack(shop: Shop, customer: Customer): Promise<string> {
  const { provider } = customer;
  const payments = await paymentsOf(shop, customer);
  const [first, last] = [payments[0], payments.at(-1)];
  if (!first || !last) throw new Error('nobody paid');
  // Where refunds cannot be read one by one, only a whole one shows on the payment.
  const back = provider.operations.includes('refunds.list') ? Math.floor(last.amount_minor / 2) : last.amount_minor;
  const path = (id: string) => `payments/${provider.id}/${encodeURIComponent(id)}`;
  await payBack(shop, customer, last, back);
  await until(`${provider.id}: the refund in our rows`, async () => {
    const rows = await paymentsOf(shop, customer);
    return rows.some((row) => row.refunded_minor > 0) ? rows : null;
  });
  if (!provider.operations.includes('disputes.get')) return `${back} minor units back; its disputes cannot be read`;
  await shop.sandbox('POST', `${path(first.provider_payment_id)}/dispute`, { reason: 'fraudulent' });
  await shop.runSchedule(disputeSweepId(provider.id)); // some tell no webhook of it: the next look is every 15 minutes
  await until(`${provider.id}: the dispute in our rows`, async () => {
    const sql = 'select id from disputes where organization_id = $1';
    const rows = await shop.rows(z.object({ id: z.string() }), sql, [customer.organizationId]);
    return rows.length > 0 ? rows : null;
  });
  return `${back} minor units back, ${told(first)} disputed`;
}

function told(payment: { readonly amount_minor: number; readonly currency: string } | undefined): string {
  return payment ? `${payment.amount_minor} ${payment.currency} minor units` : 'nothing';
}

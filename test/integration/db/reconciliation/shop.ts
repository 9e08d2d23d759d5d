import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { MikroORM } from '@mikro-orm/postgresql';
import { z } from 'zod';
import { applyCheckoutTruth } from '../../../../src/activities/apply-checkout-truth.ts';
import { createCompareOurs } from '../../../../src/activities/compare-ours.ts';
import { asFarAsPossible } from '../../../../src/activities/compare-parallel.ts';
import { createCompareTheirs } from '../../../../src/activities/compare-theirs.ts';
import type { ActivityDeps } from '../../../../src/activities/deps.ts';
import { readInvoiceLines } from '../../../../src/activities/read-invoice-lines.ts';
import { readMoneyBack } from '../../../../src/activities/read-money-back.ts';
import { CheckoutEntity, type Checkout } from '../../../../src/db/entities/checkout.ts';
import { newId } from '../../../../src/db/new-id.ts';
import { openOrm } from '../../../../src/db/orm.ts';
import type { CheckoutMode } from '../../../../src/domain/catalogue.ts';
import { abilitiesOf, createAccounts, operationsOf } from '../../../../src/providers/accounts.ts';
import type { CreateCheckoutInput, ProviderAccount, ProviderPrice } from '../../../../src/providers/port.ts';
import { healthy } from '../../../support/healthy.ts';
import { createDatabase } from '../../../support/servers/postgres.ts';
import { fakeProviders } from '../../api/fake-providers.ts';

/** A sale that both sides agree on. */
export interface Sold {
  readonly provider: string;
  readonly checkoutId: string;
  readonly organizationId: string;
  readonly mode: 'payment' | 'subscription';
  readonly isRefunded: boolean;
}

export type Shop = Awaited<ReturnType<typeof openShop>>;

/** Beyond this, selling in parallel only waits for the one process that plays all providers. */
const atOnce = 6;

/**
 * A project with real accounts at the providers that a sandbox plays over HTTP, and a database of its own: sales are
 * made and recorded by the adapters and by the code that records every truth.
 */
export async function openShop() {
  const [database, sandbox] = await Promise.all([createDatabase(), startProviders()]);
  const orm = await openOrm(database.url, { poolSize: 16 });
  const env = Object.fromEntries(
    Object.entries(sandbox.config).flatMap(([provider, keys]) =>
      Object.entries(keys).map(([key, value]) => [`${provider.toUpperCase()}_${key.toUpperCase()}`, value]),
    ),
  );
  const { accounts, faults } = createAccounts(env, () => ({ timeoutMs: 20_000 }));
  if (accounts.size === 0) throw new Error(`no accounts: ${JSON.stringify(faults)}`);
  const account = (provider: string): ProviderAccount => {
    const found = accounts.get(provider);
    if (!found) throw new Error(`no account at ${provider}`);
    return found;
  };
  const failing = createFailing();
  const providers = {
    ...fakeProviders(),
    account: async (_p: string, _l: boolean, id: string) => failing.within(id, account(id)),
  };
  const deps: ActivityDeps = {
    ...{ orm, providers, background: providers, health: healthy, keyRing: null, lookGapsMs: [], maxCallsInFlight: 40 },
    reconciliationGraceMs: 0,
  };
  const query = <Row extends Record<string, unknown>>(sql: string, params: unknown[] = []): Promise<Row[]> =>
    orm.em.fork().execute(sql, params);
  const run = async (sql: string, params: unknown[] = []) => void (await orm.em.fork().execute(sql, params, 'run'));
  await run(`insert into projects (id, name, default_currency, routing_policy) values ('p', 'Shop', 'USD', 'x')`);
  const complete = completer(sandbox.url, sandbox.adminToken);
  const prices = await pushPrices(run, accounts);
  const counter = { sales: 0 };
  const inputFor = (sold: Omit<Sold, 'isRefunded'>): CreateCheckoutInput =>
    checkoutInput(sold, prices.get(`${sold.provider}/${sold.mode}`) ?? null);

  async function pay(provider: string, input: CreateCheckoutInput) {
    const { client } = account(provider);
    const session = await client.checkouts.create(input);
    if (session.outcome !== 'opened') throw new Error(`not opened at ${provider}`);
    // What only the page's address says is known to some providers once it was opened.
    if (!operationsOf(provider).includes('refunds.create')) await (await fetch(session.url)).text();
    await complete(provider, session.providerCheckoutId);
    return { ...session, truth: await client.checkouts.get(session.providerCheckoutId) };
  }

  /** Paid there, and nobody has told us. */
  async function sellUnrecorded(provider: string, mode: Sold['mode']) {
    counter.sales += 1;
    const sold = { provider, mode, checkoutId: newId('chk'), organizationId: `org_${counter.sales}` };
    await run(`insert into organizations (project_id, live, id) values ('p', false, ?)`, [sold.organizationId]);
    const input = inputFor(sold);
    const { providerCheckoutId } = await pay(provider, input);
    await run(checkoutSql, checkoutRow(sold, providerCheckoutId, input.line?.unitAmount ?? null));
    return { ...sold, providerCheckoutId };
  }

  const recordNow = (sold: { readonly provider: string; readonly checkoutId: string }) =>
    record(orm, account(sold.provider), sold);

  async function sell(provider: string, mode: Sold['mode'], isRefunded = false): Promise<Sold> {
    const sold = await sellUnrecorded(provider, mode);
    await recordNow(sold);
    if (isRefunded) {
      await refund(query, account(provider), sold);
      await recordNow(sold);
    }
    return { ...sold, isRefunded };
  }

  return {
    ...{ orm, query, run, sell, sellUnrecorded, recordNow, failEvery: failing.every.bind(failing), pay, inputFor },
    activities: { compareTheirs: createCompareTheirs(deps), compareOurs: createCompareOurs(deps) },
    sellMany: (wanted: readonly Parameters<typeof sell>[]) => sellAll(wanted, (each) => sell(...each)),
    async close() {
      await orm.close();
      await Promise.all([sandbox.stop(), database.drop()]);
    },
  };
}

/** Makes some operations of a provider fail before they are sent. */
function createFailing() {
  const plans = new Map<string, { readonly nth: number; readonly error: () => Error; calls: number; failed: number }>();
  const guarded = (provider: string, group: object): object =>
    Object.fromEntries(
      Object.entries(group).map(([name, value]: [string, unknown]) => [
        name,
        typeof value !== 'function'
          ? value
          : async (...input: unknown[]): Promise<unknown> => {
              const plan = plans.get(provider);
              if (plan) {
                plan.calls += 1;
                if (plan.calls % plan.nth === 0) {
                  plan.failed += 1;
                  throw plan.error();
                }
              }
              return Reflect.apply(value, group, input);
            },
      ]),
    );
  return {
    within(provider: string, account: ProviderAccount): ProviderAccount {
      const groups = Object.entries(account.client).map(([name, group]: [string, object]) => [
        name,
        guarded(provider, group),
      ]);
      return { ...account, client: { ...account.client, ...Object.fromEntries(groups) } };
    },
    /** @returns `stop` ends it, and tells how often it struck. */
    every(provider: string, nth: number, error: () => Error) {
      const plan = { nth, error, calls: 0, failed: 0 };
      plans.set(provider, plan);
      return { stop: () => (plans.delete(provider), plan.failed) };
    },
  };
}

const started = z.object({
  ...{ url: z.string(), adminToken: z.string() },
  config: z.record(z.string(), z.record(z.string(), z.coerce.string())),
});

async function startProviders() {
  const worker = new Worker(new URL('./sandbox-worker.ts', import.meta.url));
  const [message] = await once(worker, 'message');
  return { ...started.parse(message), stop: () => worker.terminate() };
}

async function sellAll<T>(wanted: readonly T[], sell: (each: T) => Promise<Sold>): Promise<readonly Sold[]> {
  const { done, failure } = await asFarAsPossible(wanted, atOnce, sell);
  if (failure !== null) throw failure;
  // As they were asked for: which is done first is chance, and what is drawn by a seed is not.
  return done.toSorted((a, b) => Number(a.organizationId.slice(4)) - Number(b.organizationId.slice(4)));
}

async function record(orm: MikroORM, { client }: ProviderAccount, sold: { checkoutId: string; provider: string }) {
  const em = orm.em.fork();
  const row: Checkout = await em.findOneOrFail(CheckoutEntity, { id: sold.checkoutId });
  const read = await client.checkouts.get(row.providerCheckoutId ?? '');
  if (read?.state !== 'paid') throw new Error(`${sold.checkoutId} is ${read?.state ?? 'gone'} at ${sold.provider}`);
  const owner = { projectId: 'p', live: false, provider: sold.provider };
  const [invoice = null] = await readInvoiceLines(em.fork(), client, owner, read.invoice ? [read.invoice] : []);
  const back = await readMoneyBack(em.fork(), client, owner, read.payment ? [read.payment] : [], []);
  await applyCheckoutTruth(em.fork(), row, { ...read, invoice }, { back });
}

async function refund(
  query: <Row extends Record<string, unknown>>(sql: string, params: unknown[]) => Promise<Row[]>,
  account: ProviderAccount,
  sold: { checkoutId: string },
) {
  const [payment] = await query<{
    provider_payment_id: string;
    amount_minor: string;
    currency: string;
    provider_invoice_id: string | null;
  }>(
    `select payments.provider_payment_id, payments.amount_minor, payments.currency, invoices.provider_invoice_id
       from payments left join invoices on invoices.id = payments.invoice_id where payments.checkout_id = ?`,
    [sold.checkoutId],
  );
  const { refunds } = account.client;
  if (!payment || !refunds) throw new Error('nothing to refund');
  const made = await refunds.create({
    refundId: newId('re'),
    providerPaymentId: payment.provider_payment_id,
    providerInvoiceId: payment.provider_invoice_id,
    // All of it: no provider works out a share of it differently.
    amount: { amountMinor: Number(payment.amount_minor), currency: payment.currency },
    refundedMinor: 0,
    reason: 'requested_by_customer',
    idempotencyKey: newId('key'),
  });
  if (made.outcome !== 'succeeded' && made.outcome !== 'pending') throw new Error(`not refunded: ${made.outcome}`);
}

function completer(url: string, token: string) {
  return async (provider: string, id: string): Promise<void> => {
    const reply = await fetch(`${url}/_sandbox/checkouts/${provider}/${encodeURIComponent(id)}/complete`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ outcome: 'paid', card: '4242424242424242' }),
    });
    if (!reply.ok) throw new Error(`not paid: ${reply.status} ${await reply.text()}`);
    await reply.text();
  };
}

async function pushPrices(
  run: (sql: string, params?: unknown[]) => Promise<void>,
  accounts: ReadonlyMap<string, ProviderAccount>,
) {
  const prices = new Map<string, ProviderPrice>();
  for (const mode of ['payment', 'subscription'] as const) {
    const kind = mode === 'payment' ? 'one_time' : 'subscription';
    await run(`insert into plans (id, key, name, kind, sort_order, project_id) values (?, ?, 'Plan', ?, 1, 'p')`, [
      `plan_${mode}`,
      mode,
      kind,
    ]);
    for (const [provider, { client }] of accounts) {
      const amount = priceAt(provider);
      const priceId = `price_${mode}_${amount.currency}`;
      await run(
        `insert into prices (id, plan_id, billing_interval, amount_minor, currency, project_id) values (?, ?, ?, ?, ?, 'p')
         on conflict do nothing`,
        [priceId, `plan_${mode}`, mode === 'payment' ? null : 'monthly', amount.amountMinor, amount.currency],
      );
      if (!abilitiesOf(provider).needsProviderPrice.includes(mode)) continue;
      const pushed = await client.catalog?.ensurePrice({
        ...{ planId: `plan_${mode}`, planKey: mode, name: 'Plan', description: 'One', digital: true, priceId },
        ...{ unitAmount: amount, billingInterval: mode === 'payment' ? null : 'monthly', trialDays: null },
        idempotencyKey: newId('key'),
      });
      if (!pushed) continue;
      prices.set(`${provider}/${mode}`, pushed);
      await run(
        `insert into provider_prices (price_id, provider, provider_product_id, provider_price_id, project_id, live)
         values (?, ?, ?, ?, 'p', false)`,
        [priceId, provider, pushed.providerProductId, pushed.providerPriceId],
      );
    }
  }
  return prices;
}

function priceAt(provider: string) {
  const { currencies } = abilitiesOf(provider);
  return { amountMinor: 49900, currency: 'only' in currencies ? (currencies.only[0] ?? 'USD') : 'USD' };
}

function checkoutInput(sold: Omit<Sold, 'isRefunded'>, providerPrice: ProviderPrice | null): CreateCheckoutInput {
  const { checkoutId, organizationId, provider } = sold;
  const mode: CheckoutMode = sold.mode;
  return {
    ...{ checkoutId, mode, paymentMethods: ['card'], voucherExpiresAt: null, discountCode: null, trialDays: null },
    ...{ locale: null, embedOrigin: null, successUrl: 'https://app.example/ok', cancelUrl: 'https://app.example/no' },
    line: {
      ...{ name: 'Plan', description: 'One', unitAmount: priceAt(provider), quantity: 1, digital: true, providerPrice },
      billingInterval: mode === 'subscription' ? 'monthly' : null,
    },
    customer: {
      ...{ organizationId, providerCustomerId: null, email: `${organizationId}@example.com`, name: 'Ada Example' },
      ...{ phone: '+525555555555', address: null },
    },
    metadata: { checkout_id: checkoutId, organization_id: organizationId, project_id: 'p' },
    idempotencyKey: newId('key'),
  };
}

const checkoutSql = `insert into checkouts (id, project_id, live, organization_id, mode, country_source, success_url,
    cancel_url, routing, status, quantity, checkout_url, plan_id, price_id, billing_interval, provider,
    provider_checkout_id, amount_minor, currency)
  values (?, 'p', false, ?, ?, 'none', 'https://s', 'https://c', ?::jsonb, 'open', 1, 'https://pay.example', ?, ?, ?, ?, ?, ?, ?)`;

function checkoutRow(
  sold: Omit<Sold, 'isRefunded'>,
  providerCheckoutId: string,
  price: { amountMinor: number; currency: string } | null,
) {
  const { checkoutId, organizationId, mode, provider } = sold;
  const currency = price?.currency ?? 'USD';
  const routing = JSON.stringify({
    ...{
      rule: 'x',
      policy: 'x',
      policy_version: 1,
      country: 'US',
      country_source: 'request',
      fallbacks: [],
      bucket: 1,
    },
    ...{ skipped: [], considered: [], provider },
  });
  return [
    ...[checkoutId, organizationId, mode, routing, `plan_${mode}`, `price_${mode}_${currency}`],
    ...[mode === 'payment' ? null : 'monthly', provider, providerCheckoutId, price?.amountMinor ?? 0, currency],
  ];
}

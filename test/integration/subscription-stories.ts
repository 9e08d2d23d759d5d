import type { System } from './support.ts';

/** A subscription as the API shows it; only what stories read. */
export interface SubscriptionView {
  readonly id: string;
  readonly organization_id: string;
  readonly status: string;
  readonly collection: string;
  readonly provider: string;
  readonly provider_subscription_id: string;
  readonly entitled: boolean;
  readonly current_period_end: string | null;
  readonly trial_end: string | null;
  readonly grace_ends_at: string | null;
  readonly resumes_at: string | null;
  readonly next_action: { readonly kind: string; readonly by: string; readonly at: string | null } | null;
  readonly timeline: readonly { readonly what: string; readonly detail: string | null }[];
}

/** Buys `pro` by the month where the provider can do everything. */
export async function bought(at: System, wish: object, extra: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const view = await at.open({ country: 'RU', product_id: 'pro', billing_interval: 'monthly', ...wish });
  await at.complete(view, 'paid', extra);
  for (let tries = 0; ; tries += 1) {
    const { subscription_id: id } = await at.checkout(view.checkout_id);
    if (id !== null) return id;
    if (tries > 300) throw new Error(`${view.checkout_id} gave birth to nothing`);
    await patience();
  }
}

export async function read(at: System, id: string): Promise<SubscriptionView> {
  return (await at.api('GET', `/billing/subscriptions/${id}`)).body as SubscriptionView;
}

/** Waits until the app has been told of all of these, in any order. */
export async function told(at: System, id: string, ...events: readonly string[]): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    const { rows } = await at.db.query<{ type: string }>('select type from outbound_events where object_id = $1', [id]);
    const missing = events.filter((event) => !rows.some(({ type }) => type === `subscription.${event}`));
    if (missing.length === 0) return;
    if (tries > 600) throw new Error(`${id} never told ${missing.join(', ')}; it told ${JSON.stringify(rows)}`);
    await patience();
  }
}

/** A trial that ends tomorrow is told of at once, and turns into a paid month. */
export async function trialToActive(at: System): Promise<string> {
  const id = await bought(at, { trial_days: 1 });
  await told(at, id, 'created', 'trial_ending');
  await at.advance('P2D');
  await told(at, id, 'activated');
  return id;
}

/** A renewal that the bank refuses, and a reminder. */
export async function late(at: System): Promise<string> {
  const id = await bought(at, {}, { card: '4000000000000341' });
  await at.advance('P1M1D');
  await told(at, id, 'past_due', 'payment_reminder');
  return id;
}

/** Paid with another card in the grace. */
export async function lateThenRecovered(at: System): Promise<string> {
  const id = await late(at);
  const { provider, provider_subscription_id: theirs } = await read(at, id);
  await at.operator(provider, 'card', theirs, { number: '4242424242424242' });
  await at.operator(provider, 'retry', theirs);
  await told(at, id, 'recovered');
  return id;
}

/** Ended at once by whoever runs the app. */
export async function canceledNow(at: System): Promise<string> {
  const id = await bought(at, {});
  await ask(at, 'POST', `/billing/subscriptions/${id}/cancel?cancel_immediately=true`, {});
  await told(at, id, 'canceled');
  return id;
}

/** Paused for a month, then it goes on by itself. */
export async function paused(at: System): Promise<string> {
  const id = await bought(at, {});
  await ask(at, 'POST', `/billing/subscriptions/${id}/pause`, { resumes_at: inDays(30) });
  await told(at, id, 'paused');
  return id;
}

/** Never begun: the stored card is refused when it is charged. */
export async function declinedAtOnce(at: System): Promise<string> {
  const organization = await anOrganization(at);
  const token = await at.token('stripe', '4000000000000341');
  const method = { organization_id: organization, provider: 'stripe', set_as_default: true, token };
  await ask(at, 'POST', '/billing/payment-methods', method);
  const wish = { organization_id: organization, plan_id: 'pro', billing_interval: 'monthly', currency: 'USD' };
  const answer = await at.api('POST', '/billing/subscriptions', wish);
  if (answer.status !== 422) throw new Error(`it answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  const list = await ask(at, 'GET', `/billing/subscriptions?organization_id=${organization}`);
  const { data } = list as { readonly data: readonly SubscriptionView[] };
  return data[0]?.id ?? 'none';
}

/** To be paid in cash: its first voucher is out. */
export async function voucherIssued(at: System): Promise<string> {
  const wish = { plan_id: 'pro', billing_interval: 'monthly', currency: 'MXN', country: 'MX' };
  const begun = await ask(at, 'POST', '/billing/subscriptions', {
    ...{ organization_id: await anOrganization(at), ...wish, collection_method: 'voucher', voucher_method: 'oxxo' },
  });
  const { id } = begun as SubscriptionView;
  await told(at, id, 'voucher_issued');
  return id;
}

/** Somebody pays its voucher at a shop, once it is out. */
export async function payVoucher(at: System, id: string): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    const { rows } = await at.db.query<{ provider: string; voucher: string }>(
      `select provider, provider_object_id as voucher from invoices
       where subscription_id = $1 and status = 'open' and provider_object_id is not null`,
      [id],
    );
    const [open] = rows;
    if (open) return at.complete({ provider: open.provider, checkout_id: open.voucher }, 'voucher_paid');
    if (tries > 300) throw new Error(`${id} has no voucher out`);
    await patience();
  }
}

/** @throws when the API refuses. */
export async function ask(at: System, method: string, path: string, body?: object): Promise<unknown> {
  const answer = await at.api(method, path, body);
  if (answer.status < 300) return answer.body;
  throw new Error(`${method} ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
}

let organizations = 0;

/** One that every provider takes. */
export async function anOrganization(at: System): Promise<string> {
  organizations += 1;
  const id = `org_story_${organizations}`;
  const contact = { name: 'Ada Byron', email: `story${organizations}@example.com`, phone: '+525512345678' };
  await ask(at, 'PUT', `/billing/organizations/${id}`, contact);
  return id;
}

function inDays(days: number): string {
  return new Date(Date.now() + days * 86_400_000).toISOString();
}

function patience(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 100));
}

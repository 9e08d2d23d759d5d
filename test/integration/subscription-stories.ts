import type { System } from './support.ts';

/** A subscription as the API shows it; only what stories read. */
export interface SubscriptionView {
  readonly id: string;
  readonly status: string;
  readonly provider: string;
  readonly provider_subscription_id: string;
  readonly entitled: boolean;
  readonly grace_ends_at: string | null;
  readonly next_action: { readonly kind: string; readonly by: string } | null;
  readonly timeline: readonly { readonly what: string; readonly detail: string | null }[];
}

/** Buys `pro` by the month where the provider can do everything. */
async function bought(at: System, wish: object, extra: Readonly<Record<string, unknown>> = {}): Promise<string> {
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

/** A renewal that the bank refuses, a reminder, and another card. */
export async function lateThenRecovered(at: System): Promise<string> {
  const id = await bought(at, {}, { card: '4000000000000341' });
  await at.advance('P1M1D');
  await told(at, id, 'past_due', 'payment_reminder');
  const { provider, provider_subscription_id: theirs } = await read(at, id);
  await at.operator(provider, 'card', theirs, { number: '4242424242424242' });
  await at.operator(provider, 'retry', theirs);
  await told(at, id, 'recovered');
  return id;
}

/** Ended at once by whoever runs the app. */
export async function canceledNow(at: System): Promise<string> {
  const id = await bought(at, {});
  const answer = await at.api('POST', `/billing/subscriptions/${id}/cancel?cancel_immediately=true`, {});
  if (answer.status >= 300) throw new Error(`cancel answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  await told(at, id, 'canceled');
  return id;
}

function patience(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 100));
}

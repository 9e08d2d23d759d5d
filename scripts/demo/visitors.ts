import type { DemoStack } from './attach-or-start.ts';
import type { Story } from './story.ts';

export interface Visitor {
  readonly title: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** What the visitor fills in on the provider's page. */
  readonly form: Readonly<Record<string, string>>;
}

const card = { method: 'card', number: '4242 4242 4242 4242', expiry: '12 / 31', cvc: '123' };

export const visitors: readonly Visitor[] = [
  {
    title: 'A visitor from the United States subscribes to Pro',
    body: {
      product_id: 'pro',
      billing_interval: 'monthly',
      country: 'US',
      name: 'Ada Byron',
    },
    form: { ...card, name: 'Ada Byron', country: 'US' },
  },
  {
    title: 'A visitor from Mexico buys the Starter Kit and pays cash at OXXO',
    body: { product_id: 'starter-kit', country: 'MX', name: 'Juana de Asbaje', locale: 'es' },
    form: { method: 'cash', name: 'Juana de Asbaje', country: 'MX' },
  },
  {
    title: 'A visitor from Russia buys the Starter Kit',
    body: { product_id: 'starter-kit', country: 'RU', name: 'Sofia Kovalevskaya' },
    form: { ...card, name: 'Sofia Kovalevskaya', country: 'RU' },
  },
];

interface Checkout {
  readonly checkout_id: string;
  readonly checkout_url: string;
  readonly provider: string | null;
  readonly status: string;
  readonly routing: { readonly rule: string; readonly country: string | null; readonly country_source: string };
  readonly amount: { readonly amount_minor: number; readonly currency: string } | null;
  readonly subscription_id?: string | null;
  readonly voucher?: { readonly kind: string; readonly reference: string | null } | null;
  readonly payment?: { readonly amount: { readonly amount_minor: number; readonly currency: string } } | null;
}

/** One visitor's whole story. @returns whether it ended paid. */
export async function playVisitor(visitor: Visitor, dev: DemoStack, story: Story): Promise<boolean> {
  story.begin(visitor.title);
  const opened = await openCheckout(visitor, dev);
  const { routing } = opened;
  story.tell(
    'routed',
    `rule ${routing.rule}, country ${routing.country ?? 'unknown'} (from ${routing.country_source})`,
  );
  story.tell('provider', `${opened.provider ?? 'none'}, checkout ${opened.checkout_id}`);
  story.tell('page', opened.checkout_url);
  story.tell(
    'workflow',
    `${dev.temporal_ui_url}/namespaces/default/workflows/${encodeURIComponent(`checkout/${opened.checkout_id}`)}`,
  );
  await pay(visitor, opened, story);
  const ended = await follow(opened.checkout_id, dev, story);
  for (const delivery of await decisiveDeliveries(opened.checkout_id, dev)) story.tell('webhook', delivery);
  if (ended.payment) story.tell('paid', money(ended.payment.amount));
  if (ended.subscription_id) story.tell('subscription', ended.subscription_id);
  return ended.status === 'paid';
}

async function openCheckout(visitor: Visitor, dev: DemoStack): Promise<Checkout> {
  // A customer of the merchant of record may have each plan once: every run is somebody new.
  const visit = crypto.randomUUID().slice(0, 8);
  const body = {
    organization_id: `org_demo_${visit}`,
    email: `visitor-${visit}@example.com`,
    success_url: 'https://app.example/ok?c={CHECKOUT_ID}',
    cancel_url: 'https://app.example/no',
    ...visitor.body,
  };
  const response = await fetch(`${dev.api_url}/api/v1/billing/checkout`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${dev.secret_key}`,
      'content-type': 'application/json',
      'idempotency-key': crypto.randomUUID(),
    },
    body: JSON.stringify(body),
  });
  if (response.status !== 201) throw new Error(`POST checkout answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as Checkout;
}

/** Sends the page's own form, as a browser without scripts would. */
async function pay(visitor: Visitor, checkout: Checkout, story: Story): Promise<void> {
  const submit = (url: string, fields: Readonly<Record<string, string>>) =>
    fetch(url, { method: 'POST', redirect: 'manual', body: new URLSearchParams(fields) });
  const response = await submit(checkout.checkout_url, visitor.form);
  if (response.status !== 303) throw new Error(`the page answered ${response.status}`);
  if (visitor.form['method'] === 'card') {
    story.tell('card', 'accepted; back to the app');
    return;
  }
  story.tell('voucher', 'issued; the visitor walks to the store');
  await submit(`${checkout.checkout_url}/settle`, {});
  story.tell('store', 'cash taken');
}

/** Follows the checkout's own account of itself until it has ended. */
async function follow(checkoutId: string, dev: DemoStack, story: Story): Promise<Checkout> {
  let last = 'open';
  for (const started = Date.now(); ;) {
    const response = await fetch(`${dev.api_url}/api/v1/billing/checkouts/${checkoutId}`, {
      headers: { authorization: `Bearer ${dev.secret_key}` },
    });
    const checkout = (await response.json()) as Checkout;
    if (checkout.status !== last) {
      last = checkout.status;
      story.tell('status', last);
    }
    if (last === 'paid' || Date.now() - started > 30_000) return checkout;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

interface Delivery {
  readonly provider: string;
  readonly event_type: string;
  readonly attempts: readonly { readonly status?: number | null }[];
}

/** The provider's messages that named this checkout, as the sandbox sent them. */
async function decisiveDeliveries(checkoutId: string, dev: DemoStack): Promise<readonly string[]> {
  const response = await fetch(`${dev.sandbox_url}/_sandbox/deliveries`, {
    headers: { authorization: `Bearer ${dev.sandbox_admin_token}` },
  });
  const answer = (await response.json()) as readonly Delivery[] | { readonly data: readonly Delivery[] };
  const deliveries = 'data' in answer ? answer.data : answer;
  return deliveries
    .filter((delivery) => JSON.stringify(delivery).includes(checkoutId))
    .map((delivery) => `${delivery.event_type} → ${delivery.attempts.at(-1)?.status ?? 'on its way'}`);
}

function money(amount: { readonly amount_minor: number; readonly currency: string }): string {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency: amount.currency });
  return format.format(amount.amount_minor / 100);
}

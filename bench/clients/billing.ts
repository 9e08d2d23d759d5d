import type { PlannedRequest } from '../load/plans.ts';
import type { Target } from '../stack/target.ts';

export interface CheckoutAnswer {
  readonly checkout_id: string;
  readonly provider: string | null;
  readonly status: string;
  readonly checkout_url: string | null;
}

/** A buyer's country and the provider that routing gives it. */
export interface Market {
  readonly country: string;
  readonly provider: string;
}

/** One country for each provider of the default policy. */
export const markets: readonly Market[] = [
  { country: 'US', provider: 'polar' },
  { country: 'MX', provider: 'conekta' },
  { country: 'RU', provider: 'stripe' },
];

/** The request for one paid checkout, as an app sends it: a one-time product unless a plan is named. */
export function checkoutRequest(
  target: Target,
  input: {
    readonly country: string;
    readonly organizationId: string;
    readonly idempotencyKey: string;
    /** Bought by the month. */
    readonly plan?: string;
  },
): PlannedRequest {
  return {
    method: 'POST',
    path: '/api/v1/billing/checkout',
    headers: {
      authorization: `Bearer ${target.secret_key}`,
      'content-type': 'application/json',
      'idempotency-key': input.idempotencyKey,
    },
    body: JSON.stringify({
      organization_id: input.organizationId,
      ...(input.plan === undefined
        ? { product_id: 'starter-kit' }
        : { product_id: input.plan, billing_interval: 'monthly' }),
      country: input.country,
      email: `${input.organizationId}@example.com`,
      success_url: 'https://app.example/ok?c={CHECKOUT_ID}',
      cancel_url: 'https://app.example/no',
    }),
  };
}

/** @throws unless the API answers 201. */
export async function openCheckout(target: Target, request: PlannedRequest): Promise<CheckoutAnswer> {
  const { method, path, headers, body } = request;
  const answer = await fetch(`${target.api_url}${path}`, { method, headers, body });
  const text = await answer.text();
  if (answer.status !== 201) throw new Error(`a checkout was answered ${answer.status}: ${text}`);
  return JSON.parse(text) as CheckoutAnswer;
}

/** How the API says a checkout stands. */
export async function getCheckout(target: Target, checkoutId: string): Promise<CheckoutAnswer> {
  const answer = await fetch(`${target.api_url}/api/v1/billing/checkouts/${checkoutId}`, {
    headers: { authorization: `Bearer ${target.secret_key}` },
  });
  if (!answer.ok) throw new Error(`GET of ${checkoutId} was answered ${answer.status}`);
  return (await answer.json()) as CheckoutAnswer;
}

/** Ends an unpaid checkout. @returns its status afterwards. */
export async function expireCheckout(target: Target, checkoutId: string): Promise<string> {
  const answer = await fetch(`${target.api_url}/api/v1/billing/checkouts/${checkoutId}/expire`, {
    method: 'POST',
    headers: { authorization: `Bearer ${target.secret_key}`, 'content-type': 'application/json' },
    body: '{}',
  });
  if (!answer.ok) throw new Error(`the end of ${checkoutId} was answered ${answer.status}`);
  return ((await answer.json()) as CheckoutAnswer).status;
}

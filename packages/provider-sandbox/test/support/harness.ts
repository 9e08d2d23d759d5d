import { createPolar } from '@polar-sh/sdk/2026-10';
import Stripe from 'stripe';
import { type RunningSandbox, type StartOptions, startSandbox } from '../../src/index.ts';

export interface JsonAnswer {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

export type Call = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<JsonAnswer>;

function caller(base: string, fixed: Record<string, string>): Call {
  return async (method, path, body, headers = {}) => {
    const response = await fetch(`${base}${path}`, {
      method,
      headers: { ...fixed, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>,
    };
  };
}

export interface Harness {
  sandbox: RunningSandbox;
  stripe: Stripe;
  polar: ReturnType<typeof createPolar>;
  conekta: Call;
  control: Call;
}

export async function startHarness(options: StartOptions = {}): Promise<Harness> {
  const sandbox = await startSandbox({ retryScale: 0.01, ...options });
  const { config, url } = sandbox;
  return {
    sandbox,
    stripe: new Stripe(config.stripe.api_key, {
      host: '127.0.0.1',
      port: new URL(url).port,
      protocol: 'http',
      maxNetworkRetries: 0,
      telemetry: false,
      timeout: 2000,
    }),
    polar: createPolar({ accessToken: config.polar.api_key, baseUrl: config.polar.base_url }),
    conekta: caller(config.conekta.base_url, {
      authorization: `Bearer ${config.conekta.api_key}`,
      accept: 'application/vnd.conekta-v2.2.0+json',
    }),
    control: caller(`${url}/_sandbox`, { authorization: `Bearer ${sandbox.adminToken}` }),
  };
}

export async function aStripeSession(harness: Harness, over: Partial<Stripe.Checkout.SessionCreateParams> = {}) {
  return harness.stripe.checkout.sessions.create({
    mode: 'payment',
    line_items: [
      { price_data: { currency: 'usd', unit_amount: 4900, product_data: { name: 'Starter kit' } }, quantity: 1 },
    ],
    success_url: 'https://app.example/ok?c={CHECKOUT_SESSION_ID}',
    cancel_url: 'https://app.example/no',
    customer_email: 'ana@example.com',
    ...over,
  });
}

export async function aPolarProduct(harness: Harness, recurring = true) {
  return harness.polar.products.create({
    name: 'Pro plan',
    recurring_interval: recurring ? 'month' : null,
    prices: [{ amount_type: 'fixed', price_amount: 2900, price_currency: 'usd' }],
  });
}

export async function aPolarCheckout(harness: Harness, checkoutId: string, recurring = true) {
  const product = await aPolarProduct(harness, recurring);
  return harness.polar.checkouts.create({
    products: [product.id],
    external_customer_id: `user-${checkoutId}`,
    customer_email: `${checkoutId}@example.com`,
    success_url: 'https://app.example/ok?c={CHECKOUT_ID}',
    metadata: { checkout_id: checkoutId },
  });
}

export function aConektaOrder(checkoutId: string, checkout: object = {}): object {
  return {
    currency: 'MXN',
    customer_info: { name: 'Ana López', email: 'ana@example.com', phone: '+525555555555' },
    line_items: [{ name: 'Paquete inicial', unit_price: 89900, quantity: 1 }],
    checkout: {
      type: 'HostedPayment',
      allowed_payment_methods: ['card', 'cash', 'bank_transfer'],
      success_url: 'https://app.example/ok',
      failure_url: 'https://app.example/no',
      ...checkout,
    },
    metadata: { checkout_id: checkoutId },
  };
}

import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { ProviderClient } from '../../../../src/providers/port.ts';
import { stripe } from '../../../../src/providers/stripe/index.ts';

export interface Sent {
  readonly call: string;
  /** Form fields and query, as sent. */
  readonly params: Readonly<Record<string, string>>;
  readonly key: string | null;
}

/** An object, or what an error answers: `[402, { error }]`. Several: one per call, the last one again and again. */
type Reply = object | readonly [number, object];

/** The real adapter and SDK against answers written down beforehand, by `METHOD /path`; anything else is a 404. */
export async function scripted(
  replies: Readonly<Record<string, Reply | { readonly each: readonly Reply[] }>>,
): Promise<{
  readonly client: Required<ProviderClient>;
  readonly sent: readonly Sent[];
  readonly calls: () => readonly string[];
}> {
  const sent: Sent[] = [];
  const counts = new Map<string, number>();
  const server = createServer((request, response) => {
    void read(request).then((body) => {
      const url = new URL(request.url ?? '/', 'http://stripe');
      const call = `${request.method} ${url.pathname.replace('/v1', '')}`;
      const params = Object.fromEntries([...url.searchParams, ...new URLSearchParams(body)]);
      const key = request.headers['idempotency-key'];
      sent.push({ call, params, key: typeof key === 'string' ? key : null });
      const nth = counts.get(call) ?? 0;
      counts.set(call, nth + 1);
      const [status, answer] = answerOf(replies[call], nth);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const config = stripe.configSchema.parse({
    STRIPE_SECRET_KEY: 'sk_test_madeup0000000000',
    STRIPE_TEST_MODE: 'true',
    STRIPE_BASE_URL: `http://127.0.0.1:${port}`,
  });
  const { client } = stripe.createAccount(config, { timeoutMs: 2_000 });
  return { client: client as Required<ProviderClient>, sent, calls: () => sent.map(({ call }) => call) };
}

function answerOf(
  reply: Reply | { readonly each: readonly Reply[] } | undefined,
  nth: number,
): readonly [number, object] {
  const chosen = reply !== undefined && 'each' in reply ? (reply.each[nth] ?? reply.each.at(-1)) : reply;
  if (chosen === undefined) return [404, { error: { type: 'invalid_request_error', code: 'resource_missing' } }];
  return Array.isArray(chosen) ? (chosen as unknown as [number, object]) : [200, chosen];
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

export const list = (...data: readonly object[]) => ({ object: 'list', data, has_more: false });

export const cardDecline = (code: string, more: object = {}): readonly [number, object] => [
  402,
  { error: { type: 'card_error', code: 'card_declined', decline_code: code, ...more } },
];

export const refusal = (error: object): readonly [number, object] => [
  400,
  { error: { type: 'invalid_request_error', ...error } },
];

export const aPaymentIntent = (more: object = {}) => ({
  id: 'pi_1',
  object: 'payment_intent',
  status: 'succeeded',
  amount: 4900,
  amount_received: 4900,
  currency: 'usd',
  created: 1790000000,
  customer: 'cus_1',
  client_secret: 'pi_1_secret_x',
  metadata: { business_id: 'inv_1' },
  latest_charge: { id: 'ch_1', amount_refunded: 0, created: 1790000001, payment_method_details: { type: 'card' } },
  ...more,
});

export const aSubscription = (more: object = {}) => ({
  id: 'sub_1',
  object: 'subscription',
  status: 'active',
  customer: 'cus_1',
  currency: 'usd',
  items: {
    object: 'list',
    data: [
      {
        id: 'si_1',
        quantity: 2,
        current_period_start: 1790000000,
        current_period_end: 1792592000,
        price: {
          id: 'price_1',
          currency: 'usd',
          unit_amount: 1450,
          product: 'prod_1',
          recurring: { interval: 'month', interval_count: 1 },
        },
      },
    ],
  },
  cancel_at_period_end: false,
  metadata: { subscription_id: 'ours_1' },
  schedule: null,
  ...more,
});

export const anInvoice = (more: object = {}) => ({
  id: 'in_1',
  object: 'invoice',
  status: 'paid',
  currency: 'usd',
  customer: 'cus_1',
  total: 2900,
  amount_due: 2900,
  amount_paid: 2900,
  created: 1790000000,
  lines: list({ amount: 2900, description: '2 × Team', quantity: 2, period: { start: 1790000000, end: 1792592000 } }),
  ...more,
});

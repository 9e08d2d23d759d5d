import { type Harness, type JsonAnswer, startHarness } from './harness.ts';
import type { StartOptions } from '../../src/index.ts';

type Body = Record<string, unknown>;

export interface PolarCaller {
  harness: Harness;
  /** One call of the API as an app makes it; `token` for portal routes. */
  call(method: string, path: string, body?: unknown, token?: string): Promise<JsonAnswer>;
  /** Creates something and gives its id. */
  make(path: string, body: unknown): Promise<string>;
  items(path: string): Promise<Body[]>;
  advance(duration: string): Promise<void>;
  /** A customer who has just bought this product, with ids of what came of it. */
  buys(
    product: string,
    input?: { country?: string; taxId?: string; card?: string; checkout?: Body },
  ): Promise<{ customer: string; externalId: string; checkout: string; subscription: Body | undefined; order: Body }>;
}

let buyers = 0;

export async function startPolarCaller(options: StartOptions = {}): Promise<PolarCaller> {
  const harness = await startHarness(options);
  const { base_url: base, api_key: key } = harness.sandbox.config.polar;
  const call: PolarCaller['call'] = async (method, path, body, token = key) => {
    const response = await fetch(`${base}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
    return {
      status: response.status,
      headers: response.headers,
      body: (isJson ? JSON.parse(text) : { text }) as Body,
    };
  };
  const make: PolarCaller['make'] = async (path, body) => {
    const answer = await call('POST', path, body);
    if (answer.status !== 201) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return String(answer.body['id']);
  };
  const items: PolarCaller['items'] = async (path) => (await call('GET', path)).body['items'] as Body[];
  return {
    harness,
    call,
    make,
    items,
    advance: async (duration) => void (await harness.control('POST', '/clock', { advance: duration })),
    async buys(product, { country = 'US', taxId, card = '4242424242424242', checkout: over = {} } = {}) {
      buyers += 1;
      const externalId = `buyer-${buyers}`;
      const customer = await make('/v1/customers/', {
        email: `${externalId}@example.com`,
        external_id: externalId,
        name: 'Ana',
        billing_address: { country },
        ...(taxId === undefined ? {} : { tax_id: taxId }),
      });
      const checkout = await make('/v1/checkouts/', { products: [product], customer_id: customer, ...over });
      await harness.control('POST', `/checkouts/polar/${checkout}/complete`, { outcome: 'paid', card });
      const [subscription] = await items(`/v1/subscriptions/?customer_id=${customer}`);
      const [order] = await items(`/v1/orders/?checkout_id=${checkout}`);
      return { customer, externalId, checkout, subscription, order: order ?? {} };
    },
  };
}

export const aMonthlyPlan = (priceAmount: number, over: Body = {}): Body => ({
  name: `Plan of ${priceAmount}`,
  recurring_interval: 'month',
  prices: [{ amount_type: 'fixed', price_amount: priceAmount }],
  ...over,
});

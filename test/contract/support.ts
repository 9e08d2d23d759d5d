import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { startSandbox } from '../../packages/provider-sandbox/src/index.ts';
import type { BillingInterval, CheckoutMode } from '../../src/domain/catalogue.ts';
import type { Money } from '../../src/domain/money.ts';
import { recordExchanges, type Exchange } from '../../scripts/smoke/record-exchanges.ts';
import { abilitiesOf, createAccounts, moduleOf, providerIds } from '../../src/providers/accounts.ts';
import type {
  CreateCheckoutInput,
  ProviderAccount,
  ProviderPrice,
  WebhookFact,
  WebhookInput,
} from '../../src/providers/port.ts';

export interface Delivery {
  readonly provider: string;
  readonly message: WebhookInput;
}

export interface World {
  /** Of the simulator, and the token of its control interface and state page. */
  readonly url: string;
  readonly adminToken: string;
  account(provider: string, overrides?: Record<string, string>): ProviderAccount;
  control(method: string, path: string, body?: unknown): Promise<unknown>;
  /** Strikes once, at the named operation. */
  fault(provider: string, kind: string, more?: Record<string, unknown>): Promise<unknown>;
  /** Whether every fault that is set has struck. */
  struck(): Promise<boolean>;
  /** Opens the page as the buyer's browser does: what only its address says is known to the provider from then on. */
  visit(url: string): Promise<void>;
  complete(provider: string, id: string, outcome: string, more?: Record<string, unknown>): Promise<unknown>;
  /** What came in for a checkout of ours, once nothing has come for a moment. */
  facts(provider: string, checkoutId: string): Promise<readonly WebhookFact[]>;
  /** The same for everything that came after the first `count` deliveries. */
  factsSince(provider: string, count: number): Promise<readonly WebhookFact[]>;
  deliveries(provider: string): readonly Delivery[];
  /** What went between the adapter and the simulator so far, for a world that records. */
  exchanges(provider: string): readonly Exchange[];
  /** Where the simulator plays this provider. */
  baseUrl(provider: string): string;
  close(): Promise<void>;
}

export const TIMEOUT_MS = 1_000;
const QUIET_MS = 250;

/** The simulator, an inbox for its webhooks, and an account at every provider of the registry. */
export async function createWorld(options: { readonly records?: boolean } = {}): Promise<World> {
  const recorder = options.records ? recordExchanges() : null;
  const received: Delivery[] = [];
  const inbox = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
      received.push({ provider: (request.url ?? '').slice(1), message: { rawBody: Buffer.concat(chunks), headers } });
      response.writeHead(200).end();
    });
  });
  await new Promise<void>((done) => inbox.listen(0, '127.0.0.1', done));
  const inboxUrl = `http://127.0.0.1:${(inbox.address() as AddressInfo).port}`;
  const webhooks = Object.fromEntries(providerIds().map((id) => [id, `${inboxUrl}/${id}`]));
  const sandbox = await startSandbox({ port: 0, stateDir: null, webhooks });
  const config: Record<string, Record<string, string> | undefined> = { ...sandbox.config };
  const baseUrl = (provider: string): string => config[provider]?.['base_url'] ?? sandbox.url;
  const control: World['control'] = async (method, path, body) => {
    const reply = await fetch(`${sandbox.url}/_sandbox/${path}`, {
      method,
      headers: { authorization: `Bearer ${sandbox.adminToken}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer: unknown = await reply.json();
    if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${JSON.stringify(answer)}`);
    return answer;
  };
  const parsed = (provider: string): readonly WebhookFact[] =>
    received.filter((item) => item.provider === provider).map((item) => moduleOf(provider).webhook.parse(item.message));
  const quiet = async (): Promise<void> => {
    for (let seen = -1; seen !== received.length;) {
      seen = received.length;
      await new Promise((done) => setTimeout(done, QUIET_MS));
    }
  };
  return {
    url: sandbox.url,
    adminToken: sandbox.adminToken,
    account(provider, overrides = {}) {
      const prefix = provider.toUpperCase();
      const env = Object.fromEntries(
        Object.entries(config[provider] ?? {}).map(([key, value]) => [`${prefix}_${key.toUpperCase()}`, value]),
      );
      const { accounts, faults } = createAccounts({ ...env, ...overrides }, () => ({ timeoutMs: TIMEOUT_MS }));
      const account = accounts.get(provider);
      if (!account) throw new Error(`no account at ${provider}: ${JSON.stringify(faults)}`);
      return recorder?.watch(account) ?? account;
    },
    control,
    fault: (provider, kind, more) =>
      control('POST', 'faults', { provider, operation: 'checkouts.create', kind, times: 1, ...more }),
    async struck() {
      const faults = z.array(z.object({ hits: z.number() })).parse(await control('GET', 'faults'));
      return faults.every(({ hits }) => hits > 0);
    },
    async visit(url) {
      const page = await fetch(url);
      if (!page.ok) throw new Error(`GET ${url}: ${page.status}`);
      await page.text();
    },
    complete: (provider, id, outcome, more) =>
      control('POST', `checkouts/${provider}/${encodeURIComponent(id)}/complete`, { outcome, ...more }),
    async facts(provider, checkoutId) {
      await quiet();
      return parsed(provider).filter((fact) => fact.checkoutId === checkoutId);
    },
    async factsSince(provider, count) {
      await quiet();
      return parsed(provider).slice(count);
    },
    deliveries: (provider) => received.filter((item) => item.provider === provider),
    exchanges: (provider) => (recorder?.exchanges ?? []).filter(({ url }) => url.startsWith(`${baseUrl(provider)}/`)),
    baseUrl,
    async close() {
      recorder?.stop();
      await sandbox.close();
      inbox.closeAllConnections();
      await new Promise((done) => inbox.close(done));
    },
  };
}

export function priceAt(provider: string): Money {
  const { currencies } = abilitiesOf(provider);
  return { amountMinor: 49900, currency: 'only' in currencies ? (currencies.only[0] ?? 'USD') : 'USD' };
}

let serial = 0;
export function nextId(prefix: string): string {
  serial += 1;
  return `${prefix}_${Date.now().toString(36)}${serial}`;
}

/** A checkout input as the engine makes it, with a price pushed where the provider needs one. */
export async function aCheckout(
  provider: string,
  account: ProviderAccount,
  input: {
    readonly mode?: CheckoutMode;
    readonly organizationId?: string;
    readonly paymentMethods?: readonly string[];
    readonly currency?: string;
    readonly email?: string;
    readonly amountMinor?: number;
    readonly trialDays?: number;
    readonly providerPrice?: ProviderPrice;
  } = {},
): Promise<CreateCheckoutInput> {
  const mode = input.mode ?? 'payment';
  const checkoutId = nextId('chk');
  const organizationId = input.organizationId ?? nextId('org');
  const needsPrice = abilitiesOf(provider).needsProviderPrice.includes(mode);
  const providerPrice = input.providerPrice ?? (needsPrice ? await pushedPrice(provider, account, mode) : null);
  return {
    checkoutId,
    mode,
    line: {
      name: 'Starter kit',
      description: 'One box',
      unitAmount: {
        ...priceAt(provider),
        ...(input.currency === undefined ? {} : { currency: input.currency }),
        ...(input.amountMinor === undefined ? {} : { amountMinor: input.amountMinor }),
      },
      quantity: 1,
      billingInterval: mode === 'subscription' ? 'monthly' : null,
      digital: true,
      providerPrice,
    },
    customer: {
      organizationId,
      providerCustomerId: null,
      email: input.email ?? `${organizationId}@example.com`,
      name: 'Ada Example',
      phone: '+525555555555',
      address: null,
    },
    paymentMethods: input.paymentMethods ?? null,
    successUrl: 'https://app.example/ok',
    cancelUrl: 'https://app.example/no',
    voucherExpiresAt: null,
    discountCode: null,
    trialDays: input.trialDays ?? null,
    locale: null,
    embedOrigin: null,
    metadata: { checkout_id: checkoutId, organization_id: organizationId, project_id: 'default' },
    idempotencyKey: nextId('key'),
  };
}

const pushed = new Map<string, Promise<ProviderPrice | null>>();

async function pushedPrice(
  provider: string,
  account: ProviderAccount,
  mode: CheckoutMode,
): Promise<ProviderPrice | null> {
  const key = `${provider}/${mode}`;
  const price = pushed.get(key) ?? pushPrice(provider, account, mode);
  pushed.set(key, price);
  price.catch(() => pushed.delete(key));
  return price;
}

export async function pushPrice(
  provider: string,
  account: ProviderAccount,
  mode: CheckoutMode,
  priceId = nextId('price'),
  unitAmount: Money = priceAt(provider),
  interval: BillingInterval = 'monthly',
): Promise<ProviderPrice | null> {
  const price = await account.client.catalog?.ensurePrice({
    planId: `plan_${priceId}`,
    planKey: 'starter-kit',
    name: 'Starter kit',
    description: 'One box',
    digital: true,
    priceId,
    unitAmount,
    billingInterval: mode === 'subscription' ? interval : null,
    trialDays: null,
    idempotencyKey: nextId('key'),
  });
  return price ?? null;
}

import { createHmac, timingSafeEqual } from 'node:crypto';
import type { CheckoutMode } from '../../../src/domain/catalogue.ts';
import type { ProviderAbilities, SubscriptionAbilities } from '../../../src/domain/routing/abilities.ts';
import { reactionTo, type ErrorMap } from '../../../src/domain/routing/reaction.ts';
import { faultOf } from '../../../src/providers/error-map.ts';
import type {
  ProviderAccount,
  ProviderClient,
  ProviderDirectory,
  ProviderWebhook,
  WebhookFact,
} from '../../../src/providers/port.ts';

const everyMode: CheckoutMode[] = ['payment', 'subscription', 'setup'];
const features = {
  quantity: everyMode,
  discountCode: everyMode,
  trialDays: everyMode,
  voucherExpiry: everyMode,
  embed: everyMode,
};

const atOnce: SubscriptionAbilities = {
  cancel: ['now'],
  undoCancel: false,
  pause: ['now'],
  pauseUntil: false,
  change: { plan: ['now'], interval: ['now'], quantity: [] },
  proration: ['none'],
  preview: false,
  moveTrialEnd: false,
  renews: true,
};
const inEveryWay: SubscriptionAbilities = {
  ...atOnce,
  cancel: ['now', 'period_end'],
  undoCancel: true,
  pauseUntil: true,
  change: { plan: ['now', 'period_end'], interval: ['now', 'period_end'], quantity: ['now', 'period_end'] },
  proration: ['immediate', 'next_invoice', 'none'],
  preview: true,
};

/** `merchant` sells nearly everywhere, `local` sells pesos and wants to know the buyer, `world` steps in. */
const abilities: Readonly<Record<string, ProviderAbilities>> = {
  merchant: {
    merchantOfRecord: true,
    countries: { except: ['RU'] },
    currencies: { only: ['USD'] },
    paymentMethods: [{ method: 'card', modes: everyMode }],
    modes: ['payment', 'subscription'],
    features,
    requires: [],
    needsProviderPrice: ['payment', 'subscription'],
    subscriptions: { ...inEveryWay, pause: [], undoCancel: false, preview: false },
    retains: [],
  },
  local: {
    merchantOfRecord: false,
    countries: { only: ['MX'] },
    currencies: { only: ['MXN'] },
    paymentMethods: [
      { method: 'card', modes: everyMode },
      { method: 'oxxo', modes: ['payment'] },
      { method: 'spei', modes: ['payment'] },
    ],
    modes: ['payment', 'subscription'],
    features,
    requires: ['email', 'name', 'phone'],
    needsProviderPrice: [],
    subscriptions: atOnce,
    retains: [],
  },
  world: {
    merchantOfRecord: false,
    countries: { except: [] },
    currencies: { except: [] },
    paymentMethods: [
      { method: 'card', modes: everyMode },
      { method: 'ach', modes: everyMode, currencies: ['USD'] },
    ],
    modes: everyMode,
    features,
    requires: [],
    needsProviderPrice: [],
    subscriptions: inEveryWay,
    retains: [],
  },
};

export const webhookSecret = 'whsec_of_the_fake';

/** Signs as the fake providers do: HMAC over time and bytes, five minutes of grace. */
export function signWebhook(body: string | Buffer, input: { readonly atMs?: number; readonly secret?: string } = {}) {
  const time = String(Math.floor((input.atMs ?? Date.now()) / 1_000));
  const mac = createHmac('sha256', input.secret ?? webhookSecret)
    .update(time)
    .update(body)
    .digest('hex');
  return { 'x-fake-time': time, 'x-fake-signature': mac };
}

const webhook: ProviderWebhook = {
  verify({ rawBody, headers, secrets, nowMs }) {
    const time = headers['x-fake-time'] ?? '';
    const sent = Buffer.from(headers['x-fake-signature'] ?? '', 'hex');
    if (!/^\d+$/.test(time) || Math.abs(nowMs - Number(time) * 1_000) > 300_000) return false;
    return secrets.some((secret) => {
      const mac = createHmac('sha256', secret).update(time).update(rawBody).digest();
      return mac.length === sent.length && timingSafeEqual(mac, sent);
    });
  },
  parse({ rawBody }): WebhookFact {
    const message: { id: string; type: string; object: string; decisive?: boolean; live?: boolean } = JSON.parse(
      rawBody.toString(),
    );
    if (typeof message.id !== 'string') throw new Error('no id');
    return {
      eventId: message.id,
      type: message.type,
      live: message.live ?? false,
      objectKind: 'checkout',
      objectId: message.object,
      checkoutId: null,
      related: [],
      isDecisive: message.decisive ?? true,
    };
  },
};

const client: ProviderClient = {
  account: { check: never },
  customerData: { export: never, erase: never },
  customers: { create: never, get: never, update: never, remove: never, find: never },
  checkouts: { create: never, get: never },
};

const field = { description: 'Made up.', isSecret: true, isRequired: true, example: 'test_1' };
const fakeCredentials = {
  FAKE_KEY: field,
  FAKE_WEBHOOK_SECRET: { ...field, isRequired: false, previousKey: 'FAKE_WEBHOOK_SECRET_PREVIOUS' },
  FAKE_WEBHOOK_SECRET_PREVIOUS: { ...field, isRequired: false },
  FAKE_BASE_URL: { ...field, isSecret: false, isRequired: false },
};

/** Repeats by key nothing; `busy` is worth another try, and a discount code that one does not know nobody knows. */
const fakeErrorMap: ErrorMap = {
  repeatsByKey: false,
  errors: [
    { code: 'busy', reaction: 'retry', because: 'nothing was done', source: 'made up' },
    {
      ...{ code: 'discount_code_unknown', reaction: 'stop', refusal: 'discount_code_unknown' },
      ...{ because: 'the buyer mistyped it', source: 'made up' },
    },
  ],
};

/** The API itself never calls a provider. */
function never(): never {
  throw new Error('the API called a provider');
}

/** @param more What their accounts can do besides; without it, whoever calls one fails the test. */
export function fakeProviders(
  configured: readonly string[] = ['merchant', 'local', 'world'],
  more: Partial<ProviderClient> = {},
): ProviderDirectory {
  const account = (id: string): ProviderAccount | null =>
    configured.includes(id) ? { live: false, webhookSecrets: [webhookSecret], client: { ...client, ...more } } : null;
  return {
    ids: () => Object.keys(abilities),
    abilities: (id) => abilities[id] ?? null,
    account: (_projectId, live, id) => Promise.resolve(live ? null : account(id)),
    webhook: (id) => (id in abilities ? webhook : null),
    accounts: (projectId, id) =>
      Promise.resolve(projectId === 'default' ? [account(id)].flatMap((found) => found ?? []) : []),
    configured: (_projectId, live) => Promise.resolve(new Set(live ? [] : configured)),
    credentials: () => fakeCredentials,
    validate: (_id, { FAKE_KEY: key }) =>
      key === undefined ? { faults: [{ key: 'FAKE_KEY', detail: 'is missing' }] } : { live: key.startsWith('live_') },
    operations: (id) => [
      ...['checkouts.create', 'webhookEndpoints.create'],
      ...['create', 'resume', 'cancelChange'].map((name) => `subscriptions.${name}`),
      ...(id === 'local' ? [] : ['refunds.create', 'refunds.list']),
    ],
    reactionTo: (_id, failure) => reactionTo(fakeErrorMap, faultOf(failure)),
    reload: () => Promise.resolve(),
  };
}

import type { Sandbox } from '../context.ts';
import type { Collection } from '../core/collection.ts';
import { uuid } from '../core/ids.ts';
import type { Target } from '../webhooks/targets.ts';
import type * as Objects from './objects.ts';

export const API_VERSION = '2026-10';
export const ORGANIZATION_SLUG = 'sandbox-merchant';

export interface PolarContext {
  sandbox: Sandbox;
  customers: Collection<Objects.Customer>;
  products: Collection<Objects.Product>;
  discounts: Collection<Objects.Discount>;
  checkouts: Collection<Objects.Checkout>;
  subscriptions: Collection<Objects.Subscription>;
  orders: Collection<Objects.Order>;
  payments: Collection<Objects.Payment>;
  refunds: Collection<Objects.Refund>;
  endpoints: Collection<Objects.Endpoint>;
  paymentMethods: Collection<Objects.PaymentMethod>;
  balances: Collection<Objects.Balance>;
  benefits: Collection<Objects.Benefit>;
  grants: Collection<Objects.Grant>;
  licenseKeys: Collection<Objects.LicenseKey>;
  activations: Collection<Objects.Activation>;
  files: Collection<Objects.StoredFile>;
  meters: Collection<Objects.Meter>;
  customerMeters: Collection<Objects.CustomerMeter>;
  usage: Collection<Objects.UsageEvent>;
  disputes: Collection<Objects.Dispute>;
  sessions: Collection<Objects.Session>;
  webhookEvents: Collection<Objects.WebhookEvent>;
  organizationId(): string;
  now(): string;
  emit(type: string, data: object): void;
}

// Polar keeps payloads for 90 days; here the newest ones can be sent again.
const KEEP_EVENTS = 20_000;

const one = (value: string | null): string[] => (value === null ? [] : [value]);

export function createPolarContext(sandbox: Sandbox): PolarContext {
  const { store } = sandbox;
  const endpoints = store.collection<Objects.Endpoint>('polar/webhook_endpoints');
  const webhookEvents = store.collection<Objects.WebhookEvent>('polar/webhook_events');
  const disable = (url: string): void => {
    for (const endpoint of endpoints.all()) {
      if (endpoint.url === url) endpoints.put({ ...endpoint, enabled: false, modified_at: sandbox.clock.nowIso() });
    }
  };
  const registered = (): Target[] =>
    endpoints
      .all()
      .filter((endpoint) => endpoint.enabled)
      .map(({ url, events, secret }) => ({ url, events, secret }));
  sandbox.targets.addSource('polar', registered, disable);
  return {
    sandbox,
    customers: store.collection<Objects.Customer>('polar/customers', {
      externalId: (doc) => (doc.deleted_at === null ? one(doc.external_id) : []),
      email: (doc) => (doc.deleted_at === null ? [doc.email.toLowerCase()] : []),
    }),
    products: store.collection<Objects.Product>('polar/products'),
    discounts: store.collection<Objects.Discount>('polar/discounts'),
    checkouts: store.collection<Objects.Checkout>('polar/checkouts', {
      secret: (doc) => [doc.client_secret],
      externalCustomer: (doc) => one(doc.external_customer_id),
      lookup: (doc) => Object.values(doc.metadata).map(String),
    }),
    subscriptions: store.collection<Objects.Subscription>('polar/subscriptions', {
      product: (doc) => [doc.product_id],
      customer: (doc) => [doc.customer_id],
      lookup: (doc) => Object.values(doc.metadata).map(String),
    }),
    orders: store.collection<Objects.Order>('polar/orders', {
      subscription: (doc) => one(doc.subscription_id),
      checkout: (doc) => one(doc.checkout_id),
      customer: (doc) => [doc.customer_id],
      secret: (doc) => [doc.internal.secret],
      product: (doc) => one(doc.product_id),
      lookup: (doc) => Object.values(doc.metadata).map(String),
    }),
    payments: store.collection<Objects.Payment>('polar/payments', { order: (doc) => one(doc.order_id) }),
    refunds: store.collection<Objects.Refund>('polar/refunds', { order: (doc) => [doc.order_id] }),
    endpoints,
    paymentMethods: store.collection<Objects.PaymentMethod>('polar/payment_methods', {
      customer: (doc) => [doc.customer_id],
    }),
    balances: store.collection<Objects.Balance>('polar/balances'),
    benefits: store.collection<Objects.Benefit>('polar/benefits'),
    grants: store.collection<Objects.Grant>('polar/benefit_grants', {
      customer: (doc) => [doc.customer_id],
      benefit: (doc) => [doc.benefit_id],
      source: (doc) => [doc.subscription_id ?? doc.order_id ?? ''],
    }),
    licenseKeys: store.collection<Objects.LicenseKey>('polar/license_keys', {
      key: (doc) => [doc.key],
      customer: (doc) => [doc.customer_id],
    }),
    activations: store.collection<Objects.Activation>('polar/license_key_activations', {
      key: (doc) => [doc.license_key_id],
    }),
    files: store.collection<Objects.StoredFile>('polar/files'),
    meters: store.collection<Objects.Meter>('polar/meters'),
    customerMeters: store.collection<Objects.CustomerMeter>('polar/customer_meters', {
      customer: (doc) => [doc.customer_id],
    }),
    usage: store.collection<Objects.UsageEvent>('polar/events', {
      externalId: (doc) => one(doc.external_id),
      parent: (doc) => one(doc.parent_id),
      customer: (doc) => [`id:${doc.customer_id ?? ''}`, `external:${doc.external_customer_id ?? ''}`],
    }),
    disputes: store.collection<Objects.Dispute>('polar/disputes', { order: (doc) => [doc.order_id] }),
    sessions: store.collection<Objects.Session>('polar/customer_sessions', { token: (doc) => [doc.token] }),
    webhookEvents,
    organizationId: () => sandbox.credentials.current().organizationId,
    now: () => sandbox.clock.nowIso(),
    emit(type, data) {
      if (sandbox.targets.of('polar', type).length === 0) return;
      const at = sandbox.clock.nowIso();
      const payload = JSON.stringify({ type, timestamp: at, api_version: API_VERSION, data });
      const { id } = webhookEvents.put({ id: uuid(), created_at: at, modified_at: null, type, payload });
      sandbox.deliveries.enqueue({ provider: 'polar', id, type, body: payload });
      if (webhookEvents.size > KEEP_EVENTS)
        for (const old of webhookEvents.all().slice(0, KEEP_EVENTS / 10)) webhookEvents.remove(old.id);
    },
  };
}

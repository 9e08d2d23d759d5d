import type { Sandbox } from '../context.ts';
import type { Collection } from '../core/collection.ts';
import { uuid } from '../core/ids.ts';
import type * as Objects from './objects.ts';

export const API_VERSION = '2026-10';
export const ORGANIZATION_SLUG = 'sandbox-merchant';

interface IngestedEvent {
  id: string;
  customer: string;
}

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
  vault: Collection<Objects.Vault>;
  usage: Collection<IngestedEvent>;
  organizationId(): string;
  now(): string;
  emit(type: string, data: object): void;
}

const one = (value: string | null): string[] => (value === null ? [] : [value]);

export function createPolarContext(sandbox: Sandbox): PolarContext {
  const { store } = sandbox;
  const endpoints = store.collection<Objects.Endpoint>('polar/webhook_endpoints');
  sandbox.targets.addSource('polar', () =>
    endpoints
      .all()
      .filter((endpoint) => endpoint.enabled)
      .map(({ url, events, secret }) => ({ url, events, secret })),
  );
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
      customer: (doc) => [doc.customer_id],
    }),
    orders: store.collection<Objects.Order>('polar/orders', {
      subscription: (doc) => one(doc.subscription_id),
      checkout: (doc) => one(doc.checkout_id),
    }),
    payments: store.collection<Objects.Payment>('polar/payments'),
    refunds: store.collection<Objects.Refund>('polar/refunds', { order: (doc) => [doc.order_id] }),
    endpoints,
    vault: store.collection<Objects.Vault>('polar/vault'),
    usage: store.collection<IngestedEvent>('polar/events'),
    organizationId: () => sandbox.credentials.current().organizationId,
    now: () => sandbox.clock.nowIso(),
    emit(type, data) {
      if (sandbox.targets.of('polar', type).length === 0) return;
      const body = JSON.stringify({ type, timestamp: sandbox.clock.nowIso(), api_version: API_VERSION, data });
      sandbox.deliveries.enqueue({ provider: 'polar', id: uuid(), type, body });
    },
  };
}

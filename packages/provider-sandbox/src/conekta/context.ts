import type { Sandbox } from '../context.ts';
import type { Collection } from '../core/collection.ts';
import { hex } from '../core/ids.ts';
import type * as Objects from './objects.ts';

export interface ConektaContext {
  sandbox: Sandbox;
  customers: Collection<Objects.Customer>;
  sources: Collection<Objects.PaymentSource>;
  vault: Collection<Objects.Vault>;
  orders: Collection<Objects.Order>;
  plans: Collection<Objects.Plan>;
  subscriptions: Collection<Objects.Subscription>;
  events: Collection<Objects.ConektaEvent>;
  webhooks: Collection<Objects.Webhook>;
  tokens: Collection<Objects.Token>;
  portals: Collection<Objects.CustomerPortal>;
  chargebacks: Collection<Objects.Chargeback>;
  webhookKeys: Collection<Objects.WebhookKey>;
  links: Collection<Objects.PaymentLink>;
  addresses: Collection<Objects.CustomerAddress>;
  now(): number;
  emit(type: string, object: object): void;
}

const idOf = (object: object): string | null => ('id' in object && typeof object.id === 'string' ? object.id : null);
const text = (value: unknown): string[] => (typeof value === 'string' ? [value] : []);

export function createConektaContext(sandbox: Sandbox): ConektaContext {
  const { store } = sandbox;
  const webhooks = store.collection<Objects.Webhook>('conekta/webhooks');
  const events = store.collection<Objects.ConektaEvent>('conekta/events');
  sandbox.targets.addSource('conekta', () =>
    webhooks
      .all()
      .filter((webhook) => webhook.active)
      .map(({ url, subscribed_events: types }) => ({ url, events: types, secret: null })),
  );
  return {
    sandbox,
    customers: store.collection<Objects.Customer>('conekta/customers'),
    sources: store.collection<Objects.PaymentSource>('conekta/payment_sources', { customer: (doc) => [doc.parent_id] }),
    vault: store.collection<Objects.Vault>('conekta/vault'),
    orders: store.collection<Objects.Order>('conekta/orders', {
      checkout: ({ checkout }) => (checkout ? [checkout.id, checkout.slug] : []),
      lookup: ({ metadata }) => Object.values(metadata).map(String),
      customer: ({ customer_info: info }) => text(info.customer_id),
      subscription: ({ subscription_id: id }) => text(id),
      authorization: ({ authorization }) => text(authorization?.slug),
      charge: ({ charges }) => charges.map(({ id }) => id),
    }),
    plans: store.collection<Objects.Plan>('conekta/plans'),
    subscriptions: store.collection<Objects.Subscription>('conekta/subscriptions', {
      customer: (doc) => [doc.customer_id],
    }),
    events,
    webhooks,
    tokens: store.collection<Objects.Token>('conekta/tokens'),
    portals: store.collection<Objects.CustomerPortal>('conekta/customer_portals', {
      slug: (doc) => [doc.slug],
      subscription: (doc) => [doc.subscription_id],
    }),
    webhookKeys: store.collection<Objects.WebhookKey>('conekta/webhook_keys'),
    links: store.collection<Objects.PaymentLink>('conekta/payment_links', { slug: ({ checkout }) => [checkout.slug] }),
    addresses: store.collection<Objects.CustomerAddress>('conekta/customer_addresses', {
      customer: (doc) => [doc.parent_id],
    }),
    chargebacks: store.collection<Objects.Chargeback>('conekta/chargebacks', { charge: (doc) => [doc.charge_id] }),
    now: () => sandbox.clock.nowSeconds(),
    emit(type, object) {
      const event: Objects.ConektaEvent = {
        data: { object: structuredClone(object), previous_attributes: {} },
        livemode: false,
        webhook_status: 'pending',
        webhook_logs: [],
        id: hex(24),
        object: 'event',
        type,
        created_at: sandbox.clock.nowSeconds(),
      };
      events.put({ ...event, object_id: idOf(object) });
      sandbox.deliveries.enqueue({ provider: 'conekta', id: event.id, type, body: JSON.stringify(event) });
    },
  };
}

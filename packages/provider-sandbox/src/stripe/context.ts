import type { Sandbox } from '../context.ts';
import { base62 } from '../core/ids.ts';
import type { Collection } from '../core/collection.ts';
import type * as Objects from './objects.ts';

export const API_VERSION = '2026-10-28.endive';

export interface StripeContext {
  sandbox: Sandbox;
  customers: Collection<Objects.Customer>;
  products: Collection<Objects.Product>;
  prices: Collection<Objects.Price>;
  coupons: Collection<Objects.Coupon>;
  promotionCodes: Collection<Objects.PromotionCode>;
  paymentMethods: Collection<Objects.PaymentMethod>;
  savedCards: Collection<Objects.SavedCard>;
  paymentIntents: Collection<Objects.PaymentIntent>;
  charges: Collection<Objects.Charge>;
  setupIntents: Collection<Objects.SetupIntent>;
  subscriptions: Collection<Objects.Subscription>;
  invoices: Collection<Objects.Invoice>;
  invoicePayments: Collection<Objects.InvoicePayment>;
  refunds: Collection<Objects.Refund>;
  events: Collection<Objects.StripeEvent>;
  webhookEndpoints: Collection<Objects.WebhookEndpoint & { sharedSecret: string }>;
  sessions: Collection<Objects.StoredSession>;
  now(): number;
  /** Stores the event and queues it for every receiver. */
  emit(type: string, object: object, previous?: object): void;
}

const one = (value: string | null | undefined): string[] => (typeof value === 'string' ? [value] : []);

function openCollections(sandbox: Sandbox) {
  const { store } = sandbox;
  return {
    customers: store.collection<Objects.Customer>('stripe/customers', { email: (doc) => one(doc.email) }),
    products: store.collection<Objects.Product>('stripe/products'),
    prices: store.collection<Objects.Price>('stripe/prices', {
      product: (doc) => [doc.product],
      lookupKey: (doc) => one(doc.lookup_key),
    }),
    coupons: store.collection<Objects.Coupon>('stripe/coupons'),
    promotionCodes: store.collection<Objects.PromotionCode>('stripe/promotion_codes', { code: (doc) => [doc.code] }),
    paymentMethods: store.collection<Objects.PaymentMethod>('stripe/payment_methods', {
      customer: (doc) => one(doc.customer),
    }),
    savedCards: store.collection<Objects.SavedCard>('stripe/saved_cards'),
    paymentIntents: store.collection<Objects.PaymentIntent>('stripe/payment_intents', {
      customer: (doc) => one(doc.customer),
    }),
    charges: store.collection<Objects.Charge>('stripe/charges', { paymentIntent: (doc) => one(doc.payment_intent) }),
    setupIntents: store.collection<Objects.SetupIntent>('stripe/setup_intents'),
    subscriptions: store.collection<Objects.Subscription>('stripe/subscriptions', {
      customer: (doc) => [doc.customer],
    }),
    invoices: store.collection<Objects.Invoice>('stripe/invoices', {
      customer: (doc) => [doc.customer],
      subscription: (doc) => one(doc.parent?.subscription_details.subscription),
    }),
    invoicePayments: store.collection<Objects.InvoicePayment>('stripe/invoice_payments', {
      invoice: (doc) => [doc.invoice],
      paymentIntent: (doc) => [doc.payment.payment_intent],
    }),
    refunds: store.collection<Objects.Refund>('stripe/refunds', {
      charge: (doc) => [doc.charge],
      paymentIntent: (doc) => one(doc.payment_intent),
    }),
    events: store.collection<Objects.StripeEvent>('stripe/events', { type: (doc) => [doc.type] }),
    webhookEndpoints: store.collection<Objects.WebhookEndpoint & { sharedSecret: string }>('stripe/webhook_endpoints'),
    sessions: store.collection<Objects.StoredSession>('stripe/checkout_sessions', {
      customer: ({ session }) => one(session.customer),
      paymentIntent: ({ session }) => one(session.payment_intent),
      subscription: ({ session }) => one(session.subscription),
      lookup: ({ session, plan }) => [
        ...one(session.client_reference_id),
        ...Object.values(session.metadata),
        ...Object.values(plan.paymentIntentMetadata),
        ...Object.values(plan.subscriptionMetadata),
      ],
    }),
  };
}

export function createStripeContext(sandbox: Sandbox): StripeContext {
  const collections = openCollections(sandbox);
  sandbox.targets.addSource('stripe', () =>
    collections.webhookEndpoints
      .all()
      .filter((endpoint) => endpoint.status === 'enabled')
      .map((endpoint) => ({ url: endpoint.url, events: endpoint.enabled_events, secret: endpoint.sharedSecret })),
  );
  return {
    sandbox,
    ...collections,
    now: () => sandbox.clock.nowSeconds(),
    emit(type, object, previous) {
      const event: Objects.StripeEvent = {
        id: `evt_1${base62(23)}`,
        object: 'event',
        api_version: API_VERSION,
        created: sandbox.clock.nowSeconds(),
        data: {
          object: structuredClone(object),
          ...(previous === undefined ? {} : { previous_attributes: previous }),
        },
        livemode: false,
        pending_webhooks: sandbox.targets.of('stripe', type).length,
        request: { id: null, idempotency_key: null },
        type,
      };
      collections.events.put(event);
      sandbox.deliveries.enqueue({ provider: 'stripe', id: event.id, type, body: JSON.stringify(event) });
    },
  };
}

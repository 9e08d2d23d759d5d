import type { Sandbox } from '../context.ts';
import { base62 } from '../core/ids.ts';
import type { Decline } from '../core/cards.ts';
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
  instruments: Collection<Objects.Instrument>;
  intentNotes: Collection<Objects.IntentNotes>;
  paymentIntents: Collection<Objects.PaymentIntent>;
  charges: Collection<Objects.Charge>;
  setupIntents: Collection<Objects.SetupIntent>;
  subscriptions: Collection<Objects.Subscription>;
  invoices: Collection<Objects.Invoice>;
  invoicePayments: Collection<Objects.InvoicePayment>;
  invoiceItems: Collection<Objects.InvoiceItem>;
  discounts: Collection<Objects.Discount>;
  disputes: Collection<Objects.Dispute>;
  fraudWarnings: Collection<Objects.EarlyFraudWarning>;
  meters: Collection<Objects.Meter>;
  usage: Collection<Objects.Usage>;
  portalConfigurations: Collection<Objects.PortalConfiguration>;
  portalSessions: Collection<Objects.PortalSession>;
  eventDestinations: Collection<Objects.EventDestination>;
  thinEvents: Collection<Objects.ThinEvent>;
  testClocks: Collection<Objects.TestClock>;
  schedules: Collection<Objects.SubscriptionSchedule>;
  refunds: Collection<Objects.Refund>;
  events: Collection<Objects.StripeEvent>;
  webhookEndpoints: Collection<Objects.WebhookEndpoint & { sharedSecret: string }>;
  sessions: Collection<Objects.StoredSession>;
  now(): number;
  hooks: Hooks;
  /** Stores the event and queues it for every receiver. */
  emit(type: string, object: object, previous?: object): void;
  /** A `v2.core.event`: sent without its data, which `/v2/core/events/{id}` gives. */
  emitThin(type: string, related: Objects.ThinEvent['related_object'], data: object | null): void;
}

type PaymentListener = (intent: Objects.PaymentIntent, decline: Decline | null) => void;
type InvoiceListener = (invoice: Objects.Invoice, decline: Decline | null) => void;

/** Who waits for money: sessions and invoices for intents, subscriptions for invoices. */
export interface Hooks {
  onPayment(listener: PaymentListener): void;
  onInvoice(listener: InvoiceListener): void;
  /** `decline` null: paid. */
  paymentSettled: PaymentListener;
  invoiceSettled: InvoiceListener;
}

function createHooks(): Hooks {
  const payments: PaymentListener[] = [];
  const invoices: InvoiceListener[] = [];
  return {
    onPayment: (listener) => void payments.push(listener),
    onInvoice: (listener) => void invoices.push(listener),
    paymentSettled: (intent, decline) => payments.forEach((listener) => listener(intent, decline)),
    invoiceSettled: (invoice, decline) => invoices.forEach((listener) => listener(invoice, decline)),
  };
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
    instruments: store.collection<Objects.Instrument>('stripe/saved_cards'),
    intentNotes: store.collection<Objects.IntentNotes>('stripe/intent_notes'),
    invoiceItems: store.collection<Objects.InvoiceItem>('stripe/invoice_items', {
      customer: (doc) => [doc.customer],
      invoice: (doc) => one(doc.invoice),
    }),
    discounts: store.collection<Objects.Discount>('stripe/discounts'),
    disputes: store.collection<Objects.Dispute>('stripe/disputes', { charge: (doc) => [doc.charge] }),
    fraudWarnings: store.collection<Objects.EarlyFraudWarning>('stripe/early_fraud_warnings'),
    meters: store.collection<Objects.Meter>('stripe/meters', { eventName: (doc) => [doc.event_name] }),
    usage: store.collection<Objects.Usage>('stripe/usage', {
      meterCustomer: (doc) => [`${doc.meter}/${doc.customer}`],
    }),
    portalConfigurations: store.collection<Objects.PortalConfiguration>('stripe/portal_configurations'),
    portalSessions: store.collection<Objects.PortalSession>('stripe/portal_sessions', {
      token: (doc) => [doc.url.slice(doc.url.lastIndexOf('/') + 1)],
    }),
    eventDestinations: store.collection<Objects.EventDestination>('stripe/event_destinations'),
    thinEvents: store.collection<Objects.ThinEvent>('stripe/thin_events'),
    schedules: store.collection<Objects.SubscriptionSchedule>('stripe/subscription_schedules'),
    testClocks: store.collection<Objects.TestClock>('stripe/test_clocks'),
    paymentIntents: store.collection<Objects.PaymentIntent>('stripe/payment_intents', {
      customer: (doc) => one(doc.customer),
    }),
    charges: store.collection<Objects.Charge>('stripe/charges', { paymentIntent: (doc) => one(doc.payment_intent) }),
    setupIntents: store.collection<Objects.SetupIntent>('stripe/setup_intents', {
      customer: (doc) => one(doc.customer),
    }),
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

type Collections = ReturnType<typeof openCollections>;

/** Types that exist in thin form only; the configured address gets them too, since nothing else tells of them. */
const THIN_ONLY = /^v1\.billing\.meter\.|^v2\./;

function registerTargets(sandbox: Sandbox, { webhookEndpoints, eventDestinations }: Collections): void {
  sandbox.targets.addSource('stripe', () => [
    ...webhookEndpoints
      .all()
      .filter((endpoint) => endpoint.status === 'enabled')
      .map((endpoint) => ({ url: endpoint.url, events: endpoint.enabled_events, secret: endpoint.sharedSecret })),
    ...eventDestinations
      .all()
      .filter((destination) => destination.status === 'enabled')
      .map(({ url, enabled_events: events, event_payload: payload, signingSecret: secret }) =>
        payload === 'thin' ? { url, events, secret, format: 'thin' as const } : { url, events, secret },
      ),
  ]);
}

export function createStripeContext(sandbox: Sandbox): StripeContext {
  const collections = openCollections(sandbox);
  registerTargets(sandbox, collections);

  function emitThin(type: string, related: Objects.ThinEvent['related_object'], data: object | null): void {
    const event: Objects.ThinEvent = {
      id: `evt_test_${base62(40)}`,
      object: 'v2.core.event',
      context: null,
      created: sandbox.clock.nowIso(),
      livemode: false,
      reason: null,
      related_object: related,
      type,
      data,
    };
    collections.thinEvents.put(event);
    const { data: _kept, ...sent } = event;
    sandbox.deliveries.enqueue({
      provider: 'stripe',
      id: event.id,
      type,
      body: JSON.stringify(sent),
      format: THIN_ONLY.test(type) ? 'thin' : 'thin_registered',
    });
  }

  return {
    sandbox,
    ...collections,
    hooks: createHooks(),
    now: () => sandbox.clock.nowSeconds(),
    emit(type, object, previous) {
      const event: Objects.StripeEvent = {
        id: `evt_1${base62(23)}`,
        object: 'event',
        api_version: API_VERSION,
        created: sandbox.clock.nowSeconds(),
        data: {
          object: structuredClone(object),
          ...(previous === undefined ? {} : { previous_attributes: structuredClone(previous) }),
        },
        livemode: false,
        pending_webhooks: sandbox.targets.of('stripe', type).length,
        request: { id: null, idempotency_key: null },
        type,
      };
      collections.events.put(event);
      sandbox.deliveries.enqueue({ provider: 'stripe', id: event.id, type, body: JSON.stringify(event) });
      const id: unknown = Reflect.get(object, 'id');
      const wanted = collections.eventDestinations
        .all()
        .some((to) => to.event_payload === 'thin' && to.enabled_events.includes(`v1.${type}`));
      if (wanted && typeof id === 'string') emitThin(`v1.${type}`, relatedTo(object, id), null);
    },
    emitThin,
  };
}

/** Where the object is read: `/v1/checkout/sessions/cs_…` for `checkout.session`. */
function relatedTo(object: object, id: string): Objects.ThinEvent['related_object'] {
  const type = String(Reflect.get(object, 'object'));
  const path = type.replace('.', '/').replace(/y$/, 'ie');
  return { id, type, url: `/v1/${path}s/${id}` };
}

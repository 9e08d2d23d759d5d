import type { Sandbox } from '../context.ts';
import type { Collection } from '../core/collection.ts';
import { base62, uuid } from '../core/ids.ts';
import type * as Objects from './objects.ts';

/** What a merchant sets in the dashboard, for which there is no public API. */
export interface DashboardSettings {
  id: string;
  /** Custom fields of the checkout, all required; undeclared ones in a link are dropped. */
  declaredFields: string[];
  /** The one redirect of the whole store after payment; null stays on the page. */
  redirectUrl: string | null;
  /** Which of `fngs-order-id`, `fngs-user-email`, `fngs-product-internal-id` the redirect gets. */
  redirectParameters: string[];
  currency: string;
  /** Tax inside every price, in percent: Fungies is the merchant of record. */
  taxPercent: number;
  /** `testMode` of every event. */
  testMode: boolean;
  firstPurchaseOrder: 'alternate' | 'subscription_first' | 'payment_first';
  /** When `subscription_cancelled` is sent for a cancellation at interval end: unstated by the vendor. */
  cancelledEventAt: 'lapse' | 'request';
}

const DEFAULT_SETTINGS: DashboardSettings = {
  id: 'settings',
  declaredFields: ['checkout_id', 'organization_id', 'project_id'],
  redirectUrl: null,
  redirectParameters: ['fngs-order-id', 'fngs-user-email', 'fngs-product-internal-id'],
  currency: 'USD',
  taxPercent: 0,
  // The sandbox stands for a test account.
  testMode: true,
  firstPurchaseOrder: 'alternate',
  cancelledEventAt: 'lapse',
};

export interface FungiesContext {
  sandbox: Sandbox;
  users: Collection<Objects.User>;
  products: Collection<Objects.Product>;
  offers: Collection<Objects.Offer>;
  discounts: Collection<Objects.Discount>;
  elements: Collection<Objects.CheckoutElement>;
  orders: Collection<Objects.Order>;
  payments: Collection<Objects.Payment>;
  subscriptions: Collection<Objects.Subscription>;
  sales: Collection<Objects.Sale>;
  settings(): DashboardSettings;
  configure(change: Partial<DashboardSettings>): DashboardSettings;
  now(): number;
  storeUrl(): string;
  emit(type: string, data: object): void;
}

const one = (value: string | null): string[] => (value === null ? [] : [value]);

/** Such as `S3oQQCCw7wOC6VeO`. */
export const newNumber = (): string => base62(16);

export function createFungiesContext(sandbox: Sandbox): FungiesContext {
  const { store } = sandbox;
  const dashboard = store.collection<DashboardSettings>('fungies/dashboard');
  const settings = (): DashboardSettings => dashboard.get('settings') ?? DEFAULT_SETTINGS;
  return {
    sandbox,
    users: store.collection<Objects.User>('fungies/users', { email: (doc) => [doc.email.toLowerCase()] }),
    products: store.collection<Objects.Product>('fungies/products'),
    offers: store.collection<Objects.Offer>('fungies/offers'),
    discounts: store.collection<Objects.Discount>('fungies/discounts', { code: (doc) => [doc.discountCode] }),
    elements: store.collection<Objects.CheckoutElement>('fungies/checkout_elements'),
    orders: store.collection<Objects.Order>('fungies/orders', {
      number: (doc) => [doc.number],
      user: (doc) => [doc.userId],
    }),
    payments: store.collection<Objects.Payment>('fungies/payments', {
      number: (doc) => [doc.number],
      subscription: (doc) => one(doc.subscriptionId),
      user: (doc) => [doc.userId],
      invoice: (doc) => [doc.invoiceToken],
      order: (doc) => one(doc.orderId),
    }),
    subscriptions: store.collection<Objects.Subscription>('fungies/subscriptions', {
      user: (doc) => [doc.userId],
      lookup: (doc) => doc.items.flatMap((item) => Object.values(item.customFields)),
    }),
    sales: store.collection<Objects.Sale>('fungies/sales', {
      link: (doc) => [doc.linkKey],
      lookup: (doc) => Object.values(doc.customFields),
    }),
    settings,
    configure: (change) => dashboard.put({ ...settings(), ...change, id: 'settings' }),
    now: () => sandbox.clock.nowMs(),
    storeUrl: () => `${sandbox.publicUrl()}/fungies/store`,
    emit(type, data) {
      if (sandbox.targets.of('fungies', type).length === 0) return;
      const id = uuid();
      const body = JSON.stringify({ id, type, idempotencyKey: id, testMode: settings().testMode, data });
      sandbox.deliveries.enqueue({ provider: 'fungies', id, type, body });
    },
  };
}

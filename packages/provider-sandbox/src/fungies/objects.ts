import type { Card } from '../core/cards.ts';

export const PAYMENT_STATUSES = [
  'PENDING',
  'PAID',
  'FAILED',
  'UNPAID',
  'CANCELLED',
  'REFUNDED',
  'PARTIALLY_REFUNDED',
  'EXPIRED',
] as const;
/** Of orders and payments alike. */
export type PaymentStatus = (typeof PAYMENT_STATUSES)[number];

export const PAYMENT_TYPES = [
  'one_time',
  'subscription_initial',
  'subscription_update',
  'subscription_interval',
  'subscription_extra',
  'claim_free',
] as const;
export type PaymentType = (typeof PAYMENT_TYPES)[number];

export const SUBSCRIPTION_STATUSES = [
  'active',
  'past_due',
  'canceled',
  'unpaid',
  'incomplete',
  'incomplete_expired',
  'trialing',
  'paused',
] as const;
export type SubscriptionStatus = (typeof SUBSCRIPTION_STATUSES)[number];

export const INTERVALS = ['day', 'week', 'month', 'year'] as const;
export type IntervalUnit = (typeof INTERVALS)[number];

export interface Period {
  unit: IntervalUnit;
  count: number;
}

/** Milliseconds. */
export interface Interval {
  start: number;
  end: number;
}

/** Odd fields of an imported record, laid over what the API would show. */
export type Overrides = Record<string, unknown>;

export interface User {
  id: string;
  email: string;
  username: string | null;
  internalId: string | null;
  details: Record<string, unknown> | null;
  createdAt: number;
  archivedAt: number | null;
  /** Whether a provider customer exists, without which no subscription can be created. */
  hasProviderCustomer: boolean;
  card: Card | null;
  overrides: Overrides;
}

export interface Product {
  id: string;
  type: string;
  name: string;
  description: string | null;
  internalId: string | null;
  status: string;
  createdAt: number;
  archivedAt: number | null;
  variants: Facet[];
  plans: Facet[];
}

/** A variant or a plan: an offer's `variantId` names either. */
export interface Facet {
  id: string;
  name: string;
  internalId: string | null;
}

export interface Offer {
  id: string;
  internalId: string | null;
  productId: string;
  variantId: string | null;
  name: string;
  /** Minor units. Written in major units through the API. */
  price: number;
  originalPrice: number | null;
  currency: string;
  recurringInterval: IntervalUnit | null;
  recurringIntervalCount: number | null;
  trialInterval: IntervalUnit | null;
  trialIntervalCount: number | null;
  limit: number | null;
  soldItems: number;
  status: string;
  createdAt: number;
  archivedAt: number | null;
}

export interface Discount {
  id: string;
  name: string;
  discountCode: string;
  amountType: 'fixed' | 'percentage';
  /** Minor units, or percent. */
  amount: number;
  currency: string | null;
  validFromMs: number;
  validUntilMs: number | null;
  purchaseLimit: number | null;
  purchases: number;
  includedOffers: string[];
  excludedOffers: string[];
  includesAllOffers: boolean;
  status: 'active' | 'inactive';
  timezone: string | null;
  createdAt: number;
}

export interface CheckoutElement {
  id: string;
  name: string;
  status: 'ACTIVE' | 'DRAFT';
  offerIds: string[];
  customFields: Record<string, string>;
  createdAt: number;
}

export interface Item {
  id: string;
  name: string;
  quantity: number;
  /** Minor units for the whole line. */
  value: number;
  currency: string;
  offerId: string | null;
  customFields: Record<string, string>;
  overrides: Overrides;
}

export interface Order {
  id: string;
  number: string;
  status: PaymentStatus;
  value: number;
  tax: number;
  fee: number;
  totalItems: number;
  country: string | null;
  currency: string;
  createdAt: number;
  userId: string;
  lastPaymentId: string | null;
  subscriptionId: string | null;
  overrides: Overrides;
}

export interface Refund {
  id: string;
  amount: number;
  createdAt: number;
}

export interface Payment {
  id: string;
  type: PaymentType;
  number: string;
  status: PaymentStatus;
  value: number;
  tax: number;
  fee: number;
  currency: string;
  createdAt: number;
  userId: string;
  orderId: string | null;
  subscriptionId: string | null;
  /** The interval that it pays, which no API shows; absent in an older state. */
  interval?: Interval | null;
  discountId: string | null;
  discountValue: number;
  invoiceNumber: string | null;
  invoiceToken: string;
  items: Item[];
  refunds: Refund[];
  overrides: Overrides;
}

export interface Subscription {
  /** The first order's number. */
  id: string;
  status: SubscriptionStatus;
  createdAt: number;
  currentIntervalStart: number;
  currentIntervalEnd: number;
  cancelAtIntervalEnd: boolean;
  canceledAt: number | null;
  userId: string;
  orderId: string;
  lastPaymentId: string | null;
  items: Item[];
  period: Period;
  anchorDay: number;
  /** How many intervals have been billed; numbers the renewals' payments. */
  intervals: number;
  /** Failed collections of the interval's payment so far. */
  attempts: number;
  pause: { invoicingBehavior: 'void' | 'keep_as_draft' | 'mark_uncollectible'; resumeAtMs: number | null } | null;
  overrides: Overrides;
}

/** A visit of a hosted checkout link, from first sight to payment. */
export interface Sale {
  id: string;
  /** The link without its order of parameters: seeing it again finds this sale while it is open. */
  linkKey: string;
  offerIds: string[];
  elementId: string | null;
  state: 'open' | 'complete';
  quantity: number;
  discountCode: string | null;
  customFields: Record<string, string>;
  /** False when the control interface began it without a link, which would have carried the other fields. */
  needsEveryField: boolean;
  email: string | null;
  firstName: string | null;
  lastName: string | null;
  country: string | null;
  region: string | null;
  city: string | null;
  zipCode: string | null;
  createdAt: number;
  orderId: string | null;
}

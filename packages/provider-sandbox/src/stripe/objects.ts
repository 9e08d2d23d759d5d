import type { Card } from '../core/cards.ts';

type Strings = Record<string, string>;

/** Fields the sandbox acts on; builders add the rest of each published shape. */
interface Base {
  id: string;
  created: number;
  [field: string]: unknown;
}

export interface ListOf<T> {
  object: 'list';
  data: T[];
  has_more: boolean;
  url: string;
  total_count?: number;
}

export interface Customer extends Base {
  email: string | null;
  name: string | null;
  metadata: Strings;
  deleted?: true;
  invoice_settings: { default_payment_method: string | null; [field: string]: unknown };
}

export interface Product extends Base {
  name: string;
  active: boolean;
  metadata: Strings;
  default_price: string | null;
}

export interface Recurring {
  interval: 'day' | 'week' | 'month' | 'year';
  interval_count: number;
  meter: string | null;
  trial_period_days: number | null;
  usage_type: 'licensed' | 'metered';
}

export interface Price extends Base {
  active: boolean;
  currency: string;
  product: string;
  unit_amount: number | null;
  recurring: Recurring | null;
  lookup_key: string | null;
  metadata: Strings;
  type: 'one_time' | 'recurring';
}

export interface Coupon extends Base {
  percent_off: number | null;
  amount_off: number | null;
  currency: string | null;
  duration: 'once' | 'repeating' | 'forever';
  times_redeemed: number;
  valid: boolean;
}

export interface PromotionCode extends Base {
  code: string;
  active: boolean;
  promotion: { type: 'coupon'; coupon: string };
  times_redeemed: number;
}

export interface PaymentMethod extends Base {
  type: 'card' | 'oxxo' | 'customer_balance';
  customer: string | null;
}

/** What the sandbox remembers of a card beside the published payment method. */
export interface SavedCard {
  id: string;
  card: Card;
}

export interface PaymentIntent extends Base {
  amount: number;
  amount_received: number;
  currency: string;
  customer: string | null;
  status: string;
  latest_charge: string | null;
  payment_method: string | null;
  next_action: unknown;
  last_payment_error: unknown;
  metadata: Strings;
}

export interface Charge extends Base {
  amount: number;
  amount_refunded: number;
  currency: string;
  customer: string | null;
  payment_intent: string | null;
  refunded: boolean;
  status: 'succeeded' | 'pending' | 'failed';
  metadata: Strings;
}

export interface SetupIntent extends Base {
  customer: string | null;
  status: string;
  payment_method: string | null;
  metadata: Strings;
}

export interface SubscriptionItem extends Base {
  current_period_start: number;
  current_period_end: number;
  price: Price;
  quantity: number;
  subscription: string;
}

export interface Subscription extends Base {
  status: string;
  customer: string;
  currency: string;
  metadata: Strings;
  items: ListOf<SubscriptionItem>;
  latest_invoice: string | null;
  default_payment_method: string | null;
  cancel_at_period_end: boolean;
  cancel_at: number | null;
  canceled_at: number | null;
  ended_at: number | null;
  trial_start: number | null;
  trial_end: number | null;
  discounts: string[];
  billing_cycle_anchor: number;
}

export interface Invoice extends Base {
  customer: string;
  currency: string;
  status: 'draft' | 'open' | 'paid' | 'uncollectible' | 'void';
  total: number;
  amount_due: number;
  amount_paid: number;
  amount_remaining: number;
  attempt_count: number;
  attempted: boolean;
  next_payment_attempt: number | null;
  billing_reason: string;
  parent: { subscription_details: { subscription: string; metadata: Strings } } | null;
  status_transitions: Record<string, number | null>;
}

export interface InvoicePayment extends Base {
  invoice: string;
  status: 'open' | 'paid' | 'canceled';
  payment: { type: 'payment_intent'; payment_intent: string };
}

export interface Refund extends Base {
  amount: number;
  charge: string;
  payment_intent: string | null;
  status: string;
}

export interface StripeEvent extends Base {
  type: string;
  data: { object: unknown; previous_attributes?: unknown };
}

export interface WebhookEndpoint extends Base {
  url: string;
  enabled_events: string[];
  status: 'enabled' | 'disabled';
}

export interface SessionLine {
  id: string;
  price: Price;
  productName: string;
  description: string | null;
  quantity: number;
  subtotal: number;
  discount: number;
}

/** What a session will do once paid; never shown. */
export interface SessionPlan {
  lines: SessionLine[];
  paymentIntentMetadata: Strings;
  subscriptionMetadata: Strings;
  setupIntentMetadata: Strings;
  paymentDescription: string | null;
  trialEnd: number | null;
  coupon: string | null;
  promotionCode: string | null;
  oxxoDays: number;
  voucherReference: string | null;
  voucherKind: 'cash' | 'spei' | null;
  voucherExpiresAt: number | null;
}

export interface Session extends Base {
  mode: 'payment' | 'subscription' | 'setup';
  status: 'open' | 'complete' | 'expired';
  payment_status: 'paid' | 'unpaid' | 'no_payment_required';
  amount_subtotal: number;
  amount_total: number;
  currency: string;
  customer: string | null;
  customer_email: string | null;
  customer_details: unknown;
  client_reference_id: string | null;
  expires_at: number;
  metadata: Strings;
  payment_intent: string | null;
  setup_intent: string | null;
  subscription: string | null;
  invoice: string | null;
  payment_method_types: string[];
  success_url: string | null;
  cancel_url: string | null;
  url: string | null;
  locale: string | null;
}

export interface StoredSession {
  id: string;
  session: Session;
  plan: SessionPlan;
}

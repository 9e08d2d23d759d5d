import type { Card } from '../core/cards.ts';
import type { CardBehaviour } from './payments/test-cards.ts';

export type * from './service-objects.ts';

export type Strings = Record<string, string>;

/** Fields the sandbox acts on; builders add the rest of each published shape. */
export interface Base {
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
  balance: number;
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
  unit_amount_decimal: string | null;
  lookup_key: string | null;
  metadata: Strings;
  type: 'one_time' | 'recurring';
  tax_behavior: 'exclusive' | 'inclusive' | 'unspecified';
  billing_scheme: 'per_unit' | 'tiered';
  tiers_mode: 'graduated' | 'volume' | null;
  transform_quantity: { divide_by: number; round: 'up' | 'down' } | null;
}

export interface Coupon extends Base {
  duration_in_months: number | null;
  max_redemptions: number | null;
  redeem_by: number | null;
  name: string | null;
  metadata: Strings;
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
  customer: string | null;
  expires_at: number | null;
  max_redemptions: number | null;
  metadata: Strings;
  restrictions: {
    first_time_transaction: boolean;
    minimum_amount: number | null;
    minimum_amount_currency: string | null;
  };
}

export interface PaymentMethod extends Base {
  type: string;
  customer: string | null;
  metadata: Strings;
}

/** What the sandbox remembers of a card or account beside the published payment method. */
export interface Instrument {
  id: string;
  card: Card | null;
  behaviour: CardBehaviour;
  settles: boolean;
  /** Authenticated once for later use. */
  isSetUp: boolean;
  /** Detached for good: it can never be attached again. */
  wasDetached: boolean;
}

/** What the sandbox remembers of an intent beside its published fields. */
export interface IntentNotes {
  id: string;
  ledgerMetadata: Strings;
  returnUrl: string | null;
  /** The session or invoice that made it, and that alone may cancel it. */
  ownedBy: string | null;
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
  metadata: Strings;
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
  collection_method: 'charge_automatically' | 'send_invoice';
  start_date: number;
  automatic_tax: { enabled: boolean; disabled_reason: string | null; liability: unknown };
  pause_collection: { behavior: string; resumes_at: number | null } | null;
  pending_update: PendingUpdate | null;
  pending_setup_intent: string | null;
  schedule: string | null;
}

export interface PendingUpdate {
  billing_cycle_anchor: number | null;
  cancel_at_period_end: boolean | null;
  discount: null;
  discounts: null;
  expires_at: number;
  metadata: Strings | null;
  subscription_items: SubscriptionItem[] | null;
  trial_end: number | null;
  trial_from_plan: boolean | null;
}

export interface Discount {
  id: string;
  object: 'discount';
  checkout_session: string | null;
  customer: string | null;
  customer_account: null;
  end: number | null;
  invoice: string | null;
  invoice_item: null;
  promotion_code: string | null;
  source: { type: 'coupon'; coupon: string };
  start: number;
  subscription: string | null;
  subscription_item: null;
}

export interface TaxAmount {
  amount: number;
  tax_behavior: 'exclusive' | 'inclusive';
  tax_rate_details: { tax_rate: string } | null;
  taxability_reason: string;
  taxable_amount: number;
  type: 'tax_rate_details';
}

export interface InvoiceLine {
  id: string;
  object: 'line_item';
  amount: number;
  currency: string;
  description: string;
  discount_amounts: { amount: number; discount: string }[];
  invoice: string | null;
  period: { start: number; end: number };
  quantity: number;
  taxes: TaxAmount[];
  [field: string]: unknown;
}

export interface Invoice extends Base {
  customer: string;
  currency: string;
  status: 'draft' | 'open' | 'paid' | 'uncollectible' | 'void';
  number: string | null;
  subtotal: number;
  total: number;
  total_excluding_tax: number;
  amount_due: number;
  amount_paid: number;
  amount_remaining: number;
  attempt_count: number;
  attempted: boolean;
  auto_advance: boolean;
  automatic_tax: { enabled: boolean; status: string | null; [field: string]: unknown };
  collection_method: 'charge_automatically' | 'send_invoice';
  starting_balance: number;
  ending_balance: number | null;
  default_payment_method: string | null;
  discounts: string[];
  due_date: number | null;
  description: string | null;
  footer: string | null;
  metadata: Strings;
  lines: ListOf<InvoiceLine>;
  next_payment_attempt: number | null;
  billing_reason: string;
  hosted_invoice_url: string | null;
  invoice_pdf: string | null;
  total_taxes: TaxAmount[];
  parent: {
    quote_details: null;
    subscription_details: { subscription: string; metadata: Strings; subscription_proration_date?: number };
    type: 'subscription_details';
  } | null;
  status_transitions: Record<string, number | null>;
}

export interface InvoiceItem extends Base {
  amount: number;
  currency: string;
  customer: string;
  description: string;
  invoice: string | null;
  period: { start: number; end: number };
  quantity: number;
  proration: boolean;
  /** Published as `parent.subscription_details.subscription`. */
  parent: {
    quote_details: null;
    subscription_details: { subscription: string; subscription_item: string | null };
    type: 'subscription_details';
  } | null;
  pricing: {
    price_details: { price: string; product: string } | null;
    type: 'price_details';
    unit_amount_decimal: string | null;
  };
  metadata: Strings;
  discountable: boolean;
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
  metadata: Strings;
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
  tax: number;
  taxes: TaxAmount[];
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
  setupFutureUsage: string | null;
  captureMethod: string | null;
  automaticTax: boolean;
  invoiceCreation: boolean;
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

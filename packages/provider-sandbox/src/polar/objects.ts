import type { Card } from '../core/cards.ts';
import type { Address, Metadata } from '../core/types.ts';

interface Base {
  id: string;
  created_at: string;
  modified_at: string | null;
  [field: string]: unknown;
}

export interface Customer extends Base {
  metadata: Metadata;
  external_id: string | null;
  email: string;
  name: string | null;
  billing_name: string | null;
  billing_address: Address | null;
  /** The number and its kind, such as `eu_vat`. */
  tax_id: [string, string | null] | null;
  default_payment_method_id: string | null;
  deleted_at: string | null;
}

export interface SeatTier {
  min_seats: number;
  max_seats?: number | null | undefined;
  price_per_seat: number;
}

export type TaxOption = 'location' | 'inclusive' | 'exclusive';

export interface ProductPrice extends Base {
  amount_type: string;
  price_currency: string;
  price_amount?: number;
  product_id: string;
  is_archived: boolean;
  tax_behavior: TaxOption | null;
  meter_id?: string;
  /** A decimal number of minor units. */
  unit_amount?: string;
  cap_amount?: number | null;
  seat_tiers?: { seat_tier_type: 'volume' | 'graduated'; tiers: SeatTier[] };
}

export type Interval = 'day' | 'week' | 'month' | 'year';

export interface Product extends Base {
  name: string;
  metadata: Metadata;
  recurring_interval: Interval | null;
  recurring_interval_count: number | null;
  trial_interval: Interval | null;
  trial_interval_count: number | null;
  is_recurring: boolean;
  is_archived: boolean;
  meter_interval: Interval | null;
  meter_interval_count: number | null;
  prices: ProductPrice[];
  benefit_ids: string[];
}

export interface Discount extends Base {
  name: string;
  type: 'fixed' | 'percentage';
  duration: 'once' | 'forever' | 'repeating';
  code: string | null;
  amount?: number;
  currency?: string;
  basis_points?: number;
  redemptions_count: number;
  duration_in_months?: number;
  max_redemptions: number | null;
  max_redemptions_per_customer: number | null;
  product_ids: string[];
  metadata: Metadata;
}

/** Stored part of a checkout; `checkout-object.ts` shows it with its product and amounts. */
export interface Checkout extends Base {
  status: 'open' | 'confirmed' | 'succeeded' | 'expired';
  client_secret: string;
  expires_at: string;
  product_ids: string[];
  product_id: string;
  price: ProductPrice;
  currency: string;
  amount: number;
  discount_id: string | null;
  customer_id: string | null;
  external_customer_id: string | null;
  customer_email: string | null;
  customer_name: string | null;
  customer_billing_address: Address | null;
  customer_metadata: Metadata;
  metadata: Metadata;
  success_url: string;
  return_url: string | null;
  trial_interval: Interval | null;
  trial_interval_count: number | null;
  allow_trial: boolean;
  subscription_id: string | null;
  locale: string | null;
  customer_tax_id: string | null;
  seats: number | null;
  /** Every price of the product in the checkout's currency; `price` is the first. */
  prices: ProductPrice[];
  is_business: boolean;
}

/** An amount waiting for the next invoice, of a change in the middle of a period. */
export interface Proration {
  label: string;
  amount: number;
  product_price_id: string | null;
}

interface PendingUpdate {
  created_at: string;
  modified_at: string | null;
  id: string;
  applies_at: string;
  product_id: string | null;
  seats: number | null;
}

export interface Subscription extends Base {
  status: string;
  amount: number;
  currency: string;
  recurring_interval: Interval;
  recurring_interval_count: number;
  current_period_start: string;
  current_period_end: string;
  trial_start: string | null;
  trial_end: string | null;
  cancel_at_period_end: boolean;
  canceled_at: string | null;
  started_at: string;
  ends_at: string | null;
  ended_at: string | null;
  past_due_at: string | null;
  customer_id: string;
  product_id: string;
  discount_id: string | null;
  checkout_id: string | null;
  metadata: Metadata;
  prices: ProductPrice[];
  seats: number | null;
  pause_at_period_end: boolean;
  paused_at: string | null;
  resumes_at: string | null;
  current_meter_period_start: string | null;
  current_meter_period_end: string | null;
  pending_update: PendingUpdate | null;
  /** Not published: when the discount began, and what the next invoice takes along. */
  internal: { discountedSince: string | null; prorations: Proration[]; paymentMethodId: string | null };
}

export interface OrderItem {
  id: string;
  created_at: string;
  modified_at: string | null;
  label: string;
  amount: number;
  tax_amount: number;
  proration: boolean;
  product_price_id: string | null;
  start_timestamp: string | null;
  end_timestamp: string | null;
}

export interface Order extends Base {
  status: 'draft' | 'pending' | 'paid' | 'refunded' | 'partially_refunded' | 'void';
  paid: boolean;
  subtotal_amount: number;
  discount_amount: number;
  net_amount: number;
  tax_amount: number;
  total_amount: number;
  due_amount: number;
  refunded_amount: number;
  refunded_tax_amount: number;
  currency: string;
  billing_reason: string;
  customer_id: string;
  product_id: string | null;
  discount_id: string | null;
  subscription_id: string | null;
  checkout_id: string | null;
  metadata: Metadata;
  next_payment_attempt_at: string | null;
  applied_balance_amount: number;
  billing_name: string | null;
  billing_address: Address | null;
  is_invoice_generated: boolean;
  invoice_number: string | null;
  items: OrderItem[];
  description: string;
  /** Not published: the link's secret of its invoice page, failed collections, whether the invoice was asked for. */
  internal: { secret: string; attempts: number; isInvoiceAsked: boolean };
}

export interface Payment extends Base {
  status: 'succeeded' | 'failed';
  amount: number;
  currency: string;
  method: string;
  checkout_id: string | null;
  order_id: string | null;
  customer_id: string | null;
}

export interface Refund extends Base {
  order_id: string;
  amount: number;
  tax_amount: number;
  customer_id: string;
  subscription_id: string | null;
  status: string;
  metadata: Metadata;
}

export interface Endpoint extends Base {
  url: string;
  secret: string;
  name: string | null;
  events: string[];
  enabled: boolean;
}

/** A saved card; its network data never leaves the sandbox. */
export interface PaymentMethod extends Base {
  customer_id: string;
  card: Card;
}

/** Credit of a customer from downgrades, per currency, spent by the next orders. */
export interface Balance {
  id: string;
  amount: number;
}

export type BenefitType =
  | 'custom'
  | 'discord'
  | 'github_repository'
  | 'downloadables'
  | 'license_keys'
  | 'meter_credit'
  | 'feature_flag'
  | 'slack_shared_channel';

export interface Benefit extends Base {
  type: BenefitType;
  description: string;
  is_deleted: boolean;
  metadata: Metadata;
  properties: Record<string, unknown>;
}

export interface Grant extends Base {
  granted_at: string | null;
  is_granted: boolean;
  revoked_at: string | null;
  is_revoked: boolean;
  subscription_id: string | null;
  order_id: string | null;
  customer_id: string;
  benefit_id: string;
  properties: Record<string, unknown>;
  error: { message: string; type: string; timestamp: string } | null;
}

export interface LicenseKey extends Base {
  customer_id: string;
  benefit_id: string;
  key: string;
  display_key: string;
  status: 'granted' | 'revoked' | 'disabled';
  limit_activations: number | null;
  usage: number;
  limit_usage: number | null;
  validations: number;
  last_validated_at: string | null;
  expires_at: string | null;
}

export interface Activation extends Base {
  license_key_id: string;
  label: string;
  meta: Metadata;
  conditions: Metadata;
}

export interface FilterClause {
  property: string;
  operator: 'eq' | 'ne' | 'gt' | 'gte' | 'lt' | 'lte' | 'like' | 'not_like';
  value: string | number | boolean;
}

export interface Filter {
  conjunction: 'and' | 'or';
  clauses: (FilterClause | Filter)[];
}

export interface Meter extends Base {
  name: string;
  unit: 'scalar' | 'token' | 'custom';
  metadata: Metadata;
  filter: Filter;
  aggregation: { func: 'count' | 'sum' | 'max' | 'min' | 'avg' | 'unique'; property?: string | undefined };
  archived_at: string | null;
}

/** A customer's standing with one meter since its last reset. */
export interface CustomerMeter extends Base {
  customer_id: string;
  meter_id: string;
  credited_units: number;
  /** Balance brought along from before the reset. */
  since_ms: number;
}

export interface UsageEvent extends Base {
  name: string;
  source: 'user' | 'system';
  timestamp: string;
  /** Usage is billed by when it arrived. */
  received_ms: number;
  customer_id: string | null;
  external_customer_id: string | null;
  external_id: string | null;
  parent_id: string | null;
  label: string;
  metadata: Metadata;
}

export interface Dispute extends Base {
  status: 'needs_response' | 'under_review' | 'lost' | 'won';
  resolved: boolean;
  closed: boolean;
  amount: number;
  tax_amount: number;
  order_id: string;
  payment_id: string;
}

export interface Session extends Base {
  token: string;
  expires_at: string;
  return_url: string | null;
  customer_id: string;
}

export interface StoredFile extends Base {
  name: string;
  service: string;
  mime_type: string;
  size: number;
  is_uploaded: boolean;
}

export interface WebhookEvent extends Base {
  type: string;
  payload: string;
}

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
  deleted_at: string | null;
}

export interface ProductPrice extends Base {
  amount_type: string;
  price_currency: string;
  price_amount?: number;
  product_id: string;
  is_archived: boolean;
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
  prices: ProductPrice[];
}

export interface Discount extends Base {
  type: 'fixed' | 'percentage';
  duration: 'once' | 'forever' | 'repeating';
  code: string | null;
  amount?: number;
  currency?: string;
  basis_points?: number;
  redemptions_count: number;
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
}

export interface Order extends Base {
  status: 'pending' | 'paid' | 'refunded' | 'partially_refunded' | 'void';
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
  product_id: string;
  discount_id: string | null;
  subscription_id: string | null;
  checkout_id: string | null;
  metadata: Metadata;
  next_payment_attempt_at: string | null;
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
  events: string[];
  enabled: boolean;
}

/** The saved card of a customer, kept beside the published object. */
export interface Vault {
  id: string;
  card: Card;
}

import type { Card, Decline } from '../core/cards.ts';
import type { Metadata } from '../core/types.ts';

interface Base {
  id: string;
  [field: string]: unknown;
}

export interface Customer extends Base {
  name: string;
  email: string;
  phone: string;
  created_at: number;
  metadata: Metadata;
  custom_reference: string;
  default_payment_source_id: string | null;
}

export interface PaymentSource extends Base {
  type: 'card' | 'cash_recurrent' | 'spei_recurrent';
  parent_id: string;
  created_at: number;
}

/** A card kept for a payment source or a token; never shown. */
export interface Vault {
  id: string;
  card: Card;
  /** How the bank answers a charge; null approves. */
  decline: Decline | null;
  /** Whether the bank wants the cardholder to confirm, where 3-D Secure is on. */
  challenges: boolean;
}

export interface Token extends Vault {
  isUsed: boolean;
}

/** A confirmation the payer has to give elsewhere before the money moves. */
export interface Authorization {
  slug: string;
  kind: '3ds' | 'bnpl' | 'pay_by_bank';
  returnUrl: string | null;
  failureUrl: string | null;
  /** 3-D Secure: what to charge once confirmed. The others have their charge already. */
  vault: Vault | null;
  referenceId: string | null;
  amount: number;
}

export interface Refund extends Base {
  /** Negative. */
  amount: number;
  status: 'pending' | 'refunded' | 'canceled';
}

export interface Charge extends Base {
  amount: number;
  status: string;
  created_at: number;
  paid_at: number | null;
  payment_method: Record<string, unknown>;
  refunds: Refund[];
  reference_id: string | null;
}

export interface Checkout extends Base {
  slug: string;
  url: string;
  status: 'Issued' | 'Expired' | 'Cancelled';
  expires_at: number;
  allowed_payment_methods: string[];
  success_url: string;
  failure_url: string;
  paid_payments_count: number;
  plan_ids: string[];
}

export interface LineItem extends Base {
  name: string;
  description: string | null;
  unit_price: number;
  quantity: number;
}

export interface Order extends Base {
  amount: number;
  amount_refunded: number;
  currency: string;
  payment_status: string | null;
  created_at: number;
  updated_at: number;
  metadata: Metadata;
  customer_info: { name: string; email: string; phone: string; customer_id: string | null; [field: string]: unknown };
  line_items: LineItem[];
  discounts: { amount: number }[];
  taxes: { amount: number }[];
  shipping: { amount: number }[];
  charges: Charge[];
  checkout: Checkout | null;
  subscription_id: string | null;
  authorization: Authorization | null;
}

export interface Plan extends Base {
  name: string;
  amount: number;
  currency: string;
  interval: 'week' | 'half_month' | 'month' | 'year';
  frequency: number;
  expiry_count: number | null;
  trial_period_days: number | null;
  max_retries: number | null;
  retry_delay_hours: number | null;
}

export interface Subscription extends Base {
  status: 'in_trial' | 'active' | 'past_due' | 'paused' | 'canceled' | 'expired';
  plan_id: string;
  card_id: string | null;
  charge_id: string | null;
  customer_id: string;
  created_at: number;
  subscription_start: number;
  billing_cycle_start: number | null;
  billing_cycle_end: number;
  trial_start: number | null;
  trial_end: number | null;
  paused_at: number | null;
  canceled_at: number | null;
  last_billing_cycle_order_id: string | null;
}

export interface ConektaEvent extends Base {
  type: string;
  created_at: number;
  data: unknown;
}

export interface Webhook extends Base {
  url: string;
  subscribed_events: string[];
  active: boolean;
}

/** The management page of one subscription. */
export interface CustomerPortal extends Base {
  slug: string;
  subscription_id: string;
  customer_id: string;
  created_at: number;
  updated_at: number;
}

export interface Chargeback extends Base {
  status: 'action_required' | 'won' | 'lost';
  charge_id: string;
  order_id: string;
  amount: number;
  closed_at: number | null;
}

export interface WebhookKey {
  id: string;
  active: boolean;
  created_at: number;
  deactivated_at: number | null;
}

/** A link that sells its template again and again, each time by an order of its own. */
export interface PaymentLink {
  id: string;
  checkout: Checkout;
  template: OrderTemplate;
}

export interface OrderTemplate {
  currency: string;
  customerId: string | null;
  lines: { name: string; unitPrice: number; quantity: number; description: string | null }[];
  metadata: Metadata;
}

export interface CustomerAddress extends Base {
  object: 'shipping_contact' | 'fiscal_entity';
  parent_id: string;
  created_at: number;
}

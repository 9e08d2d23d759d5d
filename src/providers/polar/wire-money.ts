import { z } from 'zod';
import { metadata, text } from './wire.ts';

/** Subscriptions, orders, payments, refunds and disputes of Polar API 2026-10: see `wire.ts`. */
export const polarSubscription = z.object({
  id: z.string(),
  modified_at: text,
  created_at: text,
  status: z.string(),
  amount: z.int().nullish(),
  currency: text,
  recurring_interval: text,
  seats: z.int().nullish(),
  units: z.int().nullish(),
  current_period_start: text,
  current_period_end: text,
  trial_start: text,
  trial_end: text,
  cancel_at_period_end: z.boolean(),
  pause_at_period_end: z.boolean().nullish(),
  canceled_at: text,
  ends_at: text,
  ended_at: text,
  paused_at: text,
  resumes_at: text,
  customer_id: z.string(),
  product_id: text,
  checkout_id: text,
  pending_update: z
    .object({ product_id: text, seats: z.int().nullish(), units: z.int().nullish(), applies_at: text })
    .nullish(),
  metadata,
});

export const polarOrder = z.object({
  id: z.string(),
  created_at: z.string(),
  modified_at: text,
  status: z.string(),
  paid: z.boolean(),
  billing_reason: text,
  net_amount: z.int().nullish(),
  total_amount: z.int(),
  tax_amount: z.int().nullish(),
  refunded_amount: z.int().default(0),
  refunded_tax_amount: z.int().default(0),
  refundable_amount: z.int().nullish(),
  refundable_tax_amount: z.int().nullish(),
  currency: z.string(),
  invoice_number: text,
  customer_id: z.string(),
  checkout_id: text,
  subscription_id: text,
  subscription: z.object({ current_period_start: text, current_period_end: text }).nullish(),
  items: z
    .array(z.object({ label: z.string(), amount: z.int(), start_timestamp: text, end_timestamp: text }))
    .default([]),
  metadata,
});

export const polarPayment = z.object({
  id: z.string(),
  created_at: z.string(),
  status: z.string(),
  amount: z.int(),
  currency: z.string(),
  method: text,
  decline_reason: text,
  checkout_id: text,
  order_id: text,
});

/** `amount` is without tax. */
export const polarRefund = z.object({
  id: z.string(),
  created_at: z.string(),
  modified_at: text,
  status: z.string(),
  amount: z.int(),
  tax_amount: z.int().default(0),
  currency: z.string(),
  order_id: z.string(),
  subscription_id: text,
  customer_id: text,
  metadata,
});

/** `amount` is without tax. */
export const polarDispute = z.object({
  id: z.string(),
  created_at: z.string(),
  modified_at: text,
  status: z.string(),
  closed: z.boolean().nullish(),
  amount: z.int(),
  tax_amount: z.int().default(0),
  currency: z.string(),
  reason: text,
  evidence_due_by: text,
  order_id: z.string(),
  payment_id: z.string(),
});

/** A link signed for minutes. Empty: still being made. */
export const polarDocument = z.object({ url: z.string() }).nullish();

export type PolarSubscription = z.output<typeof polarSubscription>;
export type PolarOrder = z.output<typeof polarOrder>;
export type PolarPayment = z.output<typeof polarPayment>;
export type PolarRefund = z.output<typeof polarRefund>;
export type PolarDispute = z.output<typeof polarDispute>;

import { z } from 'zod';

/**
 * The fields we read of Polar API 2026-10 (OpenAPI of 2026-08-22). Unknown fields pass: live replies carry more than
 * the document, so nothing here is strict, and statuses stay strings.
 */
const metadata = z.record(z.string(), z.unknown()).default({});
const text = z.string().nullish();

export const polarCustomer = z.object({
  id: z.string(),
  external_id: text,
  email: text,
});

export const polarCheckout = z.object({
  id: z.string(),
  status: z.string(),
  url: z.string(),
  expires_at: z.string(),
  total_amount: z.int().nullish(),
  currency: z.string().nullish(),
  customer_id: text,
  subscription_id: text,
  metadata,
});

export const polarSubscription = z.object({
  id: z.string(),
  status: z.string(),
  amount: z.int().nullish(),
  currency: text,
  seats: z.int().nullish(),
  units: z.int().nullish(),
  current_period_start: text,
  current_period_end: text,
  trial_start: text,
  trial_end: text,
  cancel_at_period_end: z.boolean(),
  canceled_at: text,
  ends_at: text,
  ended_at: text,
  paused_at: text,
  resumes_at: text,
  customer_id: z.string(),
  checkout_id: text,
  metadata,
});

export const polarOrder = z.object({
  id: z.string(),
  created_at: z.string(),
  status: z.string(),
  paid: z.boolean(),
  billing_reason: text,
  total_amount: z.int(),
  tax_amount: z.int().nullish(),
  refunded_amount: z.int().default(0),
  refunded_tax_amount: z.int().default(0),
  currency: z.string(),
  invoice_number: text,
  customer_id: z.string(),
  checkout_id: text,
  subscription_id: text,
  subscription: z.object({ current_period_start: text, current_period_end: text }).nullish(),
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

export const polarProduct = z.object({
  id: z.string(),
  is_archived: z.boolean().default(false),
  prices: z.array(z.object({ id: z.string() })).default([]),
  metadata,
});

export const polarDiscount = z.object({ id: z.string(), code: text });

export const polarError = z.object({
  error: text,
  detail: z
    .union([z.string(), z.array(z.object({ loc: z.array(z.union([z.string(), z.number()])), type: text }))])
    .nullish(),
});

/** One page of a list; `items` only, since we never ask for more than the newest page. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item) });
}

export const polarEvent = z.object({
  type: z.string(),
  data: z.looseObject({
    id: z.string(),
    status: text,
    paid: z.boolean().nullish(),
    total_amount: z.number().nullish(),
    customer_id: text,
    checkout_id: text,
    subscription_id: text,
    order_id: text,
    metadata,
  }),
});

export type PolarCheckout = z.output<typeof polarCheckout>;
export type PolarSubscription = z.output<typeof polarSubscription>;
export type PolarOrder = z.output<typeof polarOrder>;
export type PolarPayment = z.output<typeof polarPayment>;

import { z } from 'zod';

/**
 * The fields we read of Polar API 2026-10 (OpenAPI of 2026-08-22), here customers, checkouts, products and what all
 * objects share; the other groups have files of their own. Unknown fields pass: live replies carry more than the
 * document, so nothing here is strict, and statuses stay strings.
 */
export const metadata = z
  .record(z.string(), z.unknown())
  .nullish()
  .transform((value) => value ?? {});
export const text = z.string().nullish();

export const polarOrganization = z.object({ id: z.string(), name: text, default_presentment_currency: text });

export const polarCustomer = z.object({
  id: z.string(),
  external_id: text,
  email: text,
  default_payment_method_id: text,
});

export const polarCustomerSession = z.object({
  token: z.string(),
  customer_portal_url: z.string(),
  expires_at: text,
});

export const polarPaymentMethod = z.object({
  id: z.string(),
  customer_id: z.string(),
  type: z.string(),
  method_metadata: z
    .object({ brand: text, last4: text, exp_month: z.int().nullish(), exp_year: z.int().nullish() })
    .nullish(),
});

export const polarCheckout = z.object({
  id: z.string(),
  created_at: text,
  modified_at: text,
  status: z.string(),
  url: z.string(),
  expires_at: z.string(),
  total_amount: z.int().nullish(),
  currency: z.string().nullish(),
  customer_id: text,
  subscription_id: text,
  metadata,
});

export const polarProduct = z.object({
  id: z.string(),
  name: z.string().default(''),
  description: text,
  is_archived: z.boolean().default(false),
  recurring_interval: text,
  recurring_interval_count: z.int().nullish(),
  prices: z
    .array(
      z.object({
        id: z.string(),
        amount_type: text,
        price_amount: z.int().nullish(),
        price_currency: text,
        is_archived: z.boolean().nullish(),
      }),
    )
    .default([]),
  benefits: z.array(z.object({ id: z.string() })).default([]),
  metadata,
});

export const polarDiscount = z.object({
  id: z.string(),
  name: z.string().default(''),
  code: text,
  type: text,
  amount: z.int().nullish(),
  currency: text,
  basis_points: z.int().nullish(),
  duration: text,
  duration_in_months: z.int().nullish(),
  max_redemptions: z.int().nullish(),
  redemptions_count: z.int().default(0),
  starts_at: text,
  ends_at: text,
});

export const polarError = z.object({
  error: text,
  detail: z
    .union([z.string(), z.array(z.object({ loc: z.array(z.union([z.string(), z.number()])), type: text }))])
    .nullish(),
});

export const polarWebhookEndpoint = z.object({
  id: z.string(),
  url: z.string(),
  enabled: z.boolean().default(true),
  secret: text,
});

/** One page of a list. `max_page` is the number of the last one. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), pagination: z.object({ total_count: z.int(), max_page: z.int() }) });
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
export type PolarProduct = z.output<typeof polarProduct>;
export type PolarDiscount = z.output<typeof polarDiscount>;
export type PolarPaymentMethod = z.output<typeof polarPaymentMethod>;

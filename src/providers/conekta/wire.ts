import { z } from 'zod';

/** The fields we read of Conekta API 2.2.0 (OpenAPI of 2026-07-23 and its mock server). Statuses are free strings there. */
const text = z.string().nullish();
const unix = z.number().nullish();
const metadata = z.record(z.string(), z.unknown()).nullish();

function listOf<Item extends z.ZodType>(item: Item) {
  return z.object({ data: z.array(item) }).nullish();
}

export const conektaCustomer = z.object({
  id: z.string(),
  email: text,
  custom_reference: text,
  metadata,
});

export const conektaCharge = z.object({
  id: z.string(),
  status: text,
  amount: z.int(),
  currency: z.string(),
  created_at: unix,
  paid_at: unix,
  failure_code: text,
  payment_method: z
    .object({
      object: text,
      type: text,
      reference: text,
      clabe: text,
      barcode_url: text,
      expires_at: unix,
      store_name: text,
      store_names: z.array(z.string()).nullish(),
      product_type: text,
    })
    .nullish(),
});

export const conektaCheckout = z.object({
  id: z.string(),
  status: text,
  url: text,
  expires_at: unix,
  allowed_payment_methods: z.array(z.string()).nullish(),
});

export const conektaOrder = z.object({
  id: z.string(),
  amount: z.int(),
  currency: z.string(),
  payment_status: text,
  amount_refunded: z.int().nullish(),
  created_at: unix,
  customer_info: z.object({ customer_id: text }).nullish(),
  checkout: conektaCheckout.nullish(),
  charges: listOf(conektaCharge),
  tax_lines: listOf(z.object({ amount: z.int() })),
  metadata,
});

export const conektaOrderPage = z.object({
  data: z.array(conektaOrder),
  has_more: z.boolean(),
});

export const conektaSubscription = z.object({
  id: z.string(),
  status: z.string(),
  plan_id: text,
  customer_id: text,
  last_billing_cycle_order_id: text,
  created_at: unix,
  billing_cycle_start: unix,
  billing_cycle_end: unix,
  trial_start: unix,
  trial_end: unix,
  paused_at: unix,
  canceled_at: unix,
});

export const conektaSubscriptionPage = z.object({ data: z.array(conektaSubscription) });
export const conektaCustomerPage = z.object({ data: z.array(conektaCustomer) });

export const conektaPlan = z.object({
  id: z.string(),
  amount: z.int(),
  currency: z.string(),
});

export const conektaError = z.object({
  type: text,
  details: z.array(z.object({ code: text, param: text })).nullish(),
});

export const conektaEvent = z.object({
  id: z.string(),
  type: z.string(),
  livemode: z.boolean().nullish(),
  data: z.looseObject({
    object: z
      .looseObject({
        id: text,
        order_id: text,
        customer_id: text,
        last_billing_cycle_order_id: text,
        customer_info: z.object({ customer_id: text }).nullish(),
        checkout: z.object({ id: text }).nullish(),
        metadata,
      })
      .nullish(),
  }),
});

export type ConektaOrder = z.output<typeof conektaOrder>;
export type ConektaCharge = z.output<typeof conektaCharge>;
export type ConektaSubscription = z.output<typeof conektaSubscription>;
export type ConektaPlan = z.output<typeof conektaPlan>;

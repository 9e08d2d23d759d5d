import { z } from 'zod';

const ignored = z.unknown();
const lineItem = z.strictObject({
  name: z.string().min(1).max(250),
  unit_price: z.int().min(0),
  quantity: z.int().min(1),
  description: z.string().max(250).nullish(),
  sku: z.string().nullish(),
  tags: z.array(z.string()).nullish(),
  brand: z.string().nullish(),
  antifraud_info: ignored.optional(),
  metadata: z.record(z.string(), ignored).optional(),
});
const charge = z.strictObject({
  amount: z.int().optional(),
  monthly_installments: ignored.optional(),
  reference_id: z.string().optional(),
  payment_method: z.looseObject({
    type: z.enum(['card', 'cash', 'spei']),
    token_id: z.string().optional(),
    payment_source_id: z.string().optional(),
    expires_at: z.int().optional(),
  }),
});
const methods = z.array(z.enum(['cash', 'card', 'bank_transfer', 'bnpl', 'pay_by_bank', 'apple', 'google'])).min(1);
const checkout = z.strictObject({
  allowed_payment_methods: methods,
  type: z.enum(['HostedPayment', 'Integration']).optional(),
  name: z.string().optional(),
  expires_at: z.int().optional(),
  success_url: z.url().optional(),
  failure_url: z.url().optional(),
  redirection_time: z.int().optional(),
  plan_ids: z.array(z.string()).optional(),
  exclude_card_networks: ignored.optional(),
  force_save_card: z.boolean().optional(),
  max_failed_retries: z.int().optional(),
  monthly_installments_enabled: z.boolean().optional(),
  monthly_installments_options: z.array(z.int()).optional(),
  on_demand_enabled: z.boolean().optional(),
});
const metadata = z.record(z.string(), ignored).optional();

export const orderBody = z.strictObject({
  currency: z.enum(['MXN', 'USD']),
  customer_info: z.strictObject({
    customer_id: z.string().optional(),
    name: z.string().optional(),
    email: z.email().optional(),
    phone: z.string().optional(),
    corporate: z.boolean().optional(),
    metadata,
    object: ignored.optional(),
  }),
  line_items: z.array(lineItem).min(1),
  charges: z.array(charge).optional(),
  checkout: checkout.optional(),
  tax_lines: z.array(z.strictObject({ amount: z.int().min(0), description: z.string(), metadata })).optional(),
  discount_lines: z
    .array(
      z.strictObject({
        amount: z.int().min(0),
        code: z.string(),
        type: z.enum(['loyalty', 'campaign', 'coupon', 'sign']),
      }),
    )
    .optional(),
  shipping_lines: z.array(z.looseObject({ amount: z.int().min(0) })).optional(),
  shipping_contact: ignored.optional(),
  fiscal_entity: ignored.optional(),
  metadata,
  needs_shipping_contact: z.boolean().optional(),
  pre_authorize: z.boolean().optional(),
  processing_mode: z.string().optional(),
  return_url: z.string().optional(),
  three_ds_mode: z.enum(['smart', 'strict']).nullish(),
});

export const orderUpdateBody = orderBody
  .omit({ needs_shipping_contact: true, processing_mode: true, return_url: true, three_ds_mode: true })
  .partial();

export const refundBody = z.strictObject({
  amount: z.int().min(1).optional(),
  reason: z.enum(['requested_by_client', 'cannot_be_fulfilled', 'duplicated_transaction', 'suspected_fraud', 'other']),
  expires_at: z.int().optional(),
});

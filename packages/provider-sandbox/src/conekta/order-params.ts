import { z } from 'zod';

const ignored = z.unknown();
export const lineItem = z.strictObject({
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
const text = z.string();
const installments = z.union([z.literal(3), z.literal(6), z.literal(9), z.literal(12), z.literal(18)]).nullish();
const cardMethod = z.looseObject({
  type: z.literal('card'),
  token_id: text.optional(),
  payment_source_id: text.optional(),
  monthly_installments: installments,
  contract_id: text.optional(),
  number: text.optional(),
  name: text.optional(),
  cvc: text.optional(),
  exp_month: text.optional(),
  exp_year: text.optional(),
});
const cashMethod = z.strictObject({
  type: z.literal('cash'),
  expires_at: z.int().optional(),
  product_type: z.enum(['cash_in', 'pespay_cash_in', 'bbva_cash_in', 'oxxo']).optional(),
});
const speiMethod = z.strictObject({ type: z.literal('spei'), expires_at: z.int().optional() });
const bnplMethod = z.strictObject({
  type: z.literal('bnpl'),
  product_type: z.enum(['aplazo_bnpl', 'azteca_bnpl', 'coppel_bnpl', 'creditea_bnpl']),
  success_url: z.url(),
  failure_url: z.url(),
  cancel_url: z.url().optional(),
  can_not_expire: z.boolean().optional(),
  expires_at: z.int().optional(),
});
const bankMethod = z.strictObject({
  type: z.literal('pay_by_bank'),
  product_type: z.literal('bbva_pay_by_bank'),
  expires_at: z.int().optional(),
});

/** Mind the names: SPEI is `spei` here, `bank_transfer` in a checkout and `bank_transfer_payment` in an answer. */
export const chargeBody = z.strictObject({
  amount: z.int().min(1).optional(),
  reference_id: text.optional(),
  payment_method: z.discriminatedUnion('type', [cardMethod, cashMethod, speiMethod, bnplMethod, bankMethod]),
});

export const methods = z
  .array(z.enum(['cash', 'card', 'bank_transfer', 'bnpl', 'pay_by_bank', 'apple', 'google']))
  .min(1);
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

export const shippingLine = z.looseObject({ amount: z.int().min(0) });
export const taxLine = z.strictObject({ amount: z.int().min(0), description: z.string().min(2), metadata });
export const discountLine = z.strictObject({
  amount: z.int().min(0),
  code: z.string(),
  type: z.enum(['loyalty', 'campaign', 'coupon', 'sign']),
});

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
  charges: z.array(chargeBody).optional(),
  checkout: checkout.optional(),
  tax_lines: z.array(taxLine).optional(),
  discount_lines: z.array(discountLine).optional(),
  shipping_lines: z.array(shippingLine).optional(),
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

/** `charge_id` is in the manual though not in the schema. */
export const refundBody = z.strictObject({
  amount: z.int().min(1).optional(),
  charge_id: z.string().optional(),
  reason: z.enum(['requested_by_client', 'cannot_be_fulfilled', 'duplicated_transaction', 'suspected_fraud', 'other']),
  expires_at: z.int().optional(),
});

import { z } from 'zod';
import { bool, decimal, expand, ignored, integer, metadata, opaque, page, range, text } from '../params.ts';
import { priceData } from '../price-params.ts';

export const discountsParam = z
  .union([
    z.literal(''),
    z.array(z.strictObject({ coupon: text.optional(), discount: text.optional(), promotion_code: text.optional() })),
  ])
  .optional();
export const automaticTaxParam = z.strictObject({ enabled: bool, liability: ignored.optional() }).optional();
const inlinePrice = priceData.extend({ product: text }).optional();
const itemParams = z.strictObject({
  ...opaque('billing_thresholds current_trial discounts plan tax_rates'),
  clear_usage: bool.optional(),
  deleted: bool.optional(),
  id: text.optional(),
  metadata: metadata.optional(),
  price: text.optional(),
  price_data: inlinePrice,
  quantity: integer.optional(),
});
export const itemsParam = z.array(itemParams).max(20);
export type ItemParams = z.output<typeof itemParams>;

export const prorationBehavior = z.enum(['always_invoice', 'create_prorations', 'none']).optional();
const behaviors = ['allow_incomplete', 'default_incomplete', 'error_if_incomplete', 'pending_if_incomplete'] as const;
export const paymentBehavior = z.enum(behaviors).optional();
const cancelAt = z.union([z.literal(''), z.enum(['min_period_end', 'max_period_end']), integer]).optional();
const trialSettings = z
  .strictObject({
    end_behavior: z.strictObject({ missing_payment_method: z.enum(['cancel', 'create_invoice', 'pause']) }),
  })
  .optional();
const paymentSettings = z
  .strictObject({
    payment_method_options: ignored.optional(),
    payment_method_types: z.union([z.literal(''), z.array(text)]).optional(),
    save_default_payment_method: z.enum(['off', 'on_subscription']).optional(),
  })
  .optional();
const addInvoiceItems = z
  .array(
    z.strictObject({
      ...opaque('discounts period tax_rates'),
      metadata: metadata.optional(),
      price: text.optional(),
      price_data: priceData.extend({ product: text }).optional(),
      quantity: integer.optional(),
    }),
  )
  .optional();

const shared = {
  ...opaque(
    'application_fee_percent billing_schedules billing_thresholds default_source default_tax_rates invoice_settings on_behalf_of pending_invoice_item_interval transfer_data trial_from_plan',
  ),
  add_invoice_items: addInvoiceItems,
  automatic_tax: automaticTaxParam,
  cancel_at: cancelAt,
  cancel_at_period_end: bool.optional(),
  collection_method: z.enum(['charge_automatically', 'send_invoice']).optional(),
  days_until_due: integer.optional(),
  default_payment_method: text.optional(),
  description: text.max(500).optional(),
  discounts: discountsParam,
  expand,
  items: itemsParam.optional(),
  metadata: metadata.optional(),
  off_session: bool.optional(),
  payment_behavior: paymentBehavior,
  payment_settings: paymentSettings,
  proration_behavior: prorationBehavior,
  trial_end: z.union([z.literal('now'), integer]).optional(),
  trial_settings: trialSettings,
};

export const subscriptionCreate = z.strictObject({
  ...shared,
  ...opaque('billing_cycle_anchor_config billing_mode customer_account'),
  backdate_start_date: integer.optional(),
  billing_cycle_anchor: integer.optional(),
  currency: text.optional(),
  customer: text,
  items: itemsParam.min(1),
  trial_period_days: integer.optional(),
});
const anchorParam = z.strictObject({ type: z.enum(['now', 'unchanged']) });
export const subscriptionUpdate = z.strictObject({
  ...shared,
  billing_cycle_anchor: anchorParam.optional(),
  cancellation_details: z.strictObject({ comment: text.optional(), feedback: text.optional() }).optional(),
  pause_collection: z
    .union([
      z.literal(''),
      z.strictObject({
        behavior: z.enum(['keep_as_draft', 'mark_uncollectible', 'void']),
        resumes_at: integer.optional(),
      }),
    ])
    .optional(),
  proration_date: integer.optional(),
});
export const subscriptionCancel = z.strictObject({
  cancellation_details: z.strictObject({ comment: text.optional(), feedback: text.optional() }).optional(),
  expand,
  invoice_now: bool.optional(),
  prorate: bool.optional(),
});
export const subscriptionPause = z.strictObject({ ...opaque('bill_for type invoicing_behavior'), expand });
export const subscriptionResume = z.strictObject({
  billing_cycle_anchor: anchorParam.optional(),
  expand,
  payment_behavior: paymentBehavior,
  proration_behavior: prorationBehavior,
  proration_date: integer.optional(),
});
export const subscriptionList = z.strictObject({
  ...page,
  ...opaque('automatic_tax customer_account plan test_clock'),
  collection_method: text.optional(),
  created: range.optional(),
  current_period_end: range.optional(),
  current_period_start: range.optional(),
  customer: text.optional(),
  price: text.optional(),
  status: z
    .enum([
      'active',
      'all',
      'canceled',
      'ended',
      'incomplete',
      'incomplete_expired',
      'past_due',
      'paused',
      'trialing',
      'unpaid',
    ])
    .optional(),
});
export const previewParams = z.strictObject({
  ...opaque('customer_account issuer on_behalf_of schedule schedule_details'),
  automatic_tax: automaticTaxParam,
  currency: text.optional(),
  customer: text.optional(),
  customer_details: z
    .strictObject({
      ...opaque('shipping tax tax_exempt tax_ids'),
      address: z.record(z.string(), z.string()).optional(),
    })
    .optional(),
  discounts: discountsParam,
  expand,
  invoice_items: z
    .array(
      z.strictObject({
        ...opaque('discountable discounts invoiceitem period tax_behavior tax_code tax_rates'),
        amount: integer.optional(),
        currency: text.optional(),
        description: text.optional(),
        metadata: metadata.optional(),
        price: text.optional(),
        quantity: integer.optional(),
        unit_amount: integer.optional(),
        unit_amount_decimal: decimal.optional(),
      }),
    )
    .optional(),
  preview_mode: z.enum(['next', 'recurring']).optional(),
  subscription: text.optional(),
  subscription_details: z
    .strictObject({
      ...opaque('billing_mode billing_schedules default_tax_rates metadata pause start_date'),
      billing_cycle_anchor: z.union([anchorParam, integer]).optional(),
      cancel_at: cancelAt,
      cancel_at_period_end: bool.optional(),
      cancel_now: bool.optional(),
      items: itemsParam.optional(),
      proration_behavior: prorationBehavior,
      proration_date: integer.optional(),
      resume_at: z.literal('now').optional(),
      trial_end: z.union([z.literal('now'), integer]).optional(),
    })
    .optional(),
});

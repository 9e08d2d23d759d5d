import { z } from 'zod';
import { bool, expand, ignored, integer, metadata, page, range, text } from './params.ts';
import { priceData, productData } from './price-params.ts';

const lineItem = z.strictObject({
  adjustable_quantity: ignored.optional(),
  dynamic_tax_rates: ignored.optional(),
  metadata: metadata.optional(),
  price: text.optional(),
  price_data: priceData.extend({ product: text.optional(), product_data: productData.optional() }).optional(),
  quantity: integer.optional(),
  tax_rates: ignored.optional(),
});

const opaque = (names: readonly string[]): Record<string, z.ZodOptional<z.ZodUnknown>> =>
  Object.fromEntries(names.map((name) => [name, ignored.optional()]));

export const sessionCreateParams = z.strictObject({
  ...opaque([
    'adaptive_pricing',
    'after_expiration',
    'billing_address_collection',
    'branding_settings',
    'consent_collection',
    'custom_fields',
    'custom_text',
    'customer_account',
    'integration_identifier',
    'managed_payments',
    'name_collection',
    'optional_items',
    'origin_context',
    'payment_method_configuration',
    'payment_method_data',
    'permissions',
    'phone_number_collection',
    'redirect_on_completion',
    'saved_payment_method_options',
    'shipping_address_collection',
    'shipping_options',
    'submit_type',
    'tax_id_collection',
    'wallet_options',
  ]),
  allow_promotion_codes: bool.optional(),
  automatic_tax: z.strictObject({ enabled: bool, liability: ignored.optional() }).optional(),
  invoice_creation: z.strictObject({ enabled: bool, invoice_data: ignored.optional() }).optional(),
  allowed_payment_method_types: z.array(text).optional(),
  cancel_url: text.optional(),
  client_reference_id: text.max(200).optional(),
  currency: text.optional(),
  customer: text.optional(),
  customer_creation: z.enum(['always', 'if_required']).optional(),
  customer_email: text.optional(),
  customer_update: ignored.optional(),
  discounts: z
    .union([z.literal(''), z.array(z.strictObject({ coupon: text.optional(), promotion_code: text.optional() }))])
    .optional(),
  excluded_payment_method_types: z.array(text).optional(),
  expand,
  expires_at: integer.optional(),
  line_items: z.array(lineItem).max(100).optional(),
  locale: text.optional(),
  metadata: metadata.optional(),
  mode: z.enum(['payment', 'subscription', 'setup']).optional(),
  payment_intent_data: z
    .strictObject({
      ...opaque([
        'application_fee_amount',
        'hooks',
        'on_behalf_of',
        'receipt_email',
        'shipping',
        'statement_descriptor',
        'statement_descriptor_suffix',
        'transfer_data',
        'transfer_group',
      ]),
      capture_method: z.enum(['automatic', 'automatic_async', 'manual']).optional(),
      description: text.optional(),
      metadata: metadata.optional(),
      setup_future_usage: z.enum(['on_session', 'off_session']).optional(),
    })
    .optional(),
  payment_method_collection: z.enum(['always', 'if_required']).optional(),
  payment_method_options: z
    .record(
      z.string(),
      z.record(
        z.string(),
        z.unknown().transform((value) => (/^\d{1,4}$/.test(String(value)) ? Number(value) : value)),
      ),
    )
    .optional(),
  return_url: text.optional(),
  setup_intent_data: z.looseObject({ metadata: metadata.optional() }).optional(),
  subscription_data: z
    .strictObject({
      ...opaque([
        'application_fee_percent',
        'billing_cycle_anchor',
        'billing_cycle_anchor_config',
        'billing_mode',
        'default_tax_rates',
        'invoice_settings',
        'on_behalf_of',
        'pending_invoice_item_interval',
        'proration_behavior',
        'transfer_data',
        'trial_settings',
      ]),
      metadata: metadata.optional(),
      trial_period_days: integer.optional(),
      trial_end: integer.optional(),
      description: text.optional(),
    })
    .optional(),
  success_url: text.optional(),
  ui_mode: z.enum(['hosted_page', 'embedded_page', 'elements', 'form']).optional(),
});

export type SessionCreateParams = z.output<typeof sessionCreateParams>;
export type LineItemParams = z.output<typeof lineItem>;

export const sessionListParams = z.strictObject({
  ...page,
  created: range.optional(),
  customer: text.optional(),
  customer_account: text.optional(),
  customer_details: z.strictObject({ email: text }).optional(),
  payment_intent: text.optional(),
  payment_link: text.optional(),
  status: z.enum(['open', 'complete', 'expired']).optional(),
  subscription: text.optional(),
});

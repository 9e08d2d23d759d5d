import { z } from 'zod';
import {
  billingInterval,
  country,
  currency,
  email,
  metadata,
  money,
  nullableTime,
  organizationId,
  paging,
  phone,
  shortText,
  time,
  timestamp,
  timeline,
  voucher,
} from './common.ts';

const url = z.string().min(1).max(2_000);
const id = z.string().min(1).max(255);

export const billingAddress = z
  .strictObject({
    line1: shortText.nullable().default(null),
    line2: shortText.nullable().default(null),
    city: shortText.nullable().default(null),
    state: shortText.nullable().default(null),
    postal_code: z.string().trim().min(1).max(32).nullable().default(null),
    country,
  })
  .meta({ id: 'BillingAddress' });

/** `POST /billing/checkout`. Absent is the same as null. */
export const createCheckoutBody = z
  .strictObject({
    organization_id: organizationId.nullable().default(null),
    user_id: id.nullable().default(null),
    name: shortText.nullable().default(null),
    phone: phone.nullable().default(null),
    mode: z.enum(['setup']).nullable().default(null).meta({ description: 'null: by product.' }),
    payment_method_id: id.nullable().default(null),
    product_id: id
      .nullable()
      .default(null)
      .meta({ description: "A plan or product: our id, its key, or any provider's id mapped to it.", example: 'pro' }),
    billing_interval: billingInterval.nullable().default(null),
    quantity: z.int().min(1).max(100_000).default(1),
    currency: currency.nullable().default(null),
    country: country.nullable().default(null),
    card_country: country.nullable().default(null),
    email: email.nullable().default(null),
    billing_address: billingAddress.nullable().default(null),
    payment_methods: z
      .array(z.string().regex(/^[a-z0-9_]{1,40}$/, 'must be a payment method, like card or spei'))
      .min(1)
      .max(40)
      .nullable()
      .default(null),
    success_url: url.nullable().default(null),
    cancel_url: url.nullable().default(null),
    voucher_expires_at: timestamp.nullable().default(null),
    discount_code: shortText.nullable().default(null),
    trial_days: z.int().min(0).max(90).nullable().default(null),
    locale: z
      .string()
      .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'must be a language tag')
      .nullable()
      .default(null),
    embed_origin: url.nullable().default(null),
    provider: id.nullable().default(null).meta({ description: 'Forced; needs the scope ops:write.' }),
    metadata: metadata.default({}),
  })
  .superRefine((body, context) => {
    const complain = (field: string, message: string) =>
      context.addIssue({ code: 'custom', path: [field], message, input: null });
    if (body.mode === 'setup' && body.product_id !== null) complain('product_id', 'must be absent in mode setup');
    if (body.mode === null && body.product_id === null) complain('product_id', 'is required');
    if (body.voucher_expires_at !== null && Date.parse(body.voucher_expires_at) <= Date.now())
      complain('voucher_expires_at', 'must be in the future');
  })
  .meta({ id: 'CreateCheckout' });
export type CreateCheckoutBody = z.output<typeof createCheckoutBody>;

const fallback = z
  .object({
    attempted_provider: z.string(),
    fallback_provider: z.string().nullable(),
    reason: z.enum(['not_configured', 'unsupported', 'api_error', 'timeout', 'rate_limited', 'unavailable']),
    timestamp: time,
    currency_changed: z.boolean(),
  })
  .meta({ id: 'CheckoutFallback' });

const checkoutFields = {
  checkout_id: z.string(),
  checkout_url: z.string().nullable(),
  provider: z.string().nullable(),
  status: z.enum(['creating', 'open', 'pending', 'paid', 'expired', 'canceled', 'failed']),
  mode: z.enum(['payment', 'subscription', 'setup']),
  organization_id: z.string(),
  amount: money.nullable(),
  payment_methods: z.array(z.string()),
  expires_at: nullableTime,
  fallback: fallback.nullable(),
  routing: z
    .object({
      rule: z.string(),
      policy: z.string(),
      policy_version: z.int(),
      country: z.string().nullable(),
      country_source: z.string(),
      fallbacks: z.array(z.string()),
      bucket: z.int(),
      considered: z
        .array(z.object({ rule: z.string(), failed: z.string().nullable(), why: z.string().nullable() }))
        .meta({
          description: 'Each rule looked at, in order: the condition that failed, and what it asks for; null: it held.',
        }),
    })
    .meta({ id: 'CheckoutRouting' }),
};

export const checkoutSummary = z.object(checkoutFields).meta({ id: 'CheckoutSummary' });
export type CheckoutSummary = z.output<typeof checkoutSummary>;

/** As events tell it. */
export const checkoutEvent = z
  .object({
    ...checkoutFields,
    checkout_url: z.null().meta({ description: 'A credential for whoever pays: read it, if you must.' }),
    subscription_id: z.string().nullable(),
  })
  .meta({ id: 'CheckoutEvent' });
export type CheckoutEventData = z.output<typeof checkoutEvent>;

export const checkoutDetail = z
  .object({
    ...checkoutFields,
    subscription_id: z.string().nullable(),
    payment: z
      .object({
        id: z.string(),
        status: z.enum(['succeeded', 'pending', 'declined']),
        amount: money,
        method: z.string().nullable(),
        decline_code: z.string().nullable(),
        paid_at: nullableTime,
      })
      .nullable(),
    voucher: voucher.nullable(),
    timeline,
  })
  .meta({ id: 'Checkout' });
export type CheckoutDetail = z.output<typeof checkoutDetail>;

/** What the provider-named alias answers. */
export const aliasCheckout = z
  .object({ checkout_id: z.string(), checkout_url: z.string().nullable(), expires_at: nullableTime })
  .meta({ id: 'AliasCheckout' });

export const listCheckoutsQuery = z.strictObject({ organization_id: organizationId.optional(), ...paging });

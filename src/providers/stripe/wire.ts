import { z } from 'zod';

/** The fields we read of API 2026-10-28.endive (types of stripe-node 23.1.0). Enums there are open, so strings here. */
const text = z.string().nullish();
const unix = z.number().nullish();
const metadata = z.record(z.string(), z.string()).nullish();

/** An id, or the object where `expand` named it. */
function expandable<Schema extends z.ZodType>(object: Schema) {
  return z.union([z.string(), object]).nullish();
}

export const stripeCustomer = z.object({
  id: z.string(),
  email: text,
  deleted: z.boolean().optional(),
  metadata,
  invoice_settings: z.object({ default_payment_method: expandable(z.object({ id: z.string() })) }).nullish(),
});

export const stripeCharge = z.object({
  id: z.string(),
  amount_refunded: z.int().default(0),
  created: unix,
  payment_method_details: z
    .object({ type: text, card: z.object({ wallet: z.object({ type: text }).nullish() }).nullish() })
    .nullish(),
});

export const stripePaymentIntent = z.object({
  id: z.string(),
  status: z.string(),
  amount: z.int(),
  amount_received: z.int().nullish(),
  currency: z.string(),
  created: unix,
  customer: expandable(z.object({ id: z.string() })),
  client_secret: text,
  metadata,
  latest_charge: expandable(stripeCharge),
  last_payment_error: z
    .object({ code: text, decline_code: text, payment_method: z.object({ type: text }).nullish() })
    .nullish(),
  next_action: z
    .object({
      redirect_to_url: z.object({ url: text }).nullish(),
      oxxo_display_details: z.object({ number: text, hosted_voucher_url: text, expires_after: unix }).nullish(),
      display_bank_transfer_instructions: z
        .object({
          reference: text,
          hosted_instructions_url: text,
          financial_addresses: z.array(z.object({ spei: z.object({ clabe: text }).nullish() })).nullish(),
        })
        .nullish(),
    })
    .nullish(),
});

const invoicePayment = z.object({
  id: z.string(),
  status: z.string(),
  amount_paid: z.int().nullish(),
  amount_requested: z.int(),
  currency: z.string(),
  payment: z.object({ payment_intent: expandable(stripePaymentIntent) }).nullish(),
  status_transitions: z.object({ paid_at: unix }).nullish(),
});

const invoiceLine = z.object({
  amount: z.int(),
  description: text,
  quantity: z.int().nullish(),
  period: z.object({ start: unix, end: unix }).nullish(),
});

export const stripeInvoice = z.object({
  id: z.string(),
  number: text,
  status: text,
  billing_reason: text,
  currency: z.string(),
  customer: expandable(z.object({ id: z.string() })),
  total: z.int(),
  amount_due: z.int().nullish(),
  amount_paid: z.int(),
  post_payment_credit_notes_amount: z.int().nullish(),
  attempt_count: z.int().nullish(),
  total_taxes: z.array(z.object({ amount: z.int() })).nullish(),
  created: unix,
  status_transitions: z.object({ finalized_at: unix, paid_at: unix }).nullish(),
  hosted_invoice_url: text,
  invoice_pdf: text,
  lines: z.object({ data: z.array(invoiceLine), has_more: z.boolean().nullish() }).nullish(),
  parent: z
    .object({
      subscription_details: z
        .object({
          subscription: expandable(z.object({ id: z.string() })),
          subscription_proration_date: unix,
          metadata: z.record(z.string(), z.string()).nullish(),
        })
        .nullish(),
    })
    .nullish(),
  confirmation_secret: z.object({ client_secret: z.string() }).nullish(),
  payments: z.object({ data: z.array(invoicePayment) }).nullish(),
});

const recurring = z.object({ interval: z.string(), interval_count: z.int().default(1) });

export const stripeSubscription = z.object({
  id: z.string(),
  status: z.string(),
  customer: expandable(z.object({ id: z.string() })),
  currency: text,
  items: z.object({
    data: z.array(
      z.object({
        id: z.string(),
        quantity: z.int().nullish(),
        current_period_start: unix,
        current_period_end: unix,
        price: z
          .object({
            id: z.string(),
            currency: z.string(),
            unit_amount: z.int().nullish(),
            product: z.union([z.string(), z.object({ id: z.string() })]).nullish(),
            recurring: recurring.nullish(),
          })
          .nullish(),
      }),
    ),
  }),
  trial_start: unix,
  trial_end: unix,
  cancel_at_period_end: z.boolean().default(false),
  cancel_at: unix,
  canceled_at: unix,
  ended_at: unix,
  pause_collection: z.object({ behavior: text, resumes_at: unix }).nullish(),
  status_details: z.object({ paused: z.object({ transitioned_at: unix }).nullish() }).nullish(),
  pending_update: z.object({ expires_at: unix }).nullish(),
  schedule: expandable(z.object({ id: z.string() })),
  metadata,
  default_payment_method: expandable(z.object({ type: text })),
  latest_invoice: expandable(stripeInvoice),
});

export const stripeSession = z.object({
  id: z.string(),
  status: text,
  payment_status: text,
  mode: z.string(),
  url: text,
  expires_at: z.number(),
  amount_total: z.int().nullish(),
  currency: text,
  total_details: z.object({ amount_tax: z.int().nullish() }).nullish(),
  payment_method_types: z.array(z.string()).nullish(),
  customer: expandable(z.object({ id: z.string() })),
  payment_intent: expandable(stripePaymentIntent),
  setup_intent: expandable(z.object({ id: z.string() })),
  subscription: expandable(stripeSubscription),
  invoice: expandable(stripeInvoice),
  client_reference_id: text,
  metadata,
});

export const stripeProduct = z.object({ id: z.string(), name: z.string(), description: text, active: z.boolean() });

export const stripePrice = z.object({
  id: z.string(),
  active: z.boolean(),
  currency: z.string(),
  unit_amount: z.int().nullish(),
  lookup_key: text,
  metadata,
  recurring: recurring.nullish(),
  product: z.union([z.string(), stripeProduct, z.object({ id: z.string() })]),
});

export const stripeId = z.object({ id: z.string() });

/** A list reply as the SDK gives it. */
export function listOf<Item extends z.ZodType>(item: Item) {
  return z.object({ data: z.array(item), has_more: z.boolean().default(false) });
}

export type StripeSession = z.output<typeof stripeSession>;
export type StripePaymentIntent = z.output<typeof stripePaymentIntent>;
export type StripeInvoice = z.output<typeof stripeInvoice>;
export type StripePrice = z.output<typeof stripePrice>;
export type StripeSubscription = z.output<typeof stripeSubscription>;

/** The object of an expandable field, or null where it is absent or only an id. */
export function expanded<T extends object>(value: string | T | null | undefined): T | null {
  return typeof value === 'object' ? value : null;
}

export function idOf(value: string | { readonly id: string } | null | undefined): string | null {
  return typeof value === 'string' ? value : (value?.id ?? null);
}

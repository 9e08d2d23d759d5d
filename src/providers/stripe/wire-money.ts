import { z } from 'zod';
import { stripePaymentIntent } from './wire.ts';

/** The fields of methods, set-ups, refunds and disputes that we read; never a number, never a check digit. */
const text = z.string().nullish();
const unix = z.number().nullish();
const metadata = z.record(z.string(), z.string()).nullish();
const ref = z.union([z.string(), z.object({ id: z.string() })]).nullish();

const bankAccount = z.object({ last4: text, country: text, bank_name: text }).nullish();

export const stripePaymentMethod = z.object({
  id: z.string(),
  type: z.string(),
  customer: ref,
  card: z
    .object({
      brand: z.string(),
      last4: z.string(),
      exp_month: z.int(),
      exp_year: z.int(),
      country: text,
    })
    .nullish(),
  us_bank_account: bankAccount,
  sepa_debit: bankAccount,
  bacs_debit: bankAccount,
  au_becs_debit: bankAccount,
  acss_debit: bankAccount,
  nz_bank_account: bankAccount,
});

export const stripeSetupIntent = z.object({
  id: z.string(),
  status: z.string(),
  client_secret: text,
  customer: ref,
  payment_method: z.union([z.string(), stripePaymentMethod]).nullish(),
  last_setup_error: z
    .object({ code: text, decline_code: text, payment_method: stripePaymentMethod.nullish() })
    .nullish(),
  next_action: z.object({ redirect_to_url: z.object({ url: text }).nullish() }).nullish(),
});

export const stripeRefund = z.object({
  id: z.string(),
  status: text,
  amount: z.int(),
  currency: z.string(),
  created: unix,
  charge: ref,
  payment_intent: ref,
  failure_reason: text,
  metadata,
});

export const stripeDispute = z.object({
  id: z.string(),
  status: z.string(),
  amount: z.int(),
  currency: z.string(),
  reason: text,
  created: z.number(),
  charge: ref,
  payment_intent: ref,
  evidence_details: z.object({ due_by: unix }).nullish(),
});

/** What a 402 carries of the attempt. */
export const failedAttempt = z.object({ payment_intent: stripePaymentIntent.nullish() });

export type StripePaymentMethod = z.output<typeof stripePaymentMethod>;
export type StripeRefund = z.output<typeof stripeRefund>;
export type StripeDispute = z.output<typeof stripeDispute>;

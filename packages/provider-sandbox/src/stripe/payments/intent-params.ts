import { z } from 'zod';
import { bool, expand, ignored, integer, metadata, opaque, text } from '../params.ts';
import { methodData } from './method-params.ts';

const types = z.array(text).optional();
const captureMethod = z.enum(['automatic', 'automatic_async', 'manual']).optional();
const futureUsage = z.union([z.literal(''), z.enum(['on_session', 'off_session'])]).optional();
/** Numbers arrive as text; the options are kept and shown, and `expires_after_days` is acted on. */
const methodOptions = z
  .record(
    z.string(),
    z.record(
      z.string(),
      z.unknown().transform((value) => (/^\d{1,4}$/.test(String(value)) ? Number(value) : value)),
    ),
  )
  .optional();

const shared = {
  allowed_payment_method_types: types,
  amount_details: ignored.optional(),
  capture_method: captureMethod,
  excluded_payment_method_types: types,
  expand,
  payment_method: text.optional(),
  payment_method_data: methodData.optional(),
  payment_method_options: methodOptions,
  receipt_email: text.optional(),
  setup_future_usage: futureUsage,
  shipping: ignored.optional(),
};
const confirming = {
  ...opaque('confirmation_token mandate mandate_data radar_options use_stripe_sdk'),
  error_on_requires_action: bool.optional(),
  off_session: z.union([bool, z.enum(['one_off', 'recurring'])]).optional(),
  return_url: text.optional(),
};

export const intentCreate = z.strictObject({
  ...shared,
  ...confirming,
  ...opaque(
    'application_fee_amount customer_account hooks on_behalf_of payment_details payment_method_configuration transfer_data transfer_group',
  ),
  amount: integer,
  automatic_payment_methods: z
    .strictObject({ enabled: bool, allow_redirects: z.enum(['always', 'never']).optional() })
    .optional(),
  confirm: bool.optional(),
  confirmation_method: z.enum(['automatic', 'manual']).optional(),
  currency: text,
  customer: text.optional(),
  description: text.max(1000).optional(),
  metadata: metadata.optional(),
  statement_descriptor: text.max(22).optional(),
  statement_descriptor_suffix: text.max(22).optional(),
});
export const intentUpdate = z.strictObject({
  ...shared,
  ...opaque(
    'application_fee_amount customer_account hooks payment_details payment_method_configuration transfer_data transfer_group',
  ),
  amount: integer.optional(),
  currency: text.optional(),
  customer: text.optional(),
  description: text.max(1000).optional(),
  metadata: metadata.optional(),
  statement_descriptor: text.max(22).optional(),
  statement_descriptor_suffix: text.max(22).optional(),
});
export const intentConfirm = z.strictObject({
  ...shared,
  ...confirming,
  ...opaque('amount_to_confirm hooks payment_details'),
});
export const intentCapture = z.strictObject({
  ...opaque('amount_details application_fee_amount hooks payment_details transfer_data'),
  amount_to_capture: integer.optional(),
  expand,
  final_capture: bool.optional(),
  metadata: metadata.optional(),
  statement_descriptor: text.max(22).optional(),
  statement_descriptor_suffix: text.max(22).optional(),
});
export const intentCancel = z.strictObject({
  cancellation_reason: z.enum(['abandoned', 'duplicate', 'fraudulent', 'requested_by_customer']).optional(),
  expand,
});

const setupShared = {
  ...opaque('attach_to_self customer_account flow_directions payment_method_configuration'),
  allowed_payment_method_types: types,
  customer: text.optional(),
  description: text.optional(),
  excluded_payment_method_types: types,
  expand,
  metadata: metadata.optional(),
  payment_method: text.optional(),
  payment_method_data: methodData.optional(),
  payment_method_options: methodOptions,
};
export const setupCreate = z.strictObject({
  ...setupShared,
  ...opaque('confirmation_token mandate_data on_behalf_of single_use use_stripe_sdk'),
  automatic_payment_methods: z
    .strictObject({ enabled: bool, allow_redirects: z.enum(['always', 'never']).optional() })
    .optional(),
  confirm: bool.optional(),
  return_url: text.optional(),
  usage: z.enum(['off_session', 'on_session']).optional(),
});
export const setupUpdate = z.strictObject(setupShared);
export const setupConfirm = z.strictObject({
  ...opaque('confirmation_token mandate_data use_stripe_sdk'),
  allowed_payment_method_types: types,
  expand,
  payment_method: text.optional(),
  payment_method_data: methodData.optional(),
  payment_method_options: methodOptions,
  return_url: text.optional(),
});

/** The types an intent may take, as both kinds of intent ask for them. */
export interface TypeParams {
  allowed_payment_method_types?: string[] | undefined;
  excluded_payment_method_types?: string[] | undefined;
}

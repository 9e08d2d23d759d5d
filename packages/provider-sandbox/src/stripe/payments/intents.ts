import type { z } from 'zod';
import type { StripeContext } from '../context.ts';
import { requireCustomer } from '../require-customer.ts';
import { invalid, paymentFailure } from '../errors.ts';
import { checkChargeAmount, checkCurrency } from '../money.ts';
import type { PaymentIntent, PaymentMethod } from '../objects.ts';
import { mergeMetadata } from '../params.ts';
import { capturePayment } from './charges.ts';
import { DEBIT, confirmIntent } from './confirm.ts';
import { newPaymentIntent } from './intent-object.ts';
import type {
  TypeParams,
  intentCancel,
  intentCapture,
  intentConfirm,
  intentCreate,
  intentUpdate,
} from './intent-params.ts';
import { methodNamed } from './method-object.ts';
import { methodFrom } from './method-params.ts';
import { isKnownType, offeredTypes } from './method-types.ts';
import { VOUCHER_EXPIRY } from './vouchers.ts';

function unexpectedState(intent: PaymentIntent, verb: string, allowed: string): Error {
  return invalid(
    `You cannot ${verb} this PaymentIntent because it has a status of ${intent.status}. Only a PaymentIntent with one of the following statuses may be ${verb}${verb.endsWith('e') ? 'd' : 'ed'}: ${allowed}.`,
    { code: 'payment_intent_unexpected_state' },
  );
}

export function typesFor(
  params: TypeParams,
  input: { use: 'payment' | 'setup'; currency: string | null; hasCustomer: boolean },
): string[] {
  for (const list of ['allowed_payment_method_types', 'excluded_payment_method_types'] as const) {
    const unknown = params[list]?.find((type) => !isKnownType(type));
    if (unknown !== undefined)
      throw invalid(`Invalid ${list}: ${unknown} is not a payment method type`, { param: list });
  }
  const offered = offeredTypes({
    ...input,
    country: null,
    allowed: params.allowed_payment_method_types ?? null,
    excluded: params.excluded_payment_method_types ?? null,
  });
  if (offered.length > 0) return offered;
  throw invalid(
    'No valid payment method types for this intent. Ensure that you have activated payment methods compatible with your chosen currency.',
    { param: 'allowed_payment_method_types' },
  );
}

interface MethodChoice {
  payment_method?: string | undefined;
  payment_method_data?: z.output<typeof intentCreate>['payment_method_data'];
}

export function chosenMethod(stripe: StripeContext, params: MethodChoice): PaymentMethod | undefined {
  if (params.payment_method !== undefined) {
    const method = methodNamed(stripe, params.payment_method, 'payment_method');
    if (stripe.instruments.get(method.id)?.wasDetached !== true) return method;
    throw invalid('The provided PaymentMethod was detached from a Customer. It may not be used again.', {
      code: 'payment_method_unexpected_state',
      param: 'payment_method',
    });
  }
  if (params.payment_method_data === undefined) return undefined;
  return methodFrom(stripe, params.payment_method_data, 'payment_method_data');
}

export function checkMethodFits(intent: { customer: string | null; types: string[] }, method: PaymentMethod): void {
  if (method.customer !== null && method.customer !== intent.customer) {
    const message =
      intent.customer === null
        ? 'The PaymentMethod supplied belongs to a Customer. You must also pass that Customer when using it.'
        : 'The PaymentMethod supplied does not belong to the supplied Customer.';
    throw invalid(message, { param: 'payment_method' });
  }
  if (intent.types.includes(method.type)) return;
  throw invalid(
    `The PaymentMethod provided (${method.type}) is not allowed for this PaymentIntent. Please attach a PaymentMethod of one of the following types: ${intent.types.join(', ')}.`,
    { param: 'payment_method' },
  );
}

function setMethod(stripe: StripeContext, intent: PaymentIntent, method: PaymentMethod): void {
  checkMethodFits({ customer: intent.customer, types: stringsOf(intent['payment_method_types']) }, method);
  intent.payment_method = method.id;
  if (intent.status === 'requires_payment_method') intent.status = 'requires_confirmation';
  stripe.paymentIntents.put(intent);
}

export const stringsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];

type Create = z.output<typeof intentCreate>;

export function createIntent(stripe: StripeContext, params: Create): PaymentIntent {
  const currency = checkCurrency(params.currency);
  checkChargeAmount(params.amount, currency);
  if (params.customer !== undefined) requireCustomer(stripe, params.customer, 'customer', 400);
  if (params.off_session !== undefined && params.confirm !== true) {
    throw invalid('You can only set `off_session` when `confirm` is true.', { param: 'off_session' });
  }
  const types = typesFor(params, { use: 'payment', currency, hasCustomer: params.customer !== undefined });
  const automatic = params.automatic_payment_methods;
  const intent = newPaymentIntent(stripe, {
    amount: params.amount,
    currency,
    customer: params.customer ?? null,
    metadata: mergeMetadata({}, params.metadata),
    description: params.description ?? null,
    types,
    fields: {
      allowed_payment_method_types: params.allowed_payment_method_types ?? null,
      automatic_payment_methods: {
        allow_redirects: automatic?.allow_redirects ?? 'always',
        enabled: automatic?.enabled ?? true,
      },
      capture_method: params.capture_method ?? 'automatic_async',
      confirmation_method: params.confirmation_method ?? 'automatic',
      excluded_payment_method_types: params.excluded_payment_method_types ?? null,
      payment_method_options: params.payment_method_options ?? { card: { request_three_d_secure: 'automatic' } },
      receipt_email: params.receipt_email ?? null,
      setup_future_usage: params.setup_future_usage === '' ? null : (params.setup_future_usage ?? null),
      shipping: params.shipping ?? null,
      statement_descriptor: params.statement_descriptor ?? null,
      statement_descriptor_suffix: params.statement_descriptor_suffix ?? null,
    },
  });
  const method = chosenMethod(stripe, params);
  if (method) setMethod(stripe, intent, method);
  return params.confirm === true ? confirm(stripe, intent, params) : intent;
}

type Confirm = Omit<z.output<typeof intentConfirm>, 'expand'>;

/** A person at the other end, unless told otherwise; a refusal answers 402 with the intent as it is now. */
export function confirm(stripe: StripeContext, intent: PaymentIntent, params: Confirm): PaymentIntent {
  const open = ['requires_payment_method', 'requires_confirmation', 'requires_action'];
  if (!open.includes(intent.status)) throw unexpectedState(intent, 'confirm', open.join(', '));
  if (params.setup_future_usage !== undefined) {
    intent['setup_future_usage'] = params.setup_future_usage === '' ? null : params.setup_future_usage;
  }
  if (params.capture_method !== undefined) intent['capture_method'] = params.capture_method;
  if (params.payment_method_options) intent['payment_method_options'] = params.payment_method_options;
  const named = chosenMethod(stripe, params);
  if (named) setMethod(stripe, intent, named);
  const method = intent.payment_method === null ? undefined : stripe.paymentMethods.get(intent.payment_method);
  if (!method) {
    throw invalid(
      'You cannot confirm this PaymentIntent because it is missing a payment method. You can either update the PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a payment method or ConfirmationToken.',
      { code: 'payment_intent_unexpected_state' },
    );
  }
  const offSession = params.off_session !== undefined && params.off_session !== false;
  const outcome = confirmIntent(stripe, intent, method, { offSession, returnUrl: params.return_url ?? null });
  if (outcome.kind === 'decline') {
    throw paymentFailure(outcome.decline, {
      ...(intent.latest_charge === null ? {} : { charge: intent.latest_charge }),
      payment_intent: structuredClone(intent),
      payment_method: structuredClone(method),
    });
  }
  if (outcome.kind === 'challenge' && params.error_on_requires_action === true) {
    Object.assign(intent, { status: 'requires_payment_method', next_action: null });
    stripe.paymentIntents.put(intent);
    const decline = {
      code: 'authentication_required',
      declineCode: 'authentication_required',
      message: 'This payment requires additional user action before it can be completed successfully.',
    };
    throw paymentFailure(decline, { payment_intent: structuredClone(intent) });
  }
  return intent;
}

export function updateIntent(
  stripe: StripeContext,
  intent: PaymentIntent,
  params: z.output<typeof intentUpdate>,
): PaymentIntent {
  const isOpen = ['requires_payment_method', 'requires_confirmation', 'requires_action'].includes(intent.status);
  if (
    (params.amount !== undefined || params.currency !== undefined || params.payment_method !== undefined) &&
    !isOpen
  ) {
    throw unexpectedState(intent, 'update', 'requires_payment_method, requires_confirmation, requires_action');
  }
  if (stripe.intentNotes.get(intent.id)?.ownedBy?.startsWith('in_') === true && params.amount !== undefined) {
    throw invalid('You cannot update the amount of a PaymentIntent that was created by an invoice.', {
      param: 'amount',
    });
  }
  const currency = params.currency === undefined ? intent.currency : checkCurrency(params.currency);
  if (params.amount !== undefined) checkChargeAmount(params.amount, currency);
  if (params.customer !== undefined) requireCustomer(stripe, params.customer, 'customer', 400);
  Object.assign(intent, {
    currency,
    amount: params.amount ?? intent.amount,
    customer: params.customer ?? intent.customer,
  });
  intent.metadata = mergeMetadata(intent.metadata, params.metadata);
  const plain = ['description', 'receipt_email', 'setup_future_usage', 'statement_descriptor', 'shipping'] as const;
  for (const name of plain) if (params[name] !== undefined) intent[name] = params[name] === '' ? null : params[name];
  if (params.payment_method_options) intent['payment_method_options'] = params.payment_method_options;
  const method = chosenMethod(stripe, params);
  if (method) setMethod(stripe, intent, method);
  return stripe.paymentIntents.put(intent);
}

export function captureIntent(
  stripe: StripeContext,
  intent: PaymentIntent,
  params: z.output<typeof intentCapture>,
): PaymentIntent {
  if (intent.status !== 'requires_capture') {
    throw invalid(
      `This PaymentIntent could not be captured because it has a status of ${intent.status}. Only a PaymentIntent with one of the following statuses may be captured: requires_capture.`,
      { code: 'payment_intent_unexpected_state' },
    );
  }
  const amount = params.amount_to_capture ?? intent.amount;
  if (amount < 1 || amount > intent.amount) {
    throw invalid('The amount to capture must be positive and at most the amount that was authorized.', {
      code: 'amount_too_large',
      param: 'amount_to_capture',
    });
  }
  intent.metadata = mergeMetadata(intent.metadata, params.metadata);
  capturePayment(stripe, intent, amount);
  return intent;
}

export function cancelIntent(
  stripe: StripeContext,
  intent: PaymentIntent,
  params: Pick<z.output<typeof intentCancel>, 'cancellation_reason'>,
): PaymentIntent {
  const open = [
    'requires_payment_method',
    'requires_capture',
    'requires_confirmation',
    'requires_action',
    'processing',
  ];
  if (!open.includes(intent.status)) {
    throw invalid(
      `You cannot cancel this PaymentIntent because it has a status of ${intent.status}. Only a PaymentIntent with one of the following statuses may be canceled: ${open.join(', ')}.`,
      { code: 'payment_intent_unexpected_state' },
    );
  }
  const wasCaptured = intent.status === 'requires_capture';
  Object.assign(intent, {
    status: 'canceled',
    canceled_at: stripe.now(),
    cancellation_reason: params.cancellation_reason ?? null,
    next_action: null,
    amount_capturable: 0,
  });
  stripe.paymentIntents.put(intent);
  stripe.sandbox.agenda.cancel(VOUCHER_EXPIRY, intent.id);
  stripe.sandbox.agenda.cancel(DEBIT, intent.id);
  const charge = intent.latest_charge === null ? undefined : stripe.charges.get(intent.latest_charge);
  if (wasCaptured && charge) {
    Object.assign(charge, { refunded: true, amount_refunded: charge.amount });
    stripe.charges.put(charge);
    stripe.emit('charge.refunded', charge, { amount_refunded: 0, refunded: false });
  }
  stripe.emit('payment_intent.canceled', intent);
  return intent;
}

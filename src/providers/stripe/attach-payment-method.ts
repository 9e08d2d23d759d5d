import type Stripe from 'stripe';
import { tokenInvalid } from '../failures.ts';
import type { Budget } from '../http.ts';
import type { MoneyResult, PaymentMethodOperations, PaymentMethodTruth } from '../port-money.ts';
import type { StripeApi } from './client.ts';
import { declined } from './declines.ts';
import { billingDetails, readDefault, setDefaultMethod } from './default-payment-method.ts';
import { detailOf, isStripeCode } from './errors.ts';
import { mapPaymentMethod, nextActionOf } from './map-payment.ts';
import { moneyResult } from './money-result.ts';
import { expanded } from './wire.ts';
import { stripePaymentMethod, stripeSetupIntent } from './wire-money.ts';

type AttachInput = Parameters<NonNullable<PaymentMethodOperations['attach']>>[0];

/** What Stripe says of a `pm_…`, `tok_…` or `ctoken_…` that cannot be used (any more). */
const TOKEN_PARAMS = new Set([
  'payment_method',
  'confirmation_token',
  'payment_method_data[card][token]',
  'payment_method_data[card]',
]);
const TOKEN_CODES = ['token_already_used', 'payment_method_invalid_parameter', 'payment_method_unexpected_state'];

/**
 * Through a confirmed SetupIntent: attaching alone neither authenticates nor makes the method fit for off-session
 * charges. A method that waits for the bank is attached once the buyer has confirmed; it becomes the default then only
 * by `setDefault`.
 */
export async function attachPaymentMethod(
  api: StripeApi,
  input: AttachInput,
): Promise<MoneyResult<PaymentMethodTruth>> {
  const budget = api.budget();
  try {
    return await moneyResult(() => setUp(api, input, budget));
  } catch (error) {
    const isMissing = isStripeCode(error, 'resource_missing') && TOKEN_PARAMS.has(String(detailOf(error, 'param')));
    if (isMissing || TOKEN_CODES.some((code) => isStripeCode(error, code))) throw tokenInvalid('stripe');
    throw error;
  }
}

async function setUp(api: StripeApi, input: AttachInput, budget: Budget): Promise<MoneyResult<PaymentMethodTruth>> {
  const { providerCustomerId } = input;
  const intent = await api.call({
    operation: 'payment_methods.attach',
    reply: stripeSetupIntent,
    budget,
    key: `${input.idempotencyKey}:setup`,
    send: (stripe, options) => stripe.setupIntents.create(setupParams(input), options),
  });
  const method = expanded(intent.payment_method) ?? intent.last_setup_error?.payment_method ?? null;
  if (intent.status === 'requires_payment_method' || intent.status === 'canceled' || method === null) {
    const fault = intent.last_setup_error;
    return { ...declined(fault?.decline_code ?? fault?.code), value: null };
  }
  if (intent.status !== 'succeeded') {
    const value = mapPaymentMethod(method, { providerCustomerId, defaultId: null });
    return { outcome: 'pending', value, nextAction: nextActionOf(intent) };
  }
  if (input.billingAddress !== null && isStoredMethod(input.token)) await setAddress(api, input, method.id, budget);
  if (!input.setAsDefault) {
    const defaultId = (await readDefault(api, { providerCustomerId }, budget)) ?? null;
    return { outcome: 'succeeded', value: mapPaymentMethod(method, { providerCustomerId, defaultId }) };
  }
  const value = await setDefaultMethod(
    api,
    { providerCustomerId, providerPaymentMethodId: method.id, idempotencyKey: input.idempotencyKey },
    budget,
  );
  return { outcome: 'succeeded', value };
}

function setupParams(input: AttachInput): Stripe.SetupIntentCreateParams {
  return {
    customer: input.providerCustomerId,
    confirm: true,
    usage: 'off_session',
    expand: ['payment_method'],
    automatic_payment_methods: { enabled: true, ...(input.returnUrl === null ? { allow_redirects: 'never' } : {}) },
    ...(input.returnUrl === null ? {} : { return_url: input.returnUrl }),
    ...methodParams(input),
  };
}

function methodParams({ token, billingAddress }: AttachInput): Partial<Stripe.SetupIntentCreateParams> {
  if (token.startsWith('ctoken_')) return { confirmation_token: token };
  if (isStoredMethod(token)) return { payment_method: token };
  // The types have `card` without its token, which the API takes (docs, "Tokens").
  const card: Record<string, string> = { token };
  return {
    payment_method_data: {
      type: 'card',
      ...(billingAddress === null ? {} : { billing_details: billingDetails(billingAddress) }),
      ...{ card },
    },
  };
}

function isStoredMethod(token: string): boolean {
  return !token.startsWith('tok_') && !token.startsWith('ctoken_');
}

async function setAddress(api: StripeApi, input: AttachInput, methodId: string, budget: Budget): Promise<void> {
  const { billingAddress } = input;
  if (billingAddress === null) return;
  await api.call({
    operation: 'payment_methods.update',
    reply: stripePaymentMethod,
    budget,
    key: `${input.idempotencyKey}:address`,
    send: (stripe, options) =>
      stripe.paymentMethods.update(methodId, { billing_details: billingDetails(billingAddress) }, options),
  });
}

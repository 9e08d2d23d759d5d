import type Stripe from 'stripe';
import { BillingError } from '../../domain/errors.ts';
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

/** What Stripe names when a `pm_…`, `tok_…` or `ctoken_…` cannot be used (any more): unknown, spent, another customer's. */
const TOKEN_PARAMS = new Set(['payment_method', 'confirmation_token', 'card[token]', 'card', 'token']);
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
    const isRefused = error instanceof BillingError && error.kind === 'invalid';
    const isToken =
      TOKEN_PARAMS.has(String(detailOf(error, 'param'))) || TOKEN_CODES.some((code) => isStripeCode(error, code));
    if (isRefused && isToken) throw tokenInvalid('stripe');
    throw error;
  }
}

async function setUp(api: StripeApi, input: AttachInput, budget: Budget): Promise<MoneyResult<PaymentMethodTruth>> {
  const { providerCustomerId } = input;
  const token = await methodOfToken(api, input, budget);
  const intent = await api.call({
    operation: 'payment_methods.attach',
    reply: stripeSetupIntent,
    budget,
    key: `${input.idempotencyKey}:setup`,
    isRepeatable: true,
    send: (stripe, options) => stripe.setupIntents.create(setupParams(input, token), options),
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
  await setAddress(api, input, method.id, budget);
  if (!input.setAsDefault) {
    const defaultId = (await readDefault(api, { providerCustomerId }, budget)) ?? null;
    return { outcome: 'succeeded', value: mapPaymentMethod(method, { providerCustomerId, defaultId }) };
  }
  const value = await setDefaultMethod(api, { providerCustomerId, providerPaymentMethodId: method.id }, budget);
  return { outcome: 'succeeded', value };
}

function setupParams(input: AttachInput, token: string): Stripe.SetupIntentCreateParams {
  return {
    customer: input.providerCustomerId,
    confirm: true,
    usage: 'off_session',
    expand: ['payment_method'],
    automatic_payment_methods: { enabled: true, ...(input.returnUrl === null ? { allow_redirects: 'never' } : {}) },
    ...(input.returnUrl === null ? {} : { return_url: input.returnUrl }),
    ...(token.startsWith('ctoken_') ? { confirmation_token: token } : { payment_method: token }),
  };
}

/** Card tokens of the older scripts become a method first; SetupIntents take none. */
async function methodOfToken(api: StripeApi, input: AttachInput, budget: Budget): Promise<string> {
  if (!input.token.startsWith('tok_')) return input.token;
  const method = await api.call({
    operation: 'payment_methods.create',
    reply: stripePaymentMethod,
    budget,
    key: `${input.idempotencyKey}:method`,
    isRepeatable: true,
    send: (stripe, options) => stripe.paymentMethods.create({ type: 'card', card: { token: input.token } }, options),
  });
  return method.id;
}

async function setAddress(api: StripeApi, input: AttachInput, methodId: string, budget: Budget): Promise<void> {
  const { billingAddress } = input;
  if (billingAddress === null) return;
  await api.call({
    operation: 'payment_methods.update',
    reply: stripePaymentMethod,
    budget,
    send: (stripe, options) =>
      stripe.paymentMethods.update(methodId, { billing_details: billingDetails(billingAddress) }, options),
  });
}

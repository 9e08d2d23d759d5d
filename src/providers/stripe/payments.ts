import type Stripe from 'stripe';
import { BillingError } from '../../domain/errors.ts';
import { amountOutOfRange, notSupported } from '../failures.ts';
import type { CreatePaymentInput, DirectPaymentTruth, MoneyResult, PaymentOperations } from '../port-money.ts';
import { unixFromIso } from '../wire-time.ts';
import { toStripeAmount } from './amount.ts';
import type { StripeApi } from './client.ts';
import { ensureCustomer } from './customers.ts';
import { isStripeCode } from './errors.ts';
import { directPayment, paymentResult, VOUCHER_EXPIRY } from './map-payment.ts';
import { moneyResult } from './money-result.ts';
import { everyItem } from './page.ts';
import { metadataOf, oxxoDays } from './session-params.ts';
import { listOf, stripePaymentIntent } from './wire.ts';
import { failedAttempt } from './wire-money.ts';

const EXPAND = ['latest_charge'];
/** "At most 8 digits" (docs, "Minimum and maximum charge amounts"); minima differ by account and are not told. */
const MAXIMUM = 99_999_999;

export function createStripePayments(api: StripeApi): PaymentOperations {
  return {
    create: (input) => createPayment(api, input),
    async get(id) {
      const intent = await readIntent(api, id);
      return intent && directPayment(intent);
    },
    /** By customer and time: search lags behind writes by a minute, up to an hour. */
    async find({ businessId, providerCustomerId, createdAfter }) {
      const intents = await everyItem(api, {
        operation: 'payments.find',
        reply: listOf(stripePaymentIntent),
        budget: api.budget(),
        send: (stripe, page, options) =>
          stripe.paymentIntents.list(
            {
              ...page,
              created: { gte: unixFromIso(createdAfter) },
              expand: ['data.latest_charge'],
              ...(providerCustomerId === null ? {} : { customer: providerCustomerId }),
            },
            options,
          ),
      });
      return intents.filter((intent) => intent.metadata?.business_id === businessId).map(directPayment);
    },
    async cancel({ providerObjectId }) {
      try {
        await api.call({
          operation: 'payments.cancel',
          reply: stripePaymentIntent,
          budget: api.budget(),
          send: (stripe, options) => stripe.paymentIntents.cancel(providerObjectId, {}, options),
        });
        return 'canceled';
      } catch (error) {
        if (!(error instanceof BillingError) || error.kind !== 'invalid') throw error;
        // Its state forbids it; which state decides.
        const status = (await readIntent(api, providerObjectId))?.status;
        if (status === 'canceled') return 'canceled';
        return status === 'succeeded' ? 'already_settled' : 'not_cancelable';
      }
    },
  };
}

async function createPayment(api: StripeApi, input: CreatePaymentInput): Promise<MoneyResult<DirectPaymentTruth>> {
  if (input.source.kind === 'voucher' && input.source.method === 'cash') {
    throw notSupported('stripe', 'take cash other than by OXXO');
  }
  const amount = toStripeAmount(input.amount);
  if (amount > MAXIMUM) throw outOfRange();
  const budget = api.budget();
  try {
    return await moneyResult(
      async () => {
        const scope = { projectId: input.metadata.project_id ?? '', idempotencyKey: input.idempotencyKey };
        const customer = await ensureCustomer(api, input.customer, scope, budget);
        const intent = await api.call({
          operation: 'payments.create',
          reply: stripePaymentIntent,
          budget,
          key: `${input.idempotencyKey}:payment`,
          // A voucher whose reference nobody was given is paid by nobody; a stored method would be charged twice.
          isRepeatable: input.source.kind === 'voucher',
          send: (stripe, options) =>
            stripe.paymentIntents.create(
              {
                amount,
                currency: input.amount.currency.toLowerCase(),
                customer,
                confirm: true,
                description: input.description,
                metadata: metadataOf({ ...input.metadata, business_id: input.businessId, ...expiryOf(input) }),
                expand: EXPAND,
                ...sourceParams(input),
              },
              options,
            ),
        });
        return paymentResult(intent);
      },
      (attempt) => {
        const intent = failedAttempt.safeParse(attempt).data?.payment_intent;
        return intent ? directPayment(intent) : null;
      },
    );
  } catch (error) {
    if (isStripeCode(error, 'amount_too_small') || isStripeCode(error, 'amount_too_large')) throw outOfRange();
    throw error;
  }
}

function outOfRange(): BillingError {
  return amountOutOfRange('stripe', { minimumMinor: null, maximumMinor: MAXIMUM });
}

function expiryOf({ source }: CreatePaymentInput): Readonly<Record<string, string>> {
  return source.kind === 'voucher' ? { [VOUCHER_EXPIRY]: source.expiresAt } : {};
}

/** Without a page to return to, methods that redirect are left out, or Stripe refuses to confirm. */
function sourceParams({ source, customer, returnUrl }: CreatePaymentInput): Partial<Stripe.PaymentIntentCreateParams> {
  if (source.kind === 'stored') {
    return {
      payment_method: source.providerPaymentMethodId,
      ...(source.offSession
        ? { off_session: true }
        : returnUrl === null
          ? { automatic_payment_methods: { enabled: true, allow_redirects: 'never' } }
          : { return_url: returnUrl }),
    };
  }
  if (source.method === 'oxxo') {
    return {
      allowed_payment_method_types: ['oxxo'],
      payment_method_data: {
        type: 'oxxo',
        billing_details: {
          ...(customer.name === null ? {} : { name: customer.name }),
          ...(customer.email === null ? {} : { email: customer.email }),
        },
      },
      payment_method_options: { oxxo: { expires_after_days: oxxoDays(source.expiresAt) } },
    };
  }
  return {
    allowed_payment_method_types: ['customer_balance'],
    payment_method_data: { type: 'customer_balance' },
    payment_method_options: {
      customer_balance: { funding_type: 'bank_transfer', bank_transfer: { type: 'mx_bank_transfer' } },
    },
  };
}

async function readIntent(api: StripeApi, id: string) {
  return api.find({
    operation: 'payments.get',
    reply: stripePaymentIntent,
    budget: api.budget(),
    send: (stripe, options) => stripe.paymentIntents.retrieve(id, { expand: EXPAND }, options),
  });
}

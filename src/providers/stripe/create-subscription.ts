import type Stripe from 'stripe';
import { z } from 'zod';
import type { SubscriptionTruth } from '../../domain/subscription/truth.ts';
import type { Budget } from '../http.ts';
import type { CallKey, CheckoutLine } from '../port.ts';
import type { MoneyResult } from '../port-money.ts';
import type { CreateSubscriptionInput } from '../port-subscriptions.ts';
import { unixFromIso } from '../wire-time.ts';
import { toStripeAmount } from './amount.ts';
import type { StripeApi } from './client.ts';
import { ensureCustomer } from './customers.ts';
import { declined } from './declines.ts';
import { readDefault } from './default-payment-method.ts';
import { moneyResult } from './money-result.ts';
import { readSubscription } from './read-subscription.ts';
import { metadataOf } from './session-params.ts';
import { expanded, stripeSubscription, type StripeSubscription } from './wire.ts';

type Params = Stripe.SubscriptionCreateParams;

/**
 * With a method Stripe tries to charge it at once (`allow_incomplete`); without one the buyer's browser confirms the
 * first invoice (`default_incomplete`). Either way an unpaid subscription is `incomplete` and ends by itself after 23 h.
 */
export async function createSubscription(
  api: StripeApi,
  input: CreateSubscriptionInput,
  { automaticTax }: { readonly automaticTax: boolean },
): Promise<MoneyResult<SubscriptionTruth>> {
  const budget = api.budget();
  return moneyResult(async () => {
    const scope = { projectId: input.metadata.project_id ?? '', idempotencyKey: input.idempotencyKey };
    const customer = await ensureCustomer(api, input.customer, scope, budget);
    const hasMethod =
      input.providerPaymentMethodId !== null ||
      (await readDefault(api, { providerCustomerId: customer }, budget)) != null;
    const item = await itemOf(api, input.line, input, budget);
    const created = await api.call({
      operation: 'subscriptions.create',
      reply: stripeSubscription,
      budget,
      key: `${input.idempotencyKey}:subscription`,
      send: (stripe, options) =>
        stripe.subscriptions.create(
          {
            customer,
            items: [item],
            payment_behavior: hasMethod ? 'allow_incomplete' : 'default_incomplete',
            payment_settings: { save_default_payment_method: 'on_subscription' },
            metadata: metadataOf({ ...input.metadata, subscription_id: input.subscriptionId }),
            expand: ['latest_invoice.confirmation_secret', 'latest_invoice.payments'],
            ...(automaticTax ? { automatic_tax: { enabled: true } } : {}),
            ...(input.providerPaymentMethodId === null
              ? {}
              : { default_payment_method: input.providerPaymentMethodId }),
            ...(input.trialEnd === null ? {} : { trial_end: unixFromIso(input.trialEnd) }),
          },
          options,
        ),
    });
    return resultOf(created, await readSubscription(api, created.id, budget), hasMethod);
  });
}

function resultOf(
  created: StripeSubscription,
  value: SubscriptionTruth,
  hasMethod: boolean,
): MoneyResult<SubscriptionTruth> {
  if (value.status !== 'incomplete') return { outcome: 'succeeded', value };
  const attempt = value.payments.at(-1);
  if (hasMethod && attempt?.status === 'declined') return { ...declined(attempt.declineCode), value };
  const clientSecret = expanded(created.latest_invoice)?.confirmation_secret?.client_secret;
  return {
    outcome: 'pending',
    value,
    nextAction: clientSecret === undefined ? null : { kind: 'confirm', clientSecret },
  };
}

/** Subscriptions take amounts of their own only beside a product, which a checkout would have made by itself. */
async function itemOf(
  api: StripeApi,
  line: CheckoutLine,
  { idempotencyKey }: CallKey,
  budget: Budget,
): Promise<NonNullable<Params['items']>[number]> {
  const { providerPrice, quantity } = line;
  if (providerPrice?.providerPriceId) return { price: providerPrice.providerPriceId, quantity };
  const product =
    providerPrice?.providerProductId ??
    (
      await api.call({
        operation: 'products.create',
        reply: z.object({ id: z.string() }),
        budget,
        key: `${idempotencyKey}:product`,
        isRepeatable: true,
        send: (stripe, options) =>
          stripe.products.create(
            { name: line.name, ...(line.description === null ? {} : { description: line.description }) },
            options,
          ),
      })
    ).id;
  return {
    quantity,
    price_data: {
      currency: line.unitAmount.currency.toLowerCase(),
      product,
      unit_amount: toStripeAmount(line.unitAmount),
      recurring: { interval: line.billingInterval === 'yearly' ? 'year' : 'month' },
    },
  };
}

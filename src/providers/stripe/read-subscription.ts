import type { PaymentTruth } from '../../domain/checkout/truth.ts';
import type { SubscriptionTruth } from '../../domain/subscription/truth.ts';
import { rejected } from '../failures.ts';
import type { Budget } from '../http.ts';
import type { StripeApi } from './client.ts';
import { mapPaymentIntent } from './map.ts';
import { mapSubscription } from './map-subscription.ts';
import {
  idOf,
  listOf,
  stripeInvoice,
  stripePaymentIntent,
  stripeSubscription,
  type StripeInvoice,
  type StripeSubscription,
} from './wire.ts';

const RECENT = 5;

/** Three calls: subscription and invoices side by side, then the newest payment, for its refunds and decline. */
export async function findSubscription(api: StripeApi, id: string, budget: Budget): Promise<SubscriptionTruth | null> {
  const [subscription, invoices] = await Promise.all([
    api.find({
      operation: 'subscriptions.get',
      reply: stripeSubscription,
      budget,
      send: (stripe, options) => stripe.subscriptions.retrieve(id, { expand: ['default_payment_method'] }, options),
    }),
    api.find({
      operation: 'invoices.list',
      reply: listOf(stripeInvoice),
      budget,
      send: (stripe, options) =>
        stripe.invoices.list({ subscription: id, limit: RECENT, expand: ['data.payments'] }, options),
    }),
  ]);
  if (!subscription) return null;
  const newest = invoices?.data[0];
  const payment = newest ? await readPayment(api, newest, budget) : null;
  return mapSubscription(subscription, invoices?.data ?? [], payment);
}

/** @throws {BillingError} `provider_rejected` when there is no such subscription. */
export async function readSubscription(api: StripeApi, id: string, budget: Budget): Promise<SubscriptionTruth> {
  const found = await findSubscription(api, id, budget);
  if (found) return found;
  throw rejected({ provider: 'stripe', status: 404, providerCode: 'resource_missing' });
}

/** As Stripe has it: what an operation must know before it changes something. */
export async function readWire(api: StripeApi, id: string, budget: Budget): Promise<StripeSubscription> {
  return api.call({
    operation: 'subscriptions.get',
    reply: stripeSubscription,
    budget,
    send: (stripe, options) => stripe.subscriptions.retrieve(id, {}, options),
  });
}

/** An invoice's payment with what only the intent knows: refunds, wallet, decline. */
export async function readPayment(
  api: StripeApi,
  invoice: StripeInvoice,
  budget: Budget,
): Promise<PaymentTruth | null> {
  const payments = invoice.payments?.data ?? [];
  const made = payments.find((payment) => payment.status === 'paid') ?? payments.at(-1);
  const id = idOf(made?.payment?.payment_intent);
  if (id === null) return null;
  const intent = await api.find({
    operation: 'payment_intents.get',
    reply: stripePaymentIntent,
    budget,
    send: (stripe, options) => stripe.paymentIntents.retrieve(id, { expand: ['latest_charge'] }, options),
  });
  const payment = intent && mapPaymentIntent(intent, null);
  return payment && { ...payment, providerInvoiceId: invoice.id };
}

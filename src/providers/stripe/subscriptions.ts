import type { PaymentTruth } from '../../domain/checkout/truth.ts';
import type { Budget } from '../http.ts';
import type { ProviderClient } from '../port.ts';
import type { StripeApi } from './client.ts';
import { mapPaymentIntent } from './map.ts';
import { mapSubscription } from './map-subscription.ts';
import { idOf, listOf, stripeInvoice, stripePaymentIntent, stripeSubscription, type StripeInvoice } from './wire.ts';

const RECENT = 5;

/** Three calls: subscription and invoices side by side, then the newest payment, for its refunds and decline. */
export function createStripeSubscriptions(api: StripeApi): NonNullable<ProviderClient['subscriptions']> {
  return {
    async get({ providerSubscriptionId }) {
      const budget = api.budget();
      const [subscription, invoices] = await Promise.all([
        api.find({
          operation: 'subscriptions.get',
          reply: stripeSubscription,
          budget,
          send: (stripe, options) =>
            stripe.subscriptions.retrieve(providerSubscriptionId, { expand: ['default_payment_method'] }, options),
        }),
        api.find({
          operation: 'invoices.list',
          reply: listOf(stripeInvoice),
          budget,
          send: (stripe, options) =>
            stripe.invoices.list(
              { subscription: providerSubscriptionId, limit: RECENT, expand: ['data.payments'] },
              options,
            ),
        }),
      ]);
      if (!subscription) return null;
      const newest = invoices?.data[0];
      const payment = newest ? await readPayment(api, newest, budget) : null;
      return mapSubscription(subscription, invoices?.data ?? [], payment);
    },
  };
}

async function readPayment(api: StripeApi, invoice: StripeInvoice, budget: Budget): Promise<PaymentTruth | null> {
  const id = idOf(invoice.payments?.data.at(-1)?.payment?.payment_intent);
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

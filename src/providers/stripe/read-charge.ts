import { z } from 'zod';
import type { ChargeTruth } from '../../domain/payment/truth.ts';
import type { Budget } from '../http.ts';
import type { StripeApi } from './client.ts';
import { mapPaymentIntent } from './map.ts';
import { expanded, idOf, listOf, stripeInvoice, stripePaymentIntent, type StripeInvoice } from './wire.ts';

const invoicePayment = z.object({ invoice: z.union([z.string(), stripeInvoice]) });

/** The intent, and the invoice that it pays, which since 2025-03-31 (basil) only the list of invoice payments tells. */
export async function readCharge(api: StripeApi, id: string): Promise<ChargeTruth | null> {
  const budget = api.budget();
  const intent = await api.find({
    operation: 'payment_intents.get',
    reply: stripePaymentIntent,
    budget,
    send: (stripe, options) => stripe.paymentIntents.retrieve(id, { expand: ['latest_charge'] }, options),
  });
  const payment = intent && mapPaymentIntent(intent, null);
  if (!intent || !payment) return null;
  const invoice = await paidInvoice(api, id, budget);
  const details = invoice?.parent?.subscription_details;
  const refs: readonly (readonly [string, string | null])[] = [
    ['payment_intent', intent.id],
    ['charge', idOf(intent.latest_charge)],
    ['subscription', idOf(details?.subscription)],
    ['invoice', invoice?.id ?? null],
  ];
  return {
    payment: { ...payment, providerInvoiceId: invoice?.id ?? null },
    providerCustomerId: idOf(intent.customer),
    metadata: { ...details?.metadata, ...intent.metadata },
    objects: refs.flatMap(([kind, ref]) => (ref === null ? [] : [{ kind, id: ref }])),
  };
}

async function paidInvoice(api: StripeApi, intentId: string, budget: Budget): Promise<StripeInvoice | null> {
  const found = await api.call({
    operation: 'invoice_payments.list',
    reply: listOf(invoicePayment),
    budget,
    send: (stripe, options) =>
      stripe.invoicePayments.list(
        { payment: { type: 'payment_intent', payment_intent: intentId }, limit: 1, expand: ['data.invoice'] },
        options,
      ),
  });
  return expanded(found.data[0]?.invoice) ?? null;
}

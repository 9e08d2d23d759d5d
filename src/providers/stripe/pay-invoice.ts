import { BillingError } from '../../domain/errors.ts';
import { rejected } from '../failures.ts';
import type { Budget } from '../http.ts';
import type { MoneyResult, ProviderInvoice } from '../port-money.ts';
import type { StripeApi } from './client.ts';
import { declineOf } from './declines.ts';
import { isStoredFailure } from './errors.ts';
import { mapProviderInvoice } from './map-subscription.ts';
import { moneyResult } from './money-result.ts';
import { readPayment } from './read-subscription.ts';
import { stripeInvoice, type StripeInvoice } from './wire.ts';

interface PayInput {
  readonly providerInvoiceId: string;
  readonly providerPaymentMethodId: string | null;
  readonly idempotencyKey: string;
  readonly budget: Budget;
}

/**
 * Tries to collect now, again too after a failure that is stored: what Stripe says is still open was not paid. Paid already
 * is success; where the bank wants the buyer, Stripe's own page asks for it.
 */
export async function payInvoice(api: StripeApi, input: PayInput): Promise<MoneyResult<ProviderInvoice>> {
  const { providerInvoiceId: id, providerPaymentMethodId: method, budget } = input;
  const read = async (): Promise<ProviderInvoice> => {
    const invoice = await findInvoice(api, id, budget);
    if (invoice) return invoice;
    throw rejected({ provider: 'stripe', status: 404, providerCode: 'resource_missing' });
  };
  const attempt = async (): Promise<MoneyResult<ProviderInvoice>> => {
    try {
      await api.call({
        operation: 'invoices.pay',
        reply: stripeInvoice,
        budget,
        key: `${input.idempotencyKey}:pay`,
        isRepeatable: async () => (await read()).status === 'open',
        send: (stripe, options) => stripe.invoices.pay(id, method === null ? {} : { payment_method: method }, options),
      });
    } catch (error) {
      if (declineOf(error)?.providerCode === 'invoice_payment_intent_requires_action') {
        return waiting(await read());
      }
      if (declineOf(error) || !(isRefusal(error) || isStoredFailure(error))) throw error;
      const invoice = await read();
      if (invoice.status === 'paid') return { outcome: 'succeeded', value: invoice };
      throw error;
    }
    const invoice = await read();
    return invoice.status === 'open' ? waiting(invoice) : { outcome: 'succeeded', value: invoice };
  };
  return moneyResult(attempt, () => findInvoice(api, id, budget));
}

function isRefusal(error: unknown): boolean {
  return error instanceof BillingError && error.kind === 'invalid';
}

function waiting(value: ProviderInvoice): MoneyResult<ProviderInvoice> {
  return {
    outcome: 'pending',
    value,
    nextAction: value.hostedUrl === null ? null : { kind: 'redirect', url: value.hostedUrl },
  };
}

/** With its payment, for refunds. */
export async function findInvoice(api: StripeApi, id: string, budget: Budget): Promise<ProviderInvoice | null> {
  const invoice: StripeInvoice | null = await api.find({
    operation: 'invoices.get',
    reply: stripeInvoice,
    budget,
    send: (stripe, options) => stripe.invoices.retrieve(id, { expand: ['payments'] }, options),
  });
  return invoice && mapProviderInvoice(invoice, await readPayment(api, invoice, budget));
}

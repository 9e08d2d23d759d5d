import { z } from 'zod';
import { BillingError } from '../../domain/errors.ts';
import type { Budget } from '../http.ts';
import type { PaymentMethodOperations, PaymentMethodRef } from '../port-money.ts';
import { attachPaymentMethod } from './attach-payment-method.ts';
import type { StripeApi } from './client.ts';
import { readDefault, setDefaultMethod } from './default-payment-method.ts';
import { isStripeCode } from './errors.ts';
import { mapPaymentMethod } from './map-payment.ts';
import { nothing, pageOf, pageParams } from './page.ts';
import { listOf } from './wire.ts';
import { stripePaymentMethod } from './wire-money.ts';

export function createStripePaymentMethods(api: StripeApi): Required<PaymentMethodOperations> {
  return {
    attach: (input) => attachPaymentMethod(api, input),
    async get(ref) {
      const budget = api.budget();
      const [method, defaultId] = await Promise.all([readMethod(api, ref, budget), readDefault(api, ref, budget)]);
      return method && mapPaymentMethod(method, { ...ref, defaultId: defaultId ?? null });
    },
    async list({ providerCustomerId, ...query }) {
      const budget = api.budget();
      const [methods, defaultId] = await Promise.all([
        api.find({
          operation: 'payment_methods.list',
          reply: listOf(stripePaymentMethod),
          budget,
          send: (stripe, options) =>
            stripe.customers.listPaymentMethods(providerCustomerId, pageParams(query), options),
        }),
        readDefault(api, { providerCustomerId }, budget),
      ]);
      if (!methods) return nothing;
      return pageOf(methods, (method) =>
        mapPaymentMethod(method, { providerCustomerId, defaultId: defaultId ?? null }),
      );
    },
    /** Cannot be undone: Stripe never attaches a detached method again. */
    async detach(ref) {
      const budget = api.budget();
      try {
        await api.find({
          operation: 'payment_methods.detach',
          reply: z.unknown(),
          budget,
          send: (stripe, options) => stripe.paymentMethods.detach(ref.providerPaymentMethodId, {}, options),
        });
      } catch (error) {
        if (!(error instanceof BillingError) || error.kind !== 'invalid') throw error;
        // A method that hangs at nobody is refused: what was wanted.
        if (await readMethod(api, ref, budget)) throw error;
      }
    },
    setDefault: (input) => setDefaultMethod(api, input, api.budget()),
  };
}

/** Under its customer, so that another's method is not found; a detached one is not either. */
async function readMethod(api: StripeApi, ref: PaymentMethodRef, budget: Budget) {
  return api
    .call({
      operation: 'payment_methods.get',
      reply: stripePaymentMethod,
      budget,
      send: (stripe, options) =>
        stripe.customers.retrievePaymentMethod(ref.providerCustomerId, ref.providerPaymentMethodId, {}, options),
    })
    .catch((error: unknown) => {
      if (isStripeCode(error, 'resource_missing')) return null;
      throw error;
    });
}

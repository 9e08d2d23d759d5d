import type Stripe from 'stripe';
import type { Budget } from '../http.ts';
import type { PostalAddress } from '../port.ts';
import type { PaymentMethodRef, PaymentMethodTruth } from '../port-money.ts';
import type { StripeApi } from './client.ts';
import { mapPaymentMethod } from './map-payment.ts';
import { idOf, stripeCustomer } from './wire.ts';
import { stripePaymentMethod } from './wire-money.ts';

export async function setDefaultMethod(
  api: StripeApi,
  input: PaymentMethodRef,
  budget: Budget,
): Promise<PaymentMethodTruth> {
  const { providerCustomerId, providerPaymentMethodId } = input;
  await api.call({
    operation: 'customers.set_default_payment_method',
    reply: stripeCustomer,
    budget,
    send: (stripe, options) =>
      stripe.customers.update(
        providerCustomerId,
        { invoice_settings: { default_payment_method: providerPaymentMethodId } },
        options,
      ),
  });
  const method = await api.call({
    operation: 'payment_methods.get',
    reply: stripePaymentMethod,
    budget,
    send: (stripe, options) =>
      stripe.customers.retrievePaymentMethod(providerCustomerId, providerPaymentMethodId, {}, options),
  });
  return mapPaymentMethod(method, { providerCustomerId, defaultId: providerPaymentMethodId });
}

export function billingDetails(address: PostalAddress): Stripe.PaymentMethodUpdateParams.BillingDetails {
  return {
    address: {
      country: address.country,
      ...(address.line1 === null ? {} : { line1: address.line1 }),
      ...(address.line2 === null ? {} : { line2: address.line2 }),
      ...(address.city === null ? {} : { city: address.city }),
      ...(address.state === null ? {} : { state: address.state }),
      ...(address.postalCode === null ? {} : { postal_code: address.postalCode }),
    },
  };
}

/** @returns undefined where there is no such customer, null where it has no default. */
export async function readDefault(
  api: StripeApi,
  ref: { readonly providerCustomerId: string },
  budget: Budget,
): Promise<string | null | undefined> {
  const customer = await api.find({
    operation: 'customers.get',
    reply: stripeCustomer,
    budget,
    send: (stripe, options) => stripe.customers.retrieve(ref.providerCustomerId, {}, options),
  });
  return customer && !customer.deleted ? idOf(customer.invoice_settings?.default_payment_method) : undefined;
}

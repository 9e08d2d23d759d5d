import { defineEntity, p, type InferEntity } from '@mikro-orm/core';
import type { CustomerStep } from '../../domain/subscription/customer-step.ts';
import type { BillingAddress } from './checkout.ts';
import { owned } from './owned.ts';

/** A stored way to pay: only what may be kept, never a number. */
export const PaymentMethodEntity = defineEntity({
  name: 'PaymentMethod',
  tableName: 'payment_methods',
  properties: {
    id: p.text().primary(),
    organizationId: p.text(),
    provider: p.text(),
    providerPaymentMethodId: p.text().strictNullable(),
    providerCustomerId: p.text().strictNullable(),
    status: p.text().$type<'attaching' | 'requires_action' | 'active' | 'failed' | 'detached'>(),
    /** The provider's one-time token, until it is used up. */
    token: p.text().strictNullable(),
    /** Where the buyer comes back to from their bank. */
    returnUrl: p.text().strictNullable(),
    type: p.text().strictNullable(),
    brand: p.text().strictNullable(),
    last4: p.text().strictNullable(),
    expMonth: p.integer().strictNullable(),
    expYear: p.integer().strictNullable(),
    country: p.text().strictNullable(),
    billingAddress: p.json().$type<BillingAddress>().strictNullable(),
    /** Of the organization's at this provider; until it is active: whether it shall be. */
    isDefault: p.boolean(),
    nextStep: p.json().$type<CustomerStep>().strictNullable(),
    /** Why the last thing asked of it was not done. */
    failureCode: p.text().strictNullable(),
    failureDetail: p.json().$type<Record<string, unknown>>().strictNullable(),
    requestFingerprint: p.text().strictNullable(),
    version: p.integer().version(),
    ...owned,
  },
});
export type PaymentMethod = InferEntity<typeof PaymentMethodEntity>;

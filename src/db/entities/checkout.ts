import { defineEntity, p, type InferEntity } from '@mikro-orm/core';
import type { BillingInterval, CheckoutMode } from '../../domain/catalogue.ts';
import type { CheckoutStatus } from '../../domain/checkout/transition.ts';
import type { VoucherTruth } from '../../domain/checkout/truth.ts';
import type { CountrySource } from '../../domain/routing/country.ts';
import type { FallbackReason, RoutingDecision } from '../../domain/routing/route.ts';
import { owned } from './owned.ts';

/** The API's billing address, stored in rows only. */
export interface BillingAddress {
  readonly line1: string | null;
  readonly line2: string | null;
  readonly city: string | null;
  readonly state: string | null;
  readonly postal_code: string | null;
  readonly country: string;
}

export interface CheckoutFallback {
  readonly attempted_provider: string;
  readonly fallback_provider: string | null;
  readonly reason: FallbackReason;
  readonly timestamp: string;
  /** Absent: the quote holds. */
  readonly currency_changed?: boolean;
}

export const CheckoutEntity = defineEntity({
  name: 'Checkout',
  tableName: 'checkouts',
  properties: {
    id: p.text().primary(),
    organizationId: p.text(),
    userId: p.text().strictNullable(),
    planId: p.text().strictNullable(),
    priceId: p.text().strictNullable(),
    mode: p.text().$type<CheckoutMode>(),
    status: p.text().$type<CheckoutStatus>(),
    billingInterval: p.text().$type<BillingInterval>().strictNullable(),
    quantity: p.integer(),
    /** The quote: unit price × quantity, before tax and discounts. */
    amountMinor: p.bigint('number').strictNullable(),
    currency: p.text().strictNullable(),
    country: p.text().strictNullable(),
    countrySource: p.text().$type<CountrySource>(),
    email: p.text().strictNullable(),
    name: p.text().strictNullable(),
    phone: p.text().strictNullable(),
    billingAddress: p.json().$type<BillingAddress>().strictNullable(),
    /** What the caller asked for; null: all that fit. */
    wishedPaymentMethods: p.array().strictNullable(),
    /** What the page offers. */
    paymentMethods: p.array(),
    successUrl: p.text(),
    cancelUrl: p.text(),
    voucherExpiresAt: p.datetime().strictNullable(),
    discountCode: p.text().strictNullable(),
    trialDays: p.integer().strictNullable(),
    locale: p.text().strictNullable(),
    embedOrigin: p.text().strictNullable(),
    metadata: p.json().$type<Record<string, string>>(),
    routing: p.json().$type<RoutingDecision>(),
    fallback: p.json().$type<CheckoutFallback>().strictNullable(),
    provider: p.text().strictNullable(),
    providerCheckoutId: p.text().strictNullable(),
    checkoutUrl: p.text().strictNullable(),
    expiresAt: p.datetime().strictNullable(),
    voucher: p.json().$type<VoucherTruth>().strictNullable(),
    subscriptionId: p.text().strictNullable(),
    failureCode: p.text().strictNullable(),
    requestFingerprint: p.text().strictNullable(),
    version: p.integer().version(),
    ...owned,
  },
});
export type Checkout = InferEntity<typeof CheckoutEntity>;

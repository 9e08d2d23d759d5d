import { defineEntity, p, type InferEntity } from '@mikro-orm/core';
import type { BillingInterval } from '../../domain/catalogue.ts';
import type { InvoiceTruth, PaymentTruth } from '../../domain/checkout/truth.ts';
import type { DisputeTruth, RefundTruth } from '../../domain/payment/truth.ts';
import type { SubscriptionStatus } from '../../domain/subscription/truth.ts';
import { owned } from './owned.ts';

export const PaymentEntity = defineEntity({
  name: 'Payment',
  tableName: 'payments',
  properties: {
    id: p.text().primary(),
    organizationId: p.text(),
    checkoutId: p.text().strictNullable(),
    subscriptionId: p.text().strictNullable(),
    invoiceId: p.text().strictNullable(),
    provider: p.text(),
    providerPaymentId: p.text(),
    status: p.text().$type<PaymentTruth['status']>(),
    /** What the customer paid, tax included. */
    amountMinor: p.bigint('number'),
    taxMinor: p.bigint('number').strictNullable(),
    refundedMinor: p.bigint('number'),
    currency: p.text(),
    method: p.text().strictNullable(),
    declineCode: p.text().strictNullable(),
    paidAt: p.datetime().strictNullable(),
    ...owned,
  },
});
export type Payment = InferEntity<typeof PaymentEntity>;

/** Money paid back, as the provider tells it. */
export const RefundEntity = defineEntity({
  name: 'Refund',
  tableName: 'refunds',
  properties: {
    id: p.text().primary(),
    organizationId: p.text(),
    paymentId: p.text(),
    provider: p.text(),
    providerRefundId: p.text(),
    status: p.text().$type<RefundTruth['status']>(),
    /** What the customer got back, tax included. */
    amountMinor: p.bigint('number'),
    taxMinor: p.bigint('number').strictNullable(),
    currency: p.text(),
    refundedAt: p.datetime().strictNullable(),
    ...owned,
  },
});

/** Money that the buyer's bank asks back. */
export const DisputeEntity = defineEntity({
  name: 'Dispute',
  tableName: 'disputes',
  properties: {
    id: p.text().primary(),
    organizationId: p.text(),
    paymentId: p.text(),
    provider: p.text(),
    providerDisputeId: p.text(),
    status: p.text().$type<DisputeTruth['status']>(),
    amountMinor: p.bigint('number'),
    currency: p.text(),
    reason: p.text().strictNullable(),
    respondBy: p.datetime().strictNullable(),
    disputedAt: p.datetime(),
    ...owned,
  },
});

export const InvoiceEntity = defineEntity({
  name: 'Invoice',
  tableName: 'invoices',
  properties: {
    id: p.text().primary(),
    organizationId: p.text(),
    checkoutId: p.text().strictNullable(),
    subscriptionId: p.text().strictNullable(),
    provider: p.text(),
    providerInvoiceId: p.text(),
    number: p.text().strictNullable(),
    status: p.text().$type<InvoiceTruth['status']>(),
    totalMinor: p.bigint('number'),
    amountPaidMinor: p.bigint('number'),
    amountRefundedMinor: p.bigint('number'),
    taxMinor: p.bigint('number').strictNullable(),
    currency: p.text(),
    periodStart: p.datetime().strictNullable(),
    periodEnd: p.datetime().strictNullable(),
    issuedAt: p.datetime().strictNullable(),
    paidAt: p.datetime().strictNullable(),
    hostedUrl: p.text().strictNullable(),
    pdfUrl: p.text().strictNullable(),
    ...owned,
  },
});
export type Invoice = InferEntity<typeof InvoiceEntity>;

export const SubscriptionEntity = defineEntity({
  name: 'Subscription',
  tableName: 'subscriptions',
  properties: {
    id: p.text().primary(),
    organizationId: p.text(),
    userId: p.text().strictNullable(),
    planId: p.text(),
    priceId: p.text(),
    checkoutId: p.text(),
    status: p.text().$type<SubscriptionStatus>(),
    billingInterval: p.text().$type<BillingInterval>(),
    quantity: p.integer(),
    /** null: a free plan, which lives without a provider. */
    provider: p.text().strictNullable(),
    providerSubscriptionId: p.text().strictNullable(),
    providerCustomerId: p.text().strictNullable(),
    amountMinor: p.bigint('number'),
    currency: p.text(),
    currentPeriodStart: p.datetime().strictNullable(),
    currentPeriodEnd: p.datetime().strictNullable(),
    trialStart: p.datetime().strictNullable(),
    trialEnd: p.datetime().strictNullable(),
    cancelAtPeriodEnd: p.boolean(),
    cancelAt: p.datetime().strictNullable(),
    canceledAt: p.datetime().strictNullable(),
    endedAt: p.datetime().strictNullable(),
    pausedAt: p.datetime().strictNullable(),
    resumesAt: p.datetime().strictNullable(),
    metadata: p.json().$type<Record<string, string>>(),
    version: p.integer().version(),
    ...owned,
  },
});
export type Subscription = InferEntity<typeof SubscriptionEntity>;

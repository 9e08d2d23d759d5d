import { defineEntity, p, type InferEntity } from '@mikro-orm/core';
import type { InvoiceTruth, PaymentTruth } from '../../domain/checkout/truth.ts';
import type { OrderStatus } from '../../domain/payment/order.ts';
import type { RefundStatus } from '../../domain/payment/refund.ts';
import type { Sending } from '../../domain/payment/sending.ts';
import type { DisputeTruth, RefundReason } from '../../domain/payment/truth.ts';
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

/** Money paid back: asked for by us (then it begins as `requested`), or at the provider. */
export const RefundEntity = defineEntity({
  name: 'Refund',
  tableName: 'refunds',
  properties: {
    id: p.text().primary(),
    organizationId: p.text(),
    paymentId: p.text(),
    provider: p.text(),
    /** null: the provider has not answered yet. */
    providerRefundId: p.text().strictNullable(),
    /** `unknown`: the provider's answer was lost; it is being asked. */
    status: p.text().$type<RefundStatus>(),
    /** What the customer got back, tax included. */
    amountMinor: p.bigint('number'),
    taxMinor: p.bigint('number').strictNullable(),
    currency: p.text(),
    refundedAt: p.datetime().strictNullable(),
    /** What the request named. */
    invoiceId: p.text().strictNullable(),
    checkoutId: p.text().strictNullable(),
    /** null: made at the provider. */
    reason: p.text().$type<RefundReason>().strictNullable(),
    actor: p.text().strictNullable(),
    failureCode: p.text().strictNullable(),
    failureDetail: p.json().$type<Record<string, unknown>>().strictNullable(),
    /** How far the call that makes it has come; null: it was never sent. */
    sending: p.json().$type<Sending>().strictNullable(),
    version: p.integer().version(),
    ...owned,
  },
});
export type Refund = InferEntity<typeof RefundEntity>;

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
export type Dispute = InferEntity<typeof DisputeEntity>;

/** A line of an invoice, as stored. */
export interface StoredLine {
  readonly description: string;
  readonly quantity: number;
  readonly amountMinor: number;
  readonly currency: string;
  readonly periodStart: string | null;
  readonly periodEnd: string | null;
}

export const InvoiceEntity = defineEntity({
  name: 'Invoice',
  tableName: 'invoices',
  properties: {
    id: p.text().primary(),
    organizationId: p.text(),
    checkoutId: p.text().strictNullable(),
    subscriptionId: p.text().strictNullable(),
    provider: p.text(),
    /** null: the provider makes none; this one is ours. */
    providerInvoiceId: p.text().strictNullable(),
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
    lineItems: p.json().$type<readonly StoredLine[]>(),
    /** subscription_start, subscription_cycle …; null: not told. */
    billingReason: p.text().strictNullable(),
    dueAt: p.datetime().strictNullable(),
    /** Ours. */
    paymentMethodId: p.text().strictNullable(),
    providerPaymentId: p.text().strictNullable(),
    /** What the provider collects it by, where we asked: what `payments.get` takes; null: it is collected there. */
    providerObjectId: p.text().strictNullable(),
    ...owned,
  },
});
export type Invoice = InferEntity<typeof InvoiceEntity>;

/** A one-time purchase that was paid. */
export const OrderEntity = defineEntity({
  name: 'Order',
  tableName: 'orders',
  properties: {
    id: p.text().primary(),
    organizationId: p.text(),
    userId: p.text().strictNullable(),
    checkoutId: p.text(),
    planId: p.text(),
    priceId: p.text(),
    paymentId: p.text().strictNullable(),
    invoiceId: p.text().strictNullable(),
    /** null: it cost nothing. */
    provider: p.text().strictNullable(),
    status: p.text().$type<OrderStatus>(),
    quantity: p.integer(),
    /** What the customer paid, tax included. */
    amountMinor: p.bigint('number'),
    taxMinor: p.bigint('number').strictNullable(),
    refundedMinor: p.bigint('number'),
    currency: p.text(),
    metadata: p.json().$type<Record<string, string>>(),
    paidAt: p.datetime(),
    version: p.integer().version(),
    ...owned,
  },
});
export type Order = InferEntity<typeof OrderEntity>;

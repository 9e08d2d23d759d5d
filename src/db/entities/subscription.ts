import { defineEntity, p, type InferEntity } from '@mikro-orm/core';
import type { BillingInterval } from '../../domain/catalogue.ts';
import type { VoucherTruth } from '../../domain/checkout/truth.ts';
import type { ProrationMode } from '../../domain/subscription/change.ts';
import type { Collection, CustomerStep } from '../../domain/subscription/customer-step.ts';
import type { Opening } from '../../domain/subscription/opening.ts';
import type {
  OperationKind,
  OperationMethod,
  OperationStatus,
  OperationTiming,
} from '../../domain/subscription/operation.ts';
import type { SubscriptionStatus } from '../../domain/subscription/truth.ts';
import type { DirectRouting } from '../../domain/subscription/direct-routing.ts';
import type { CheckoutFallback } from './checkout.ts';
import { owned } from './owned.ts';

/** Its entitlement as of now: a grace ends by itself. */
const entitledNow = (_columns: unknown, { alias }: { readonly alias: string }) => `coalesce((
  select entitlement.is_allowed and (entitlement.until is null or entitlement.until > now())
  from entitlements entitlement
  where entitlement.project_id = ${alias}.project_id and entitlement.live = ${alias}.live
    and entitlement.organization_id = ${alias}.organization_id
    and entitlement.source_kind = 'subscription' and entitlement.source_id = ${alias}.id), false)`;

export const SubscriptionEntity = defineEntity({
  name: 'Subscription',
  tableName: 'subscriptions',
  properties: {
    id: p.text().primary(),
    organizationId: p.text(),
    userId: p.text().strictNullable(),
    planId: p.text(),
    priceId: p.text(),
    /** null: begun without a hosted page. */
    checkoutId: p.text().strictNullable(),
    status: p.text().$type<SubscriptionStatus>(),
    billingInterval: p.text().$type<BillingInterval>(),
    quantity: p.integer(),
    /** The buyer's, as routing had it. */
    country: p.text().strictNullable(),
    /** null: a free plan, which lives without a provider. */
    provider: p.text().strictNullable(),
    /** null: free, paid by voucher, or not begun there yet. */
    providerSubscriptionId: p.text().strictNullable(),
    providerCustomerId: p.text().strictNullable(),
    collection: p.text().$type<Collection>(),
    voucherMethod: p.text().$type<VoucherTruth['kind']>().strictNullable(),
    /** The one to pay now. */
    voucher: p.json().$type<VoucherTruth>().strictNullable(),
    /** When the next one is to be issued; null: it is out, or none is wanted. */
    voucherDueAt: p.datetime().strictNullable(),
    /** Ours; null: the provider's default. */
    paymentMethodId: p.text().strictNullable(),
    nextStep: p.json().$type<CustomerStep>().strictNullable(),
    amountMinor: p.bigint('number'),
    currency: p.text(),
    /** Periods that we count ourselves are counted from here. */
    anchorAt: p.datetime().strictNullable(),
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
    pastDueAt: p.datetime().strictNullable(),
    graceEndsAt: p.datetime().strictNullable(),
    /** In this grace. */
    remindersSent: p.integer(),
    trialNotifiedAt: p.datetime().strictNullable(),
    /** When the provider was last asked; what was asked before is not believed over it. Moves without the version. */
    observedAt: p.datetime().strictNullable(),
    /** Why it never began. */
    failureCode: p.text().strictNullable(),
    failureDetail: p.json().$type<Record<string, unknown>>().strictNullable(),
    /** Whom a direct one may be begun at, in order; null: begun by a checkout, or nobody collects. */
    routing: p.json().$type<DirectRouting>().strictNullable(),
    /** The last step from one provider to the next; null: there was none. */
    fallback: p.json().$type<CheckoutFallback>().strictNullable(),
    /** How far a direct one's beginning has come; null: not sent, or begun by a checkout. */
    opening: p.json().$type<Opening>().strictNullable(),
    requestFingerprint: p.text().strictNullable(),
    metadata: p.json().$type<Record<string, string>>(),
    /** As `GET /billing/access` says it; absent from a row that was not read but made. */
    isEntitled: p.boolean().formula(entitledNow),
    version: p.integer().version(),
    ...owned,
  },
});
export type Subscription = InferEntity<typeof SubscriptionEntity>;

/** Something asked of a subscription, and what became of it. */
export const SubscriptionChangeEntity = defineEntity({
  name: 'SubscriptionChange',
  tableName: 'subscription_changes',
  properties: {
    id: p.text().primary(),
    organizationId: p.text(),
    subscriptionId: p.text(),
    kind: p.text().$type<OperationKind>(),
    status: p.text().$type<OperationStatus>(),
    timing: p.text().$type<OperationTiming>(),
    /** null: not decided yet. */
    method: p.text().$type<OperationMethod>().strictNullable(),
    /** What it shall be; null: stays as it is. */
    planId: p.text().strictNullable(),
    priceId: p.text().strictNullable(),
    billingInterval: p.text().$type<BillingInterval>().strictNullable(),
    quantity: p.integer().strictNullable(),
    proration: p.text().$type<ProrationMode>().strictNullable(),
    prorationAt: p.datetime().strictNullable(),
    resumesAt: p.datetime().strictNullable(),
    reason: p.text().strictNullable(),
    comment: p.text().strictNullable(),
    /** When it takes, or took, effect. */
    effectiveAt: p.datetime().strictNullable(),
    failureCode: p.text().strictNullable(),
    failureDetail: p.json().$type<Record<string, unknown>>().strictNullable(),
    /** Who asked: see the audit log. */
    actor: p.text(),
    version: p.integer().version(),
    ...owned,
  },
});
export type SubscriptionChange = InferEntity<typeof SubscriptionChangeEntity>;

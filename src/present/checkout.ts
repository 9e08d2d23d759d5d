import type { Checkout } from '../db/entities/checkout.ts';
import type { Payment } from '../db/entities/payment.ts';
import type { AuditEntry } from '../db/entities/records.ts';
import type { CheckoutDetail, CheckoutEventData, CheckoutSummary } from '../api/schemas/checkout.ts';
import { isoOrNull, moneyOrNull, presentTimeline, presentVoucher, toMoney } from './values.ts';

/** A checkout as its creation answers it. */
export function presentCheckout(row: Checkout): CheckoutSummary {
  return {
    checkout_id: row.id,
    checkout_url: row.checkoutUrl,
    provider: row.provider,
    status: row.status,
    mode: row.mode,
    organization_id: row.organizationId,
    amount: moneyOrNull(row.amountMinor, row.currency),
    payment_methods: [...row.paymentMethods],
    expires_at: isoOrNull(row.expiresAt),
    fallback: presentFallback(row.fallback),
    routing: {
      rule: row.routing.rule,
      policy: row.routing.policy,
      policy_version: row.routing.policy_version,
      country: row.routing.country,
      country_source: row.routing.country_source,
      fallbacks: [...row.routing.fallbacks],
      bucket: row.routing.bucket,
      considered: [
        ...row.routing.considered.map(({ failed, needs, rule }) => ({
          ...{ rule, failed, why: failed === null ? null : `it asks for ${needs ?? failed}` },
        })),
        ...(row.routing.rollout ? [{ rule: row.routing.rule, failed: null, why: row.routing.rollout.because }] : []),
      ],
    },
  };
}

/** A checkout as events tell it: without its URL, which is a credential for whoever pays. */
export function presentCheckoutEvent(row: Checkout): CheckoutEventData {
  return { ...presentCheckout(row), checkout_url: null, subscription_id: row.subscriptionId };
}

/** A checkout with everything that has happened to it. */
export function presentCheckoutDetail(
  row: Checkout,
  payment: Payment | null,
  timeline: readonly AuditEntry[],
): CheckoutDetail {
  return {
    ...presentCheckout(row),
    subscription_id: row.subscriptionId,
    payment: payment && {
      id: payment.id,
      status: payment.status,
      amount: toMoney(payment.amountMinor, payment.currency),
      method: payment.method,
      decline_code: payment.declineCode,
      paid_at: isoOrNull(payment.paidAt),
    },
    voucher: presentVoucher(row.voucher),
    timeline: presentTimeline(timeline),
  };
}

/** The quote holds over a fallback unless the row says otherwise. */
export function presentFallback(row: Checkout['fallback']): CheckoutSummary['fallback'] {
  if (row === null) return null;
  const { attempted_provider, fallback_provider, reason, timestamp, currency_changed = false } = row;
  return { attempted_provider, fallback_provider, reason, timestamp, currency_changed };
}

import type { Subscription, SubscriptionChange } from '../db/entities/subscription.ts';
import type { BillingError } from '../domain/errors.ts';
import type { Decision, OperationPlan, Refusal } from '../domain/subscription/operation-plan.ts';
import { fieldRefusal, refusal, type ErrorCode } from './error-codes.ts';

/** @throws {BillingError} the documented refusal, with what would be possible instead. */
export function planOf(decision: Decision, row: Subscription): OperationPlan {
  if ('plan' in decision) return decision.plan;
  throw asProblem(decision.refusal, row);
}

function asProblem({ code, field, message, possible }: Refusal, row: Subscription): BillingError {
  const details = { subscription_id: row.id, ...(possible.length > 0 && { possible }) };
  return field === null ? refusal(code, message, { details }) : fieldRefusal(code, `/${field}`, message, details);
}

/** Why the workflow could not do it, from what its activity left on the row. */
export function explainOperation(change: SubscriptionChange): BillingError {
  const detail = change.failureDetail ?? {};
  const message = typeof detail['message'] === 'string' ? detail['message'] : 'The provider refused it.';
  const { possible, decline_code } = detail;
  return refusal(failureCodeOf(change), message, {
    details: {
      subscription_id: change.subscriptionId,
      ...(possible !== undefined && { possible }),
      ...(decline_code !== undefined && { decline_code }),
    },
  });
}

const failures: readonly ErrorCode[] = [
  'not_supported_by_provider',
  'nothing_to_change',
  'change_pending',
  'checkout_required',
  'subscription_ended',
  'subscription_ending',
  'subscription_incomplete',
  'subscription_paused',
  'voucher_issued',
  'payment_declined',
  'payment_not_confirmed',
  'price_not_found',
];

/** A code of the provider's group that has no page of its own is a refusal of the provider's. */
function failureCodeOf(change: SubscriptionChange): ErrorCode {
  const known = failures.find((code) => code === change.failureCode);
  return known ?? 'provider_rejected';
}

import { BillingError, type FieldFault } from '../domain/errors.ts';
import { benefitErrors } from './error-tables/benefit-errors.ts';
import { billingErrors } from './error-tables/billing-errors.ts';
import { customerErrors } from './error-tables/customer-errors.ts';
import { checkoutErrors } from './error-tables/checkout-errors.ts';
import type { ErrorPage } from './error-tables/error-page.ts';
import { fallbackErrors } from './error-tables/fallback-errors.ts';
import { generalErrors } from './error-tables/general-errors.ts';
import { migrationErrors } from './error-tables/migration-errors.ts';
import { meterErrors } from './error-tables/meter-errors.ts';
import { migrationProofErrors } from './error-tables/migration-proof-errors.ts';
import { paymentMethodErrors } from './error-tables/payment-method-errors.ts';
import { operatorErrors } from './error-tables/operator-errors.ts';
import { providerHealthErrors } from './error-tables/provider-health-errors.ts';
import { subscriptionOperationErrors } from './error-tables/subscription-operation-errors.ts';
import { reconciliationErrors } from './error-tables/reconciliation-errors.ts';
import { refundErrors } from './error-tables/refund-errors.ts';
import { rolloutErrors } from './error-tables/rollout-errors.ts';
import { routingErrors } from './error-tables/routing-errors.ts';
import { usageReportErrors } from './error-tables/usage-report-errors.ts';
import { outboundErrors } from './error-tables/outbound-errors.ts';
import { usageErrors } from './error-tables/usage-errors.ts';

/** Every code this API answers with, and its page under `/docs/errors/{code}`. Codes are never renamed. */
const errorCodes = {
  ...generalErrors,
  ...billingErrors,
  ...benefitErrors,
  ...checkoutErrors,
  ...paymentMethodErrors,
  ...operatorErrors,
  ...providerHealthErrors,
  ...customerErrors,
  ...subscriptionOperationErrors,
  ...refundErrors,
  ...reconciliationErrors,
  ...outboundErrors,
  ...fallbackErrors,
  ...routingErrors,
  ...rolloutErrors,
  ...usageReportErrors,
  ...usageErrors,
  ...meterErrors,
  ...migrationProofErrors,
  ...migrationErrors,
} as const;

export type ErrorCode = keyof typeof errorCodes;

export const errorPages: Readonly<Record<string, ErrorPage>> = errorCodes;

/** The one way this API refuses: only documented codes compile. */
export function refusal(
  code: ErrorCode,
  message: string,
  more: {
    readonly details?: Readonly<Record<string, unknown>>;
    readonly faults?: readonly FieldFault[];
    readonly retryAfterMs?: number;
    readonly cause?: unknown;
  } = {},
): BillingError {
  return new BillingError({ code, kind: errorCodes[code].kind, message, ...more });
}

/** A refusal that points at one field. */
export function fieldRefusal(
  code: ErrorCode,
  pointer: string,
  message: string,
  details: Readonly<Record<string, unknown>> = {},
): BillingError {
  return refusal(code, message, { details, faults: [{ pointer, code, detail: message }] });
}

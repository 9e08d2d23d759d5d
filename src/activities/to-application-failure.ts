import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { BillingError, type ErrorKind } from '../domain/errors.ts';

/** Whether trying again can help. */
const isRetryable = {
  invalid: false,
  not_found: false,
  conflict: false,
  forbidden: false,
  rate_limited: true,
  unavailable: true,
  bug: false,
} satisfies Record<ErrorKind, boolean>;

/** The one error class as Temporal's: `code` becomes the type. Anything else is retried as it is. */
export function toApplicationFailure(error: unknown): unknown {
  if (!(error instanceof BillingError)) return error;
  return ApplicationFailure.create({
    type: error.code,
    message: error.message,
    nonRetryable: !isRetryable[error.kind],
    details: [error.details],
    ...(isRetryable[error.kind] ? { category: ApplicationFailureCategory.BENIGN } : {}),
    ...(error.retryAfterMs === null ? {} : { nextRetryDelay: error.retryAfterMs }),
  });
}

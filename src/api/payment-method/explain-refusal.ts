import type { BillingError } from '../../domain/errors.ts';
import { errorPages, refusal, type ErrorCode } from '../error-codes.ts';

/** What a workflow's activities refuse with and callers can mend. Anything else is the provider's own reason. */
const told = [
  'payment_declined',
  'payment_method_not_found',
  'payment_method_known',
  'payment_method_unconfirmed',
  'token_invalid',
  'not_supported_by_provider',
  'no_provider_available',
] as const satisfies readonly ErrorCode[];

/** A failure that a workflow wrote to its row, as this API refuses. */
export function explainRefusal(
  failureCode: string,
  failureDetail: Readonly<Record<string, unknown>> | null,
): BillingError {
  const code = told.find((each) => each === failureCode);
  const details = { ...failureDetail, ...(code === undefined && { reason: failureCode }) };
  const known = code ?? 'provider_refused';
  return refusal(known, errorPages[known]?.meaning ?? failureCode, {
    details,
    ...(known === 'no_provider_available' && { retryAfterMs: 10_000 }),
  });
}

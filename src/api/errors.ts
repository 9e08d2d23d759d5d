import type { ErrorRequestHandler, Request, Response } from 'express';
import { BillingError, type ErrorKind } from '../domain/errors.ts';
import type { Logger } from '../logger.ts';
import { errorPages, refusal } from './error-codes.ts';
import { requestIdOf } from './request-id.ts';

export const httpStatus = {
  invalid: 422,
  not_found: 404,
  conflict: 409,
  forbidden: 403,
  rate_limited: 429,
  unavailable: 503,
  bug: 500,
} as const satisfies Record<ErrorKind, number>;

/** An RFC 9457 problem, as sent. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  /** What to do about it: the same for every refusal of this code. */
  readonly fix: string;
  readonly instance: string;
  readonly request_id: string;
  readonly errors: readonly { readonly pointer: string; readonly code: string; readonly detail: string }[];
}

/** Members of `details` that callers may see; the rest (a provider's own code) is for the log. */
const publicDetails = [
  'subscription_id',
  'subscription_ids',
  'contact_url',
  'country',
  'required',
  'refund_id',
  'refundable_minor',
  'nearest_minor',
  'usage_report_id',
  'possible',
  'pending_change',
  'decline_code',
  'payment_method_id',
  'candidates',
  'reason',
  'reconciliation_id',
  'rollout_id',
  'migration_id',
  'state',
  'refund_id',
  'refundable_minor',
  'nearest_minor',
  'usage_report_id',
] as const;

export function statusOf(error: BillingError): number {
  return errorPages[error.code]?.status ?? httpStatus[error.kind];
}

export function toProblem(error: BillingError, request: Request, publicUrl: string): Problem {
  const shown = error.kind === 'bug' ? refusal('internal_error', 'Something unexpected happened.') : error;
  const told = publicDetails.filter((name) => name in shown.details);
  const extra: Record<string, unknown> = Object.fromEntries(told.map((name) => [name, shown.details[name]]));
  return {
    type: `${publicUrl}/docs/errors/${shown.code}`,
    title: errorPages[shown.code]?.title ?? shown.code.replaceAll('_', ' '),
    status: statusOf(shown),
    code: shown.code,
    detail: shown.message,
    fix: errorPages[shown.code]?.fix ?? '',
    instance: request.originalUrl.split('?')[0] ?? '/',
    request_id: requestIdOf(request),
    errors: shown.faults.map(({ pointer, code, detail }) => ({ pointer, code, detail })),
    ...extra,
  };
}

export function sendProblem(error: BillingError, request: Request, response: Response, publicUrl: string): void {
  const problem = toProblem(error, request, publicUrl);
  response.set('X-Request-Id', problem.request_id);
  if (problem.status === 401) response.set('WWW-Authenticate', 'Bearer');
  if (error.retryAfterMs !== null)
    response.set('Retry-After', String(Math.max(1, Math.ceil(error.retryAfterMs / 1000))));
  response.status(problem.status).type('application/problem+json').send(JSON.stringify(problem));
}

/** The last middleware: every error leaves as a problem; only our own faults are logged as errors. */
export function createErrorHandler(deps: { readonly logger: Logger; readonly publicUrl: string }): ErrorRequestHandler {
  return (thrown: unknown, request, response, next) => {
    if (response.headersSent) {
      next(thrown);
      return;
    }
    const error = toBillingError(thrown);
    if (statusOf(error) >= 500 && error.code !== 'no_provider_available')
      deps.logger.error({ err: thrown, request_id: requestIdOf(request) }, 'request failed');
    sendProblem(error, request, response, deps.publicUrl);
  };
}

/** Express's and body-parser's own errors in our words. Their messages may quote the body, so they are not passed on. */
export function toBillingError(thrown: unknown): BillingError {
  if (thrown instanceof BillingError) return thrown;
  switch (propertyOf(thrown, 'type')) {
    case 'entity.too.large':
      return refusal('body_too_large', 'The body is larger than this route takes.');
    case 'entity.parse.failed':
    case 'request.size.invalid':
    case 'request.aborted':
      return refusal('invalid_json', 'The body is not a JSON object.');
    case 'charset.unsupported':
    case 'encoding.unsupported':
      return refusal('unsupported_media_type', 'The body has an unknown charset or encoding.');
  }
  if (propertyOf(thrown, 'status') === 400) return refusal('not_found', 'No such route.');
  if (isAway(thrown))
    return refusal('unavailable', 'The database does not answer.', { retryAfterMs: 2_000, cause: thrown });
  return refusal('internal_error', 'Something unexpected happened.', { cause: thrown });
}

function propertyOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Object.getOwnPropertyDescriptor(value, name)?.value : undefined;
}

/** PostgreSQL class 08 and 57P, refused sockets: surely not done. */
function isAway(thrown: unknown): boolean {
  const code = propertyOf(thrown, 'code') ?? (thrown instanceof Error ? propertyOf(thrown.cause, 'code') : undefined);
  return typeof code === 'string' && /^(08|57P|53300|ECONNREFUSED|ECONNRESET|ENOTFOUND)/.test(code);
}

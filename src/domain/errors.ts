/** What went wrong, as the caller must react to it. Mapped to Temporal and to HTTP at the edges. */
export type ErrorKind =
  | 'invalid' // this input can never work
  | 'not_found'
  | 'conflict' // the present state forbids it
  | 'forbidden'
  | 'rate_limited' // asked to wait
  | 'unavailable' // surely did not happen; try again
  | 'bug'; // ours

export interface FieldFault {
  /** JSON pointer into the request body, or the name of a query parameter. */
  readonly pointer: string;
  readonly code: string;
  readonly detail: string;
}

export interface BillingErrorInput {
  /** Stable, documented, snake_case. It becomes `ApplicationFailure.type` and the problem's `code`. */
  readonly code: string;
  readonly kind: ErrorKind;
  /** One sentence for the caller: what is wrong and how to mend it. Never secrets or personal data. */
  readonly message: string;
  /** Extra members of the answer, and the provider's own code. Never secrets or personal data. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly faults?: readonly FieldFault[];
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** The one error class. A decline is not an error but an outcome. */
export class BillingError extends Error {
  readonly code: string;
  readonly kind: ErrorKind;
  readonly details: Readonly<Record<string, unknown>>;
  readonly faults: readonly FieldFault[];
  readonly retryAfterMs: number | null;

  constructor(input: BillingErrorInput) {
    super(input.message, input.cause === undefined ? undefined : { cause: input.cause });
    this.name = 'BillingError';
    this.code = input.code;
    this.kind = input.kind;
    this.details = input.details ?? {};
    this.faults = input.faults ?? [];
    this.retryAfterMs = input.retryAfterMs ?? null;
  }
}

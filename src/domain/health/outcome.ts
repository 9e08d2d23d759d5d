/** How one call ended on the wire: a status, or why there is none. */
export interface CallEnd {
  readonly status: number | null;
  /** `not_sent`: the provider surely saw nothing. null with a status. */
  readonly fault: 'not_sent' | 'timeout' | 'lost' | null;
}

/**
 * What it says of the provider's health. A refusal is an answer; `limited` is one too, and asks for a pause; `rejected`
 * means that the account's credentials are not accepted, which another try does not mend.
 */
export type CallOutcome =
  | { readonly kind: 'answered' | 'limited' | 'rejected' }
  /** `code`: `timeout`, `lost`, `not_sent`, `http_503`. */
  | { readonly kind: 'failed'; readonly code: string };

export function outcomeOf({ status, fault }: CallEnd): CallOutcome {
  if (status === null) return { kind: 'failed', code: fault ?? 'lost' };
  if (status >= 500) return { kind: 'failed', code: `http_${status}` };
  if (status === 429) return { kind: 'limited' };
  return { kind: status === 401 ? 'rejected' : 'answered' };
}

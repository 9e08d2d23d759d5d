import type { ProviderId } from '../core/types.ts';
import type { Answer, ApiRequest, Route } from './answer.ts';

/** What the exchange needs to know of one provider's manners. */
export interface ProviderApi {
  provider: ProviderId;
  prefix: string;
  routes: readonly Route[];
  /** Authentication, version and transport rules; null lets the request through. */
  admit(request: ApiRequest): Answer | null;
  /**
   * Whether a request that carries none of the accounts' keys concerns this account: a publishable key, a session token,
   * the secret of one of its objects. Beside it, the secrets of checkouts, portals and invoices are known by themselves.
   */
  owns?(request: ApiRequest): boolean;
  /** Turns what a handler threw into the provider's error body. */
  failure(error: unknown, request: ApiRequest): Answer;
  unknownRoute(request: ApiRequest): Answer;
  faulty(kind: 'status' | 'rate_limited', status: number, retryAfterS: number, request: ApiRequest): Answer;
  decorate(answer: Answer, request: ApiRequest): Answer;
  /** Remembered answers by idempotency key, where the provider has them. */
  idempotency?: Idempotency;
}

export interface Idempotency {
  /** An answer already known, a conflict, or null to go on. */
  begin(request: ApiRequest): Answer | null;
  finish(request: ApiRequest, answer: Answer): void;
  abandon(request: ApiRequest): void;
}

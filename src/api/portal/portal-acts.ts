import type { PaymentMethod } from '../../db/entities/payment-method.ts';
import type { Subscription } from '../../db/entities/subscription.ts';
import type { Caller } from '../caller.ts';

/** `later`: asked for, and the outcome is not known yet. */
export type Acted = 'done' | 'later';

/**
 * What customers may do from our own page, and an erasure to what still runs. Each is the very code of the API's own
 * route.
 *
 * @throws {BillingError} as the API's route does
 */
export interface PortalActs {
  cancel(ask: SubscriptionAsk & { readonly timing: 'now' | 'period_end' }): Promise<Acted>;
  /** Takes back a scheduled end, or ends a pause. */
  resume(ask: SubscriptionAsk): Promise<Acted>;
  makeDefault(ask: MethodAsk): Promise<Acted>;
  removeMethod(ask: MethodAsk): Promise<Acted>;
}

export interface SubscriptionAsk {
  readonly caller: Caller;
  readonly row: Subscription;
}

export interface MethodAsk {
  readonly caller: Caller;
  readonly row: PaymentMethod;
}

import type { Subscription } from '../db/entities/subscription.ts';
import type { Db } from '../db/orm.ts';
import { recordDirectFallback, toldFallback } from '../db/queries/direct-fallbacks.ts';
import type { BillingError } from '../domain/errors.ts';
import type { FallbackReason } from '../domain/routing/route.ts';
import { candidateAfter } from '../domain/subscription/direct-routing.ts';
import { openingElsewhere, type LeftOpening } from '../domain/subscription/opening.ts';
import { changed, createdNews } from './keep-opening.ts';

/** Why a provider did not begin it. */
export interface Leaving {
  readonly reason: FallbackReason;
  readonly providerCode: string | null;
  /** A call was sent there whose answer was lost; it surely has nothing now, and is looked at again later all the same. */
  readonly wasUnclear: boolean;
}

/**
 * Hands a subscription that its provider surely has not begun to the next of its candidates: provider, payment method
 * and opening move in one transaction with the fallback's record. Nothing is sent.
 *
 * @param within What else changes in the same transaction.
 * @returns the row at its next provider.
 * @throws {RowMoved} another attempt is at it: read again
 */
export function leaveProvider(
  em: Db,
  read: Subscription,
  leaving: Leaving,
  within: (tx: Db) => Promise<void> = () => Promise.resolve(),
): Promise<Subscription> {
  const { provider, routing } = read;
  const next = candidateAfter(routing, provider);
  if (provider === null || next === null) throw new Error(`nobody is left to begin ${read.id}`);
  const { reason, providerCode } = leaving;
  const isCharged = read.collection === 'provider';
  const step = { attempted: provider, next: next.provider, reason, providerCode };
  const elsewhere = {
    ...{ provider: next.provider, paymentMethodId: next.paymentMethodId },
    ...{ providerCustomerId: null, providerSubscriptionId: null, nextStep: null },
    // Only calls that charge have an opening.
    ...(isCharged && { opening: openingElsewhere(read.opening, leaving.wasUnclear ? leftOf(read) : null) }),
    fallback: toldFallback(read.fallback, step),
  };
  return changed(em, read, elsewhere, isCharged ? createdNews(read) : [], async (tx, row) => {
    recordDirectFallback(tx, row, step);
    await within(tx);
  });
}

/** What is to be looked at again of the row's provider. null: no call was sent there. */
export function leftOf({ provider, providerCustomerId, paymentMethodId }: Subscription): LeftOpening | null {
  if (provider === null || providerCustomerId === null) return null;
  const leftAt = new Date().toISOString();
  return { provider, providerCustomerId, providerSubscriptionId: null, paymentMethodId, leftAt, looks: 0 };
}

/** What a provider cannot do for this very subscription, where another may. */
const unsupported = new Set([
  ...['not_supported_by_provider', 'payment_method_not_found', 'amount_out_of_range'],
  ...['email_required', 'name_required', 'phone_required'],
]);

/** The error of a call that surely did nothing, as one of the reasons for a fallback. */
export function leavingReasonOf(error: BillingError): FallbackReason {
  if (error.code === 'provider_not_configured') return 'not_configured';
  if (unsupported.has(error.code)) return 'unsupported';
  if (error.code === 'provider_timeout') return 'timeout';
  if (error.details['outcome'] === 'unknown') return 'api_error';
  return error.kind === 'rate_limited' || error.kind === 'unavailable' ? error.kind : 'api_error';
}

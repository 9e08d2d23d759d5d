import { newId } from '../new-id.ts';
import type { CheckoutFallback } from '../entities/checkout.ts';
import { FallbackEntity } from '../entities/routing.ts';
import type { Subscription } from '../entities/subscription.ts';
import type { Db } from '../orm.ts';
import { recordAudit } from './audit.ts';
import type { FallbackStep } from './open-checkout.ts';

/** Records that a provider did not begin a subscription, inside the caller's transaction, once per provider. */
export function recordDirectFallback(
  tx: Db,
  { projectId, live, id }: Pick<Subscription, 'projectId' | 'live' | 'id'>,
  step: FallbackStep,
): void {
  const { attempted, next, reason, providerCode } = step;
  tx.create(
    FallbackEntity,
    {
      ...{ id: newId('fb'), projectId, live, checkoutId: null, subscriptionId: id, reason, providerCode },
      ...{ attemptedProvider: attempted, fallbackProvider: next },
    },
    { persist: true },
  );
  recordAudit(tx, {
    ...{ projectId, live, actor: `subscription/${id}`, action: 'subscription.fell_back' },
    ...{ entityKind: 'subscription', entityId: id },
    detail: `${attempted} did not begin it (${reason}); next: ${next ?? 'nobody'}`,
    ...{ before: { provider: attempted }, after: { provider: next } },
  });
}

/** What the app is told of it all, as of a checkout: who was asked first and why it did not serve, and who does now. */
export function toldFallback(known: CheckoutFallback | null, step: FallbackStep): CheckoutFallback {
  const { attempted: attempted_provider, next: fallback_provider, reason } = step;
  if (known !== null) return { ...known, fallback_provider };
  return { attempted_provider, fallback_provider, reason, timestamp: new Date().toISOString() };
}

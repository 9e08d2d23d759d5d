import { CheckoutEntity, FallbackEntity, type Checkout, type CheckoutFallback } from '../db/entities/checkout.ts';
import { newId } from '../db/new-id.ts';
import type { Db } from '../db/orm.ts';
import { recordAudit } from '../db/queries/audit.ts';
import { linkProviderCustomer, linkProviderObjects } from '../db/queries/provider-objects.ts';
import type { CreateCheckoutResult } from '../providers/port.ts';
import type { LeftProvider } from './open-checkout.ts';

type Opened = Extract<CreateCheckoutResult, { outcome: 'opened' }>;

/** One transaction: the open row, who was left behind, the customer and the provider's ids. @returns the row as stored. */
export function keepOpenedCheckout(
  em: Db,
  row: Checkout,
  provider: string,
  opened: Opened,
  left: readonly LeftProvider[],
): Promise<Checkout> {
  return em.transactional(async (tx) => {
    const fresh = await tx.findOneOrFail(CheckoutEntity, { id: row.id });
    if (fresh.status !== 'creating') return fresh;
    fresh.status = 'open';
    fresh.provider = provider;
    fresh.providerCheckoutId = opened.providerCheckoutId;
    fresh.checkoutUrl = opened.url;
    fresh.expiresAt = new Date(opened.expiresAt);
    fresh.paymentMethods = [...opened.paymentMethods];
    recordFallbacks(tx, fresh, left, provider);
    audit(tx, fresh, 'checkout.opened', `at ${provider}, payable until ${opened.expiresAt}`);
    if (opened.providerCustomerId !== null) await linkProviderCustomer(tx, fresh, provider, opened.providerCustomerId);
    await linkProviderObjects(tx, fresh, provider, { kind: 'checkout', id: fresh.id }, [
      { kind: 'checkout', id: opened.providerCheckoutId },
      ...opened.objects,
    ]);
    return fresh;
  });
}

/** Nobody could serve: the checkout fails, with everyone who was asked on record. */
export function closeUnservedCheckout(em: Db, row: Checkout, left: readonly LeftProvider[]): Promise<Checkout> {
  return em.transactional(async (tx) => {
    const fresh = await tx.findOneOrFail(CheckoutEntity, { id: row.id });
    if (fresh.status !== 'creating') return fresh;
    fresh.status = 'failed';
    fresh.failureCode = 'no_provider_available';
    recordFallbacks(tx, fresh, left, null);
    audit(tx, fresh, 'checkout.failed', 'no provider could serve it');
    return fresh;
  });
}

/** The first one left behind is what the caller is told; every one is a row. */
function recordFallbacks(tx: Db, row: Checkout, left: readonly LeftProvider[], to: string | null): void {
  const now = new Date().toISOString();
  const skipped = row.routing.skipped.map(({ provider, reason, because }) => ({
    provider,
    reason,
    providerCode: because,
    at: now,
  }));
  const all = [...skipped, ...left].filter(({ provider }) => provider !== to);
  const first = all[0];
  if (first === undefined) return;
  for (const [index, { provider, reason, providerCode }] of all.entries()) {
    const next = all[index + 1]?.provider ?? to;
    tx.create(
      FallbackEntity,
      {
        id: newId('fb'),
        projectId: row.projectId,
        live: row.live,
        checkoutId: row.id,
        attemptedProvider: provider,
        fallbackProvider: next,
        reason,
        providerCode,
      },
      { persist: true },
    );
    audit(tx, row, 'checkout.fell_back', `${provider} did not serve (${reason}); next: ${next ?? 'nobody'}`);
  }
  row.fallback = {
    attempted_provider: first.provider,
    fallback_provider: to,
    reason: first.reason,
    timestamp: first.at,
  } satisfies CheckoutFallback;
}

function audit(tx: Db, row: Checkout, action: string, detail: string): void {
  const { projectId, live, id } = row;
  recordAudit(tx, { projectId, live, actor: `checkout/${id}`, action, entityKind: 'checkout', entityId: id, detail });
}

import type { SkippedProvider } from '../../domain/routing/route.ts';
import { SubscriptionEntity, type Subscription } from '../entities/subscription.ts';
import { insertStatement } from '../insert-statement.ts';
import type { Db } from '../orm.ts';
import { recordAudit } from './audit.ts';
import { recordDirectFallback, toldFallback } from './direct-fallbacks.ts';
import type { FallbackStep } from './open-checkout.ts';
import { liveStatuses, type Scope } from './subscriptions.ts';

export type NewDirectSubscription = Pick<
  Subscription,
  | 'id'
  | 'projectId'
  | 'live'
  | 'organizationId'
  | 'userId'
  | 'planId'
  | 'priceId'
  | 'billingInterval'
  | 'quantity'
  | 'country'
  | 'provider'
  | 'collection'
  | 'voucherMethod'
  | 'paymentMethodId'
  | 'amountMinor'
  | 'currency'
  | 'trialStart'
  | 'trialEnd'
  | 'requestFingerprint'
  | 'routing'
  | 'metadata'
>;

/**
 * Writes a subscription that is asked for without a hosted page, as `incomplete`, with its audit entry. Requests for the
 * same plan wait for one another, so that no two of them are ever charged.
 *
 * @param by.passedOver Whom routing would have chosen before its provider, and why it was not: fallbacks, each on record.
 * @returns the rival that was there first: live, or not begun yet; null: ours is written.
 */
export function insertDirectSubscription(
  em: Db,
  row: NewDirectSubscription,
  by: { readonly actor: string; readonly passedOver: readonly SkippedProvider[] },
): Promise<Subscription | null> {
  const { projectId, live, organizationId, planId } = row;
  return em.fork().transactional(async (tx) => {
    await tx.execute('select pg_advisory_xact_lock(hashtextextended(?, 0))', [
      `subscribe/${projectId}/${live ? 'live' : 'test'}/${organizationId}/${planId}`,
    ]);
    const rival = await tx.findOne(
      SubscriptionEntity,
      { projectId, live, organizationId, planId, status: { $in: ['incomplete', ...liveStatuses] } },
      { orderBy: { id: 'desc' } },
    );
    if (rival) return rival;
    const now = new Date();
    const steps = stepsOf(by.passedOver, row.provider);
    const fallback = steps.reduce(toldFallback, null);
    const { sql, params } = insertStatement(tx, SubscriptionEntity, {
      ...{
        ...row,
        fallback,
        status: 'incomplete',
        cancelAtPeriodEnd: false,
        version: 1,
        createdAt: now,
        updatedAt: now,
      },
    });
    await tx.execute(sql, [...params], 'run');
    recordAudit(tx, {
      ...{
        projectId,
        live,
        actor: by.actor,
        action: 'subscription.requested',
        entityKind: 'subscription',
        entityId: row.id,
      },
      detail: `${row.collection === 'provider' ? 'charged by' : `collected by ${row.collection} at`} ${row.provider ?? 'nobody'}`,
      after: { status: 'incomplete' },
    });
    for (const step of steps) recordDirectFallback(tx, row, step);
    return null;
  });
}

function stepsOf(passedOver: readonly SkippedProvider[], to: string | null): readonly FallbackStep[] {
  return passedOver.map(({ provider: attempted, reason, because }, index) => ({
    ...{ attempted, reason, providerCode: because, next: passedOver[index + 1]?.provider ?? to },
  }));
}

/** How long a request that has begun something answers its repeats with the very same. */
const sameForMs = 10 * 60_000;

/** What the very same request made: still incomplete, or begun just now. */
export async function findSameDirectRequest(
  em: Db,
  scope: Scope,
  requestFingerprint: string,
): Promise<Subscription | null> {
  return em.findOne(
    SubscriptionEntity,
    {
      ...{ projectId: scope.projectId, live: scope.live, requestFingerprint },
      $or: [
        { status: 'incomplete' },
        { status: { $in: [...liveStatuses] }, createdAt: { $gt: new Date(Date.now() - sameForMs) } },
      ],
    },
    { refresh: true, orderBy: { id: 'desc' } },
  );
}

/** Newest state of one's own request. */
export async function readSubscriptionAfresh(em: Db, { projectId, live, id }: Subscription): Promise<Subscription> {
  return em.fork().findOneOrFail(SubscriptionEntity, { projectId, live, id });
}

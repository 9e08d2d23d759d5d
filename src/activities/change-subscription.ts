import { LockMode } from '@mikro-orm/core';
import { SubscriptionEntity, type Subscription } from '../db/entities/subscription.ts';
import type { Db } from '../db/orm.ts';
import { readSurroundings, type Surroundings } from '../db/queries/subscription-surroundings.ts';
import { graceFrom } from '../domain/subscription/dunning.ts';
import type { LifecyclePolicy } from '../domain/subscription/lifecycle-policy.ts';
import { differenceBetween, eventsBetween, type SubscriptionLife } from '../domain/subscription/news.ts';
import { transitionOf } from '../domain/subscription/transition.ts';
import type { SubscriptionStatus } from '../domain/subscription/truth.ts';
import { RowMoved, touchIfChanged } from './keep-in-step.ts';
import { noteSubscription, type SubscriptionNews } from './note-subscription.ts';

export interface SubscriptionDeed {
  /** One readable clause, without personal data. */
  readonly detail: string;
  /** What this deed tells itself; of the rest that changed, the table decides what is told. */
  readonly news?: readonly SubscriptionNews[];
  /** When the provider was asked for what the row now says. */
  readonly observedAt?: Date;
  /** Neither requests nor disputes were touched: what stood around the row at the beginning still does. */
  readonly isAlone?: boolean;
}

/**
 * Changes a subscription's row in one transaction, with everything that follows: grace, audit, events, entitlement.
 * What the change of the row means is read off the row before and after, so that it is told the same whoever did it.
 *
 * @param read The row as it was when the change was decided; if it has moved since, nothing is written.
 * @throws {RowMoved} read again, decide again
 */
export function changeSubscription(
  em: Db,
  read: Subscription,
  change: (tx: Db, row: Subscription, policy: LifecyclePolicy, around: Surroundings) => Promise<SubscriptionDeed>,
  actor = `subscription/${read.id}`,
): Promise<Subscription> {
  return em.transactional(async (tx) => {
    const row = await tx.findOneOrFail(
      SubscriptionEntity,
      { id: read.id },
      { refresh: true, lockMode: LockMode.PESSIMISTIC_WRITE },
    );
    if (row.version !== read.version) throw new RowMoved();
    const before = lifeOf(row);
    const around = await readSurroundings(tx, row);
    const { detail, news = [], observedAt, isAlone = false } = await change(tx, row, around.policy, around);
    await observe(tx, row, { isChanged: touchIfChanged(tx, row), observedAt });
    await noteSubscription(tx, row, told(before, lifeOf(row), news, { actor, detail }), isAlone ? around : null);
    return row;
  });
}

/** Keeps when the provider was asked, with the rest of the row, or else beside its version: nothing was learnt then. */
async function observe(
  tx: Db,
  row: Subscription,
  { isChanged, observedAt }: { readonly isChanged: boolean; readonly observedAt: Date | undefined },
): Promise<void> {
  if (observedAt === undefined || row.observedAt === observedAt) return;
  if (isChanged) row.observedAt = observedAt;
  else
    await tx.execute(
      'update subscriptions set observed_at = ? where id = ?',
      [observedAt.toISOString(), row.id],
      'run',
    );
}

/** Moves the row to a status, if the table allows it, with the grace that begins or ends by it. */
export function enterStatus(row: Subscription, seen: SubscriptionStatus, policy: LifecyclePolicy): void {
  const { to, effects } = transitionOf(row.status, seen);
  // What the customer had to do to begin is done, or too late.
  if (row.status === 'incomplete' && to !== 'incomplete') row.nextStep = null;
  row.status = to;
  if (effects.includes('close_grace')) Object.assign(row, { pastDueAt: null, graceEndsAt: null, remindersSent: 0 });
  if (!effects.includes('open_grace')) return;
  const { pastDueAt, graceEndsAt } = graceFrom(new Date().toISOString(), policy);
  Object.assign(row, { pastDueAt: new Date(pastDueAt), graceEndsAt: new Date(graceEndsAt), remindersSent: 0 });
}

/** The deed's own words first, then what else the row tells; all of one change show the same difference. */
function told(
  before: SubscriptionLife,
  after: SubscriptionLife,
  news: readonly SubscriptionNews[],
  by: { readonly actor: string; readonly detail: string },
): readonly SubscriptionNews[] {
  const difference = differenceBetween(before, after);
  const own = eventsBetween(before, after)
    .filter(({ type }) => !news.some((each) => each.type === type))
    .filter(({ type }) => type !== 'subscription.updated' || news.length === 0)
    .map(({ type, cause }): SubscriptionNews => ({ type, ...by, ...(cause !== null && { cause }) }));
  return [...news, ...own].map((each) => ({ ...(difference && asStored(difference)), ...each }));
}

function asStored(difference: NonNullable<ReturnType<typeof differenceBetween>>) {
  const stored = (life: Partial<SubscriptionLife>) =>
    Object.fromEntries(Object.entries(life).map(([name, value]) => [snakeCase(name), value]));
  return { before: stored(difference.before), after: stored(difference.after) };
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function lifeOf(row: Subscription): SubscriptionLife {
  const iso = (date: Date | null) => date?.toISOString() ?? null;
  const { status, planId, priceId, billingInterval, quantity, amountMinor, currency, cancelAtPeriodEnd } = row;
  return {
    ...{ status, planId, priceId, billingInterval, quantity, amountMinor, currency, cancelAtPeriodEnd },
    currentPeriodStart: iso(row.currentPeriodStart),
    currentPeriodEnd: iso(row.currentPeriodEnd),
    trialEnd: iso(row.trialEnd),
    cancelAt: iso(row.cancelAt),
    canceledAt: iso(row.canceledAt),
    endedAt: iso(row.endedAt),
    pausedAt: iso(row.pausedAt),
    resumesAt: iso(row.resumesAt),
    graceEndsAt: iso(row.graceEndsAt),
  };
}

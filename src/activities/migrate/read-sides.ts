import type { ItemWork } from '../../db/queries/migration-stand.ts';
import { BillingError } from '../../domain/errors.ts';
import { newSideOf, oldSideOf, type ItemStand, type NewSide, type OldSide, type Told } from '../../domain/migration/sides.ts';
import { sidesToRead } from '../../domain/migration/next-step.ts';
import type { SubscriptionTruth } from '../../domain/subscription/truth.ts';
import type { SubscriptionOperations, SubscriptionRef } from '../../providers/port-subscriptions.ts';
import type { ActivityDeps } from '../deps.ts';
import { accountOf } from '../provider-account.ts';

/** What both providers say now, as far as the next step needs it. A side that does not answer is `unknown`. */
export async function readSides(
  deps: ActivityDeps,
  work: ItemWork,
  stand: ItemStand,
): Promise<{ readonly old: Told<OldSide>; readonly new: Told<NewSide> }> {
  const wanted = sidesToRead(stand);
  const [old, fresh] = await Promise.all([
    wanted.old ? ask(deps, work, work.migration.fromProvider, oldRef(work)) : 'unknown',
    wanted.new ? askNew(deps, work) : 'unknown',
  ]);
  return { old: said(old, oldSideOf), new: said(fresh, newSideOf) };
}

export function oldRef({ item }: Pick<ItemWork, 'item'>): SubscriptionRef {
  const { providerSubscriptionId, providerCustomerId } = item;
  return { providerSubscriptionId, providerCustomerId };
}

export function newRef({ fresh, item }: Pick<ItemWork, 'fresh' | 'item'>): SubscriptionRef {
  if (fresh?.providerSubscriptionId != null)
    return { providerSubscriptionId: fresh.providerSubscriptionId, providerCustomerId: fresh.providerCustomerId };
  throw new BillingError({ code: 'migration_item_without_new', kind: 'bug', message: `${item.id} has nothing new yet` });
}

/** @throws {BillingError} `provider_without_subscriptions` (bug) */
export async function subscriptionsAt(
  deps: ActivityDeps,
  { item }: Pick<ItemWork, 'item'>,
  provider: string,
): Promise<SubscriptionOperations> {
  const { client } = await accountOf(deps, item.projectId, item.live, provider);
  if (client.subscriptions) return client.subscriptions;
  throw new BillingError({
    ...{ code: 'provider_without_subscriptions', kind: 'bug', message: `${provider} has no subscriptions to read` },
  });
}

async function askNew(deps: ActivityDeps, work: ItemWork): Promise<Told<SubscriptionTruth>> {
  const { fresh } = work;
  if (fresh?.provider == null || fresh.providerSubscriptionId === null) return 'gone';
  return ask(deps, work, fresh.provider, newRef(work));
}

async function ask(
  deps: ActivityDeps,
  work: ItemWork,
  provider: string,
  ref: SubscriptionRef,
): Promise<Told<SubscriptionTruth>> {
  try {
    const subscriptions = await subscriptionsAt(deps, work, provider);
    return (await subscriptions.get(ref)) ?? 'gone';
  } catch (error) {
    const isAway = error instanceof BillingError && (error.kind === 'unavailable' || error.kind === 'rate_limited');
    if (isAway) return 'unknown';
    throw error;
  }
}

function said<Side>(told: Told<SubscriptionTruth>, of: (truth: SubscriptionTruth) => Side): Told<Side> {
  return told === 'gone' || told === 'unknown' ? told : of(told);
}

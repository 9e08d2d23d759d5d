import { ProviderObjectEntity } from '../db/entities/organization.ts';
import { SubscriptionChangeEntity, type Subscription } from '../db/entities/subscription.ts';
import { BillingError } from '../domain/errors.ts';
import {
  firstOpening,
  forgetLeft,
  lookedBack,
  nextDeed,
  nextLookBack,
  whoStays,
  type LeftOpening,
  type Opening,
} from '../domain/subscription/opening.ts';
import { isOver } from '../domain/subscription/transition.ts';
import type { SubscriptionTruth } from '../domain/subscription/truth.ts';
import type { ActivityDeps, SubscriptionRef } from './deps.ts';
import { endLeft } from './end-left.ts';
import { keepInStep } from './keep-in-step.ts';
import { changed, linkIts } from './keep-opening.ts';
import type { SubscriptionNews } from './note-subscription.ts';
import { accountOf } from './provider-account.ts';
import { lookAtSubscription, readSubscription } from './settle-subscription.ts';
import { settledSubscription, type SettledSubscription } from './settled-subscription.ts';

/**
 * Asks a provider that was left, because it surely had nothing of the subscription, whether it has it after all. Of two
 * that charge one is ended and paid back at once, and a person is told. Safe to repeat: what is found is written down
 * before anything is ended.
 *
 * @throws {BillingError} `outcome_unknown` and others of kind `unavailable`, `rate_limited`: the same again, later
 */
export function createLookBack(deps: ActivityDeps) {
  return async function lookBack(ref: SubscriptionRef): Promise<SettledSubscription> {
    const found = await keepInStep(() => search(deps, ref));
    if (found === 'nothing') {
      const row = await readSubscription(deps, ref);
      return settledSubscription(deps.orm.em.fork(), row, 'the provider that was left has nothing of it');
    }
    const refunds = await keepInStep(() => endLeft(deps, ref));
    // It may live elsewhere now.
    const { row, because } = await lookAtSubscription(deps, ref);
    return { ...(await settledSubscription(deps.orm.em.fork(), row, because)), ...(refunds.length > 0 && { refunds }) };
  };
}

/** @returns `ending`: something is there that is to be ended, and its id is written down. */
async function search(deps: ActivityDeps, ref: SubscriptionRef): Promise<'nothing' | 'ending'> {
  const em = deps.orm.em.fork();
  const row = await readSubscription(deps, ref);
  const opening = row.opening ?? firstOpening;
  const due = nextLookBack(opening);
  if (due === null) return 'nothing';
  const { left } = due;
  if (left.providerSubscriptionId !== null) return 'ending';
  const found = await findThere(deps, row, left);
  if (found === null || found.providerSubscriptionId === row.providerSubscriptionId) {
    // What a webhook hurried is no look of the schedule's.
    if (Date.parse(due.at) <= Date.now()) await changed(em, row, { opening: lookedBack(opening, left.provider) }, []);
    return 'nothing';
  }
  if (await isNothingOfOurs(deps, row, left, found)) {
    await changed(em, row, { opening: forgetLeft(opening, left.provider) }, []);
    return 'nothing';
  }
  switch (whoStays(await factsOf(deps, row, left))) {
    case 'wait':
      throw presentUnknown();
    case 'row':
      await changed(em, row, { opening: withFound(opening, left, found) }, [newsOf(row, left, 'it is ended')]);
      return 'ending';
    case 'found':
      return moveBack(deps, row, left, found);
  }
}

async function findThere(deps: ActivityDeps, row: Subscription, left: LeftOpening): Promise<SubscriptionTruth | null> {
  const { client } = await accountOf(deps, row.projectId, row.live, left.provider);
  const { providerCustomerId } = left;
  return (await client.subscriptions?.find?.({ subscriptionId: row.id, providerCustomerId })) ?? null;
}

/** It has ended without a charge; or the provider, which searches by plan, shows what another entity of ours has. */
async function isNothingOfOurs(
  deps: ActivityDeps,
  row: Subscription,
  { provider }: LeftOpening,
  found: SubscriptionTruth,
): Promise<boolean> {
  const hasCharged = found.payments.some(({ status }) => status !== 'declined');
  if (isOver(found.status) && !hasCharged) return true;
  const link = await deps.orm.em.fork().findOne(ProviderObjectEntity, {
    ...{ projectId: row.projectId, live: row.live, provider, kind: 'subscription' },
    providerObjectId: found.providerSubscriptionId,
  });
  return link !== null && link.entityId !== row.id;
}

async function factsOf(deps: ActivityDeps, row: Subscription, left: LeftOpening) {
  const asked = await deps.orm.em.fork().count(SubscriptionChangeEntity, { subscriptionId: row.id });
  const isUndecided =
    row.status === 'incomplete' && (nextDeed(row.opening) !== 'send' || row.providerSubscriptionId === null);
  const isThere = row.provider === left.provider;
  return { isUndecided, isOver: isOver(row.status), isAsBegun: asked === 0, isThere };
}

/** The first provider had begun it first: the row lives there from now on, and what the second has is to be ended. */
async function moveBack(
  deps: ActivityDeps,
  row: Subscription,
  left: LeftOpening,
  found: SubscriptionTruth,
): Promise<'ending'> {
  const { provider, providerSubscriptionId, providerCustomerId, paymentMethodId } = row;
  if (provider === null || providerCustomerId === null) throw presentUnknown();
  const leftAt = new Date().toISOString();
  const second = { provider, providerSubscriptionId, providerCustomerId, paymentMethodId, leftAt, looks: 0 };
  const others = (row.opening ?? firstOpening).left.filter((each) => each.provider !== left.provider);
  const elsewhere = {
    ...{ provider: left.provider, paymentMethodId: left.paymentMethodId, nextStep: null, fallback: null },
    ...{ providerSubscriptionId: found.providerSubscriptionId, providerCustomerId: found.providerCustomerId },
    opening: { ...firstOpening, left: [second, ...others] },
  };
  const news = [newsOf(row, left, `it stays there, and what ${provider} has is ended`)];
  await changed(deps.orm.em.fork(), row, elsewhere, news, (tx, fresh) => linkIts(tx, fresh, found));
  return 'ending';
}

function withFound(opening: Opening, { provider }: LeftOpening, found: SubscriptionTruth): Opening {
  const { providerSubscriptionId } = found;
  const left = opening.left.map((each) => (each.provider === provider ? { ...each, providerSubscriptionId } : each));
  return { ...opening, left };
}

function newsOf(row: Subscription, left: LeftOpening, what: string): SubscriptionNews {
  return {
    ...{ type: 'subscription.updated', cause: `found/${left.provider}`, actor: `subscription/${row.id}` },
    detail: `${left.provider} had begun it after all: ${what}`,
    ...{ before: { provider: row.provider }, after: { found_at: left.provider } },
  };
}

function presentUnknown(): BillingError {
  return new BillingError({
    code: 'outcome_unknown',
    kind: 'unavailable',
    message: 'What its present provider has of the subscription is not known yet: it is asked first.',
    retryAfterMs: 10_000,
  });
}

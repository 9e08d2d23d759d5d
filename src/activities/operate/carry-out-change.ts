import { readChangeTarget, type ChangeTarget } from '../../db/queries/subscription-operations.ts';
import type { SubscriptionTruth } from '../../domain/subscription/truth.ts';
import type { ChangeSubscriptionInput } from '../../providers/port-subscriptions.ts';
import { bringAbout } from './bring-about.ts';
import { failed, nowIso, type Operation, type Outcome, type Within } from './operation.ts';
import { recreate } from './recreate.ts';

/** How long a bank waits for its customer; an hour more, so that the provider has surely dropped it. */
const confirmationMs = 24 * 3_600_000;

/** Changes plan, interval or quantity: at the provider, now or with the next period; or on our row where nobody charges. */
export async function carryOutChange(operation: Operation): Promise<Outcome> {
  const { change, em, plan, row } = operation;
  const target = await readChangeTarget(em, row, change.priceId ?? row.priceId);
  const quantity = change.quantity ?? row.quantity;
  if (plan.method === 'recreate') return recreate(operation, target, quantity);
  const take = takes(target, quantity);
  if (row.collection !== 'provider')
    return {
      ...{ kind: 'done', status: 'applied', effectiveAt: nowIso(), answered: null, because: 'changed' },
      within: take,
    };
  const price = priceOf(operation, target);
  if (price === 'unknown')
    return failed(
      'price_not_found',
      'The provider of this subscription does not know this price: push the plan first.',
    );
  const when = plan.method === 'ours' ? 'now' : plan.timing;
  const brought = await bringAbout(operation, {
    isThere: (truth) => when === 'now' && isThere(truth, price, quantity),
    send: (subscriptions, input) =>
      subscriptions.change?.({
        ...input,
        ...{ price, when, quantity: change.quantity, proration: plan.proration ?? 'none' },
        prorationAt: change.prorationAt?.toISOString() ?? null,
      }) ?? null,
  });
  if ('failure' in brought) return brought.failure;
  const { answered, nextStep } = brought;
  if (when === 'period_end') {
    const effectiveAt = plan.effectiveAt ?? nowIso();
    return scheduled(operation, effectiveAt, { answered, because: 'changes with the next period at the provider' });
  }
  if (nextStep !== null && !isThere(answered.truth, price, quantity)) {
    const effectiveAt = new Date(Date.now() + confirmationMs).toISOString();
    return {
      ...scheduled(operation, effectiveAt, { answered, because: 'waits for the customer to confirm the payment' }),
      nextStep,
    };
  }
  return { kind: 'done', status: 'applied', effectiveAt: nowIso(), answered, within: take, because: 'changed' };
}

/** Kept by us until the hour comes, for the provider cannot wait. */
export function scheduleChange(operation: Operation, effectiveAt: string): Outcome {
  return scheduled(operation, effectiveAt, { answered: null, because: 'changes with the next period, by us' });
}

function scheduled(
  { change }: Operation,
  effectiveAt: string,
  more: Pick<Extract<Outcome, { kind: 'done' }>, 'answered' | 'because'>,
) {
  const detail = `${more.because}: ${effectiveAt}`;
  return {
    ...{ kind: 'done', status: 'scheduled', effectiveAt },
    ...more,
    within: async () => [
      { type: 'subscription.change_scheduled', cause: change.id, actor: change.actor, detail } as const,
    ],
  } as const satisfies Outcome;
}

/**
 * A bank wanted to see the customer, and its time is over: what the provider says decides. Until then the provider
 * tells by itself when the customer has come.
 */
export async function settleConfirmation(operation: Operation): Promise<Outcome> {
  const { change, em, row } = operation;
  const target = await readChangeTarget(em, row, change.priceId ?? row.priceId);
  const quantity = change.quantity ?? row.quantity;
  const price = priceOf(operation, target);
  const within: Within = async (_tx, fresh) => {
    fresh.nextStep = null;
    return [];
  };
  const brought = await bringAbout(operation, {
    isThere: (truth) => price !== 'unknown' && isThere(truth, price, quantity),
    send: () => null,
  });
  if ('failure' in brought)
    return failed('payment_not_confirmed', 'The customer did not confirm the payment in time.', { within });
  return {
    ...{ kind: 'done', status: 'applied', effectiveAt: nowIso(), answered: brought.answered, because: 'confirmed' },
    async within(tx, fresh) {
      await within(tx, fresh);
      return takes(target, quantity)(tx, fresh);
    },
  };
}

type WishedPrice = ChangeSubscriptionInput['price'];

/** @returns null: stays. */
function priceOf({ change, row }: Operation, target: ChangeTarget): WishedPrice | 'unknown' {
  if (change.priceId === null) return null;
  const { price, providerPrice } = target;
  if (providerPrice === null) return 'unknown';
  return {
    ...providerPrice,
    unitAmount: { amountMinor: price.amountMinor, currency: price.currency },
    billingInterval: price.billingInterval ?? row.billingInterval,
  };
}

/** By the provider's price where both have one, else by its product; what is not told proves nothing. */
function isThere(truth: SubscriptionTruth, price: WishedPrice, quantity: number): boolean {
  if (truth.quantity !== quantity) return false;
  if (price === null) return true;
  if (truth.price === null) return false;
  return price.providerPriceId === null || truth.price.providerPriceId === null
    ? truth.price.providerProductId === price.providerProductId
    : truth.price.providerPriceId === price.providerPriceId;
}

/** The row becomes what was wished; what it costs is the provider's to say, where one charges. */
function takes({ plan, price }: ChangeTarget, quantity: number): Within {
  return async (_tx, row) => {
    Object.assign(row, {
      ...{ planId: plan.id, priceId: price.id, quantity, nextStep: null },
      billingInterval: price.billingInterval ?? row.billingInterval,
    });
    if (row.collection !== 'provider')
      Object.assign(row, { amountMinor: price.amountMinor * quantity, currency: price.currency });
    return [];
  };
}

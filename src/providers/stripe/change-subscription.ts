import type { SubscriptionTruth } from '../../domain/subscription/truth.ts';
import { OutcomeUnknownError } from '../failures.ts';
import type { Budget } from '../http.ts';
import type { CallKey } from '../port.ts';
import type { MoneyResult } from '../port-money.ts';
import type { ChangeSubscriptionInput, SubscriptionRef } from '../port-subscriptions.ts';
import { unixFromIso } from '../wire-time.ts';
import { itemOf, PRORATION, wishedItem } from './change-items.ts';
import type { StripeApi } from './client.ts';
import { declineOf } from './declines.ts';
import { moneyResult } from './money-result.ts';
import { readSubscription, readWire } from './read-subscription.ts';
import { releaseSchedule, scheduleChange } from './subscription-schedule.ts';
import { expanded, stripeSubscription, type StripeSubscription } from './wire.ts';

type ChangeInput = ChangeSubscriptionInput & CallKey;

/**
 * Now: `error_if_incomplete`, so that a decline changes nothing and leaves no invoice behind. Only where the bank wants
 * to see the buyer is it asked again as a pending update, which waits 23 h for the confirmation and then lapses.
 * At the period's end: a schedule of two phases.
 */
export async function changeSubscription(api: StripeApi, input: ChangeInput): Promise<MoneyResult<SubscriptionTruth>> {
  const budget = api.budget();
  const { providerSubscriptionId: id } = input;
  const before = await readWire(api, id, budget);
  return moneyResult(async () => {
    if (input.when === 'period_end') {
      await scheduleChange(api, { subscription: before, input, budget });
      return { outcome: 'succeeded', value: await readSubscription(api, id, budget) };
    }
    // What was planned for the period's end is overtaken.
    await releaseSchedule(api, before, budget);
    try {
      await update(api, {
        before,
        input,
        budget,
        behavior: 'error_if_incomplete',
        key: `${input.idempotencyKey}:change`,
      });
      return { outcome: 'succeeded', value: await readSubscription(api, id, budget) };
    } catch (error) {
      if (declineOf(error)?.declineCode !== 'authentication_required') throw error;
      return changeOnceConfirmed(api, before, input, budget);
    }
  });
}

async function changeOnceConfirmed(
  api: StripeApi,
  before: StripeSubscription,
  input: ChangeInput,
  budget: Budget,
): Promise<MoneyResult<SubscriptionTruth>> {
  const key = `${input.idempotencyKey}:change:confirm`;
  const updated = await update(api, { before, input, budget, behavior: 'pending_if_incomplete', key });
  const value = await readSubscription(api, before.id, budget);
  if (!updated.pending_update) return { outcome: 'succeeded', value };
  const clientSecret = expanded(updated.latest_invoice)?.confirmation_secret?.client_secret;
  if (clientSecret === undefined) {
    throw new OutcomeUnknownError('api_error', { provider: 'stripe', status: 200, providerCode: 'secret_missing' });
  }
  return { outcome: 'pending', value, nextAction: { kind: 'confirm', clientSecret } };
}

async function update(
  api: StripeApi,
  call: {
    readonly before: StripeSubscription;
    readonly input: ChangeInput;
    readonly budget: Budget;
    readonly behavior: 'error_if_incomplete' | 'pending_if_incomplete';
    readonly key: string;
  },
): Promise<StripeSubscription> {
  const { before, input } = call;
  return api.call({
    operation: 'subscriptions.change',
    reply: stripeSubscription,
    budget: call.budget,
    key: call.key,
    // What is already so is not charged for again, and callers look first.
    isRepeatable: true,
    send: (stripe, options) =>
      stripe.subscriptions.update(
        before.id,
        {
          // Without the item's id a second item would be added.
          items: [{ id: itemOf(before).id, ...wishedItem(before, input) }],
          payment_behavior: call.behavior,
          proration_behavior: PRORATION[input.proration],
          expand: ['latest_invoice.confirmation_secret'],
          ...(input.prorationAt === null || input.proration === 'none'
            ? {}
            : { proration_date: unixFromIso(input.prorationAt) }),
        },
        options,
      ),
  });
}

export async function cancelChange(api: StripeApi, input: SubscriptionRef & CallKey): Promise<SubscriptionTruth> {
  const budget = api.budget();
  const subscription = await readWire(api, input.providerSubscriptionId, budget);
  await releaseSchedule(api, subscription, budget);
  return readSubscription(api, subscription.id, budget);
}

import { OrganizationEntity } from '../../db/entities/organization.ts';
import { PaymentMethodEntity } from '../../db/entities/payment-method.ts';
import { ProjectEntity } from '../../db/entities/project.ts';
import type { Subscription } from '../../db/entities/subscription.ts';
import { linkProviderObjects } from '../../db/queries/provider-objects.ts';
import type { ChangeTarget } from '../../db/queries/subscription-operations.ts';
import { BillingError } from '../../domain/errors.ts';
import { isOver } from '../../domain/subscription/transition.ts';
import type { SubscriptionTruth } from '../../domain/subscription/truth.ts';
import type { MoneyResult } from '../../providers/port-money.ts';
import type { CreateSubscriptionInput, SubscriptionOperations } from '../../providers/port-subscriptions.ts';
import { accountOf } from '../provider-account.ts';
import { bringAbout, sure } from './bring-about.ts';
import { failed, keyOf, nowIso, type Operation, type Outcome } from './operation.ts';

/**
 * Replaces a subscription that its provider cannot change. The old one is ended, and read back as ended, before the new
 * one begins, so that never both live; the new one is charged when the period that is paid for ends. A plan that costs
 * nothing goes on without a provider. A new one that is refused leaves the subscription ended, as its provider has it.
 */
export async function recreate(operation: Operation, target: ChangeTarget, quantity: number): Promise<Outcome> {
  const { change } = operation;
  const ended = await bringAbout(operation, {
    act: 'recreate.cancel',
    isThere: (truth) => isOver(truth.status),
    send: (subscriptions, input) =>
      sure(subscriptions.cancel({ ...input, when: 'now', reason: change.reason, comment: change.comment })),
  });
  // What is ended already is where it should be.
  if ('failure' in ended) return ended.failure;
  if (!isOver(ended.answered.truth.status))
    throw unclear('The provider has not ended the old subscription yet: it is asked again.');
  return target.price.amountMinor === 0 ? becomeFree(target) : beginAnew(operation, target, quantity, ended.answered);
}

function becomeFree({ plan, price }: ChangeTarget): Outcome {
  return {
    ...{ kind: 'done', status: 'applied', effectiveAt: nowIso(), answered: null, because: 'goes on for nothing' },
    async within(_tx, row) {
      Object.assign(row, {
        ...{ planId: plan.id, priceId: price.id, quantity: 1, amountMinor: 0, collection: 'none', status: 'active' },
        billingInterval: price.billingInterval ?? row.billingInterval,
        ...{ provider: null, providerSubscriptionId: null, providerCustomerId: null, paymentMethodId: null },
        ...{ currentPeriodStart: new Date(), currentPeriodEnd: null, trialStart: null, trialEnd: null },
        ...{ cancelAtPeriodEnd: false, cancelAt: null, canceledAt: null, pausedAt: null, resumesAt: null },
        ...{ pastDueAt: null, graceEndsAt: null, remindersSent: 0, nextStep: null, voucher: null },
      });
      return [];
    },
  };
}

async function beginAnew(
  operation: Operation,
  target: ChangeTarget,
  quantity: number,
  old: { readonly truth: SubscriptionTruth; readonly askedAt: Date },
): Promise<Outcome> {
  const { deps, row } = operation;
  if (row.provider === null) return failed('provider_rejected', 'No provider has this subscription.');
  const { client } = await accountOf(deps, row.projectId, row.live, row.provider);
  const { subscriptions } = client;
  if (!subscriptions?.create) return failed('not_supported_by_provider', 'The provider begins none without a page.');
  const askedAt = new Date();
  const result =
    (await findNew(subscriptions, row)) ?? (await create(subscriptions, await inputOf(operation, target, quantity)));
  if (result instanceof BillingError) return failed('provider_rejected', result.message, { answered: old });
  switch (result.outcome) {
    case 'succeeded':
      return begun(row, target, { truth: result.value, askedAt });
    case 'pending':
      return {
        ...begun(row, target, { truth: result.value, askedAt }),
        ...(result.nextAction && { nextStep: result.nextAction }),
      };
    case 'declined':
      return failed('payment_declined', 'The payment of the new subscription was declined; the old one has ended.', {
        ...{ detail: { decline_code: result.declineCode, provider_code: result.providerCode }, answered: old },
      });
    case 'unknown':
      throw unclear('Whether the new subscription has begun is not known yet: the provider is asked again.');
  }
}

/** What was begun by a call whose answer was lost; the old one carries our id too. */
async function findNew(
  { find }: SubscriptionOperations,
  row: Subscription,
): Promise<MoneyResult<SubscriptionTruth> | null> {
  if (!find || row.providerCustomerId === null) return null;
  const found = await find({ subscriptionId: row.id, providerCustomerId: row.providerCustomerId });
  const isNew = found !== null && found.providerSubscriptionId !== row.providerSubscriptionId && !isOver(found.status);
  return isNew ? { outcome: 'succeeded', value: found } : null;
}

async function create(subscriptions: SubscriptionOperations, input: CreateSubscriptionInput) {
  try {
    return (
      (await subscriptions.create?.(input)) ??
      ({ outcome: 'unknown', reason: 'api_error', providerCode: null } as const)
    );
  } catch (error) {
    const isDefinite = error instanceof BillingError && !['unavailable', 'rate_limited', 'bug'].includes(error.kind);
    if (isDefinite) return error;
    throw error;
  }
}

async function inputOf(operation: Operation, target: ChangeTarget, quantity: number): Promise<CreateSubscriptionInput> {
  const { em, row } = operation;
  const { projectId, live, organizationId, provider, paymentMethodId } = row;
  const organization = await em.findOneOrFail(OrganizationEntity, { projectId, live, id: organizationId });
  const project = await em.findOneOrFail(ProjectEntity, { id: projectId });
  const method = paymentMethodId && (await em.findOne(PaymentMethodEntity, { projectId, live, id: paymentMethodId }));
  return {
    idempotencyKey: keyOf(operation, provider ?? '', 'recreate.create'),
    subscriptionId: row.id,
    customer: {
      ...{ organizationId, providerCustomerId: row.providerCustomerId, address: null },
      ...{ email: organization.email, name: organization.name, phone: organization.phone ?? project.defaultPhone },
    },
    line: {
      ...{ name: target.plan.name, description: target.plan.description, digital: target.plan.digital, quantity },
      unitAmount: { amountMinor: target.price.amountMinor, currency: target.price.currency },
      ...{ billingInterval: target.price.billingInterval, providerPrice: target.providerPrice },
    },
    providerPaymentMethodId: method ? method.providerPaymentMethodId : null,
    // What is paid for stays paid for.
    trialEnd: laterThanNow(row.currentPeriodEnd),
    metadata: { ...row.metadata, subscription_id: row.id, organization_id: organizationId, project_id: projectId },
  };
}

function laterThanNow(end: Date | null): string | null {
  return end !== null && end.getTime() > Date.now() ? end.toISOString() : null;
}

function begun(
  { provider }: Subscription,
  { plan, price }: ChangeTarget,
  answered: { readonly truth: SubscriptionTruth; readonly askedAt: Date },
) {
  return {
    ...{ kind: 'done', status: 'applied', effectiveAt: nowIso(), answered, because: 'a new one took its place' },
    async within(tx, row) {
      Object.assign(row, {
        planId: plan.id,
        priceId: price.id,
        billingInterval: price.billingInterval ?? row.billingInterval,
      });
      const { providerSubscriptionId: id } = answered.truth;
      if (provider !== null)
        await linkProviderObjects(tx, row, provider, { kind: 'subscription', id: row.id }, [
          { kind: 'subscription', id },
        ]);
      return [];
    },
  } as const satisfies Outcome;
}

function unclear(message: string): BillingError {
  return new BillingError({ code: 'outcome_unknown', kind: 'unavailable', message, retryAfterMs: 30_000 });
}

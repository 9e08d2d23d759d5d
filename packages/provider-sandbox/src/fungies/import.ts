import { z } from 'zod';
import { judgeCard } from '../core/cards.ts';
import { addInterval } from '../core/duration.ts';
import { uuid } from '../core/ids.ts';
import { type FungiesContext, newNumber } from './context.ts';
import { newSubscription, planIntervalEnd } from './lifecycle.ts';
import {
  type Interval,
  type Item,
  PAYMENT_STATUSES,
  PAYMENT_TYPES,
  SUBSCRIPTION_STATUSES,
  type Subscription,
  type User,
} from './objects.ts';
import { TEST_CARD_FIELDS } from './operator.ts';
import { newOrder, newPayment, newUser, offerItem, refundPayment, settlePayment, totalOf } from './records.ts';
import { periodOf } from './subscriptions.ts';

const overrides = z.record(z.string(), z.unknown()).default({});
const ms = z.int().min(0);

/** Legacy data in bulk. `overrides` of a record are laid over what the API shows of it, however odd. */
export const importInput = z.strictObject({
  users: z
    .array(
      z.strictObject({
        id: z.string().optional(),
        email: z.string(),
        username: z.string().nullish(),
        internalId: z.string().nullish(),
        details: z.record(z.string(), z.unknown()).nullish(),
        card: z.string().nullish(),
        createdAt: ms.optional(),
        archivedAt: ms.nullish(),
        overrides,
      }),
    )
    .default([]),
  subscriptions: z
    .array(
      z.strictObject({
        id: z.string().optional(),
        userId: z.string().optional(),
        userEmail: z.string().optional(),
        offerId: z.string(),
        quantity: z.int().min(1).default(1),
        status: z.enum(SUBSCRIPTION_STATUSES).default('active'),
        createdAt: ms.optional(),
        currentIntervalStart: ms.optional(),
        currentIntervalEnd: ms.optional(),
        cancelAtIntervalEnd: z.boolean().default(false),
        canceledAt: ms.nullish(),
        customFields: z.record(z.string(), z.string()).default({}),
        overrides,
        itemOverrides: overrides,
      }),
    )
    .default([]),
  payments: z
    .array(
      z.strictObject({
        subscriptionId: z.string(),
        type: z.enum(PAYMENT_TYPES).default('subscription_interval'),
        status: z.enum(PAYMENT_STATUSES).default('PAID'),
        value: z.int().min(0).optional(),
        number: z.string().optional(),
        createdAt: ms.optional(),
        /** What it pays of its subscription; no API shows it. */
        intervalStart: ms.optional(),
        intervalEnd: ms.optional(),
        overrides,
      }),
    )
    .default([]),
});

type ImportInput = z.output<typeof importInput>;
type ImportedSubscription = ImportInput['subscriptions'][number];

export class ImportRefusal extends Error {
  override readonly name = 'ImportRefusal';
}

function importUser(fungies: FungiesContext, given: ImportInput['users'][number]): User {
  const card = given.card == null ? null : judgeCard('fungies', { number: given.card, ...TEST_CARD_FIELDS });
  return newUser(fungies, {
    id: given.id ?? uuid(),
    email: given.email,
    username: given.username ?? null,
    internalId: given.internalId ?? null,
    details: given.details ?? null,
    createdAt: given.createdAt ?? fungies.now(),
    archivedAt: given.archivedAt ?? null,
    hasProviderCustomer: card !== null,
    card: card && { ...card.card, renewal: card.outcome === 'approved' ? card.card.renewal : 'declines' },
    overrides: given.overrides,
  });
}

function ownerOf(fungies: FungiesContext, given: ImportedSubscription): User {
  const user =
    given.userId === undefined
      ? fungies.users.findBy('email', (given.userEmail ?? '').toLowerCase())[0]
      : fungies.users.get(given.userId);
  if (!user) throw new ImportRefusal(`no user ${given.userId ?? given.userEmail ?? '(neither userId nor userEmail)'}`);
  return user;
}

function importSubscription(fungies: FungiesContext, given: ImportedSubscription): Subscription {
  const user = ownerOf(fungies, given);
  const offer = fungies.offers.get(given.offerId);
  if (!offer) throw new ImportRefusal(`no offer ${given.offerId}`);
  const items: Item[] = [{ ...offerItem(offer, given.quantity, given.customFields), overrides: given.itemOverrides }];
  const period = periodOf(fungies, offer.id);
  const start = given.currentIntervalStart ?? given.createdAt ?? fungies.now();
  const end = given.currentIntervalEnd ?? addInterval(start, period.unit, period.count);
  const createdAt = given.createdAt ?? start;
  const isTrial = given.status === 'trialing';
  const country = user.details?.['countryCode'];
  const order = newOrder(fungies, {
    number: given.id ?? newNumber(),
    user,
    items,
    value: totalOf(items),
    country: typeof country === 'string' ? country : null,
  });
  fungies.orders.put(Object.assign(order, { createdAt, status: 'PAID' }));
  const subscription = newSubscription(fungies, {
    order,
    items,
    period,
    createdAt,
    currentIntervalEnd: end,
    // Renewals are counted from a trial's end.
    anchorDay: new Date(isTrial ? end : start).getUTCDate(),
    isTrial,
  });
  Object.assign(subscription, {
    status: given.status,
    currentIntervalStart: start,
    cancelAtIntervalEnd: given.cancelAtIntervalEnd,
    canceledAt: given.canceledAt ?? null,
    overrides: given.overrides,
  });
  planIntervalEnd(fungies, subscription);
  return fungies.subscriptions.put(subscription);
}

function importPayment(fungies: FungiesContext, given: ImportInput['payments'][number]): void {
  const subscription = fungies.subscriptions.get(given.subscriptionId);
  if (!subscription) throw new ImportRefusal(`no subscription ${given.subscriptionId}`);
  const earlier = fungies.payments.findBy('subscription', subscription.id).length;
  const payment = newPayment(fungies, {
    type: given.type,
    number: given.number ?? (earlier === 0 ? subscription.id : `${subscription.id}-${earlier + 1}`),
    userId: subscription.userId,
    orderId: subscription.orderId,
    subscriptionId: subscription.id,
    items: subscription.items,
    ...intervalOf(given),
    ...(given.value === undefined ? {} : { value: given.value }),
  });
  payment.overrides = given.overrides;
  settlePayment(fungies, payment, given.status);
  // What went back before our time went back whole: of a part nobody tells how much.
  if (given.status === 'REFUNDED' && payment.value > 0) refundPayment(fungies, payment, payment.value);
  subscription.lastPaymentId = payment.id;
  fungies.subscriptions.put(subscription);
  const order = fungies.orders.get(subscription.orderId);
  if (order) fungies.orders.put(Object.assign(order, { lastPaymentId: payment.id }));
}

function intervalOf({ intervalStart: start, intervalEnd: end }: ImportInput['payments'][number]): {
  interval?: Interval;
} {
  return start === undefined || end === undefined ? {} : { interval: { start, end } };
}

/**
 * Loads users, then subscriptions, then payments, in the order given. No events are sent: the data was there before
 * anybody listened. Offers have to exist.
 *
 * @throws {ImportRefusal} a record names a user, offer or subscription nobody has made
 */
export function importRecords(fungies: FungiesContext, input: ImportInput): Record<keyof ImportInput, number> {
  for (const user of input.users) importUser(fungies, user);
  for (const subscription of input.subscriptions) importSubscription(fungies, subscription);
  for (const payment of input.payments) {
    const atMs = Math.min(payment.createdAt ?? fungies.now(), fungies.now());
    fungies.sandbox.clock.at(atMs, () => importPayment(fungies, payment));
  }
  return {
    users: input.users.length,
    subscriptions: input.subscriptions.length,
    payments: input.payments.length,
  };
}

import { z } from 'zod';
import { addInterval } from '../core/duration.ts';
import type { ApiRequest, Route } from '../http/answer.ts';
import { type FungiesContext, newNumber } from './context.ts';
import { invalid, notFound, refusedUnder200, success } from './errors.ts';
import { emitPayment, emitSubscription } from './events.ts';
import { endAtInterval, endNow, isOver, newSubscription, pause } from './lifecycle.ts';
import { cursorPage } from './listing.ts';
import { type Period, type Subscription, SUBSCRIPTION_STATUSES, type User } from './objects.ts';
import { newOrder, newPayment, settlePayment, toItem, totalOf } from './records.ts';
import { showItems, showPayment, showSubscription, showUser } from './representation.ts';
import { parse } from './validation.ts';

const NUMBER = /^#?([0-9A-Za-z]{12,32}|[0-9]+)(-[0-9]+)?$/;
const NEEDS_POSTAL_CODE = ['US', 'CA', 'UA', 'IN'];

const item = z.object({
  offerId: z.string().optional(),
  name: z.string().optional(),
  unitPrice: z.int().optional(),
  currency: z.string().optional(),
  quantity: z.int().min(1).optional(),
});
const items = z.array(item).min(1);
const createBody = z
  .object({
    userId: z.string().optional(),
    userEmail: z.string().optional(),
    items,
    backdateStartDate: z.number().optional(),
    billingCycleAnchor: z.number().optional(),
    trialEnd: z.number().optional(),
    skipTrial: z.boolean().optional(),
    skipNotifications: z.boolean().optional(),
  })
  .refine((body) => body.userId !== undefined || body.userEmail !== undefined, 'give userId or userEmail');
const updateBody = z.object({ prorationBehavior: z.literal('none'), items });
// The defaults are the vendor's: an empty or misspelled body ends the subscription at once.
const cancelBody = z.object({
  cancelAtIntervalEnd: z.boolean().default(false),
  cancelOption: z.enum(['immediately', 'endInterval']).default('immediately'),
});
const pauseBody = z.object({
  invoicingBehavior: z.enum(['void', 'keep_as_draft', 'mark_uncollectible']),
  resumeAt: z.int().nullish(),
});
const chargeBody = z.object({ items, description: z.string().optional() });

/** Units are unstated by the vendor: anything before the year 2286 in seconds is taken as seconds. */
const toMs = (instant: number): number => (instant < 1e10 ? instant * 1000 : instant);

export function findSubscription(fungies: FungiesContext, given: string): Subscription | undefined {
  if (!NUMBER.test(given)) return undefined;
  const number = given.replace(/^#/, '');
  return fungies.subscriptions.get(number) ?? fungies.subscriptions.get(number.replace(/-[0-9]+$/, ''));
}

function requireSubscription(fungies: FungiesContext, request: ApiRequest): Subscription {
  const subscription = findSubscription(fungies, request.params['id'] ?? '');
  if (!subscription) throw notFound('Subscription');
  return subscription;
}

function requireLive(fungies: FungiesContext, request: ApiRequest): Subscription {
  const subscription = requireSubscription(fungies, request);
  if (isOver(subscription)) throw refusedUnder200('Subscription is already canceled');
  return subscription;
}

function requirePayer(fungies: FungiesContext, body: z.output<typeof createBody>): User {
  const user =
    body.userId === undefined
      ? fungies.users.findBy('email', (body.userEmail ?? '').toLowerCase())[0]
      : fungies.users.get(body.userId);
  if (!user) throw notFound('User');
  if (!user.hasProviderCustomer || !user.card)
    throw invalid('User has no payment provider customer with a default payment method');
  const { countryCode, postalCode } = user.details ?? {};
  if (typeof countryCode !== 'string') throw invalid('User has no billing country');
  if (NEEDS_POSTAL_CODE.includes(countryCode) && typeof postalCode !== 'string')
    throw invalid('User has no billing postal code');
  return user;
}

export function periodOf(fungies: FungiesContext, offerId: string | null): Period {
  const offer = offerId === null ? undefined : fungies.offers.get(offerId);
  return { unit: offer?.recurringInterval ?? 'month', count: offer?.recurringIntervalCount ?? 1 };
}

function trialEndOf(fungies: FungiesContext, offerId: string | null, body: z.output<typeof createBody>): number | null {
  if (body.skipTrial === true) return null;
  if (body.trialEnd !== undefined) return toMs(body.trialEnd);
  const offer = offerId === null ? undefined : fungies.offers.get(offerId);
  if (!offer?.trialInterval) return null;
  return addInterval(fungies.now(), offer.trialInterval, offer.trialIntervalCount ?? 1);
}

function create(fungies: FungiesContext, body: z.output<typeof createBody>): Subscription {
  const user = requirePayer(fungies, body);
  const bought = body.items.map((written) => toItem(fungies, written));
  const offerId = bought[0]?.offerId ?? null;
  const period = periodOf(fungies, offerId);
  const trialEnd = trialEndOf(fungies, offerId, body);
  const value = trialEnd === null ? totalOf(bought) : 0;
  const country = user.details?.['countryCode'];
  const number = newNumber();
  const order = newOrder(fungies, {
    number,
    user,
    items: bought,
    value,
    country: typeof country === 'string' ? country : null,
  });
  const start = body.backdateStartDate === undefined ? fungies.now() : toMs(body.backdateStartDate);
  const anchor = body.billingCycleAnchor === undefined ? null : toMs(body.billingCycleAnchor);
  const payment = newPayment(fungies, {
    type: 'subscription_initial',
    number,
    userId: user.id,
    orderId: order.id,
    subscriptionId: number,
    items: bought,
    value,
  });
  const isPaid = value === 0 || user.card?.renewal === 'succeeds';
  order.lastPaymentId = payment.id;
  order.status = isPaid ? 'PAID' : 'UNPAID';
  const subscription = newSubscription(fungies, {
    order,
    items: bought,
    period,
    createdAt: start,
    currentIntervalEnd: trialEnd ?? anchor ?? addInterval(start, period.unit, period.count),
    anchorDay: new Date(trialEnd ?? anchor ?? start).getUTCDate(),
    isTrial: trialEnd !== null,
  });
  if (!isPaid) subscription.status = 'incomplete';
  payment.interval = { start: subscription.currentIntervalStart, end: subscription.currentIntervalEnd };
  settlePayment(fungies, payment, isPaid ? 'PAID' : 'FAILED');
  emitSubscription(fungies, 'subscription_created', subscription);
  emitPayment(fungies, isPaid ? 'payment_success' : 'payment_failed', payment);
  return fungies.subscriptions.put(subscription);
}

function detail(fungies: FungiesContext, subscription: Subscription): object {
  const last = subscription.lastPaymentId === null ? undefined : fungies.payments.get(subscription.lastPaymentId);
  const user = fungies.users.get(subscription.userId);
  return {
    subscription: showSubscription(fungies, subscription),
    lastPayment: last ? showPayment(fungies, last) : null,
    items: showItems(fungies, subscription.items),
    user: user ? showUser(user) : null,
  };
}

function list(fungies: FungiesContext, request: ApiRequest) {
  const status = request.query.get('status');
  if (status !== null && status !== 'all' && !SUBSCRIPTION_STATUSES.some((known) => known === status))
    throw invalid('status: invalid enum value');
  const userId = request.query.get('userId');
  return cursorPage(request, 'subscriptions', {
    newestFirst:
      userId === null ? fungies.subscriptions.newestFirst() : fungies.subscriptions.findBy('user', userId).reverse(),
    // Without a status canceled ones are left out; `all` brings them back.
    keep: (doc) => status === 'all' || (status === null ? doc.status !== 'canceled' : doc.status === status),
    show: (doc) => showSubscription(fungies, doc),
  });
}

function charge(fungies: FungiesContext, subscription: Subscription, body: z.output<typeof chargeBody>): object {
  const extras = fungies.payments.findBy('subscription', subscription.id).length;
  const payment = newPayment(fungies, {
    type: 'subscription_extra',
    number: `${subscription.id}-${extras + 1}`,
    userId: subscription.userId,
    orderId: subscription.orderId,
    subscriptionId: subscription.id,
    items: body.items.map((written) => toItem(fungies, written)),
  });
  const isPaid = fungies.users.get(subscription.userId)?.card?.renewal === 'succeeds';
  settlePayment(fungies, payment, isPaid ? 'PAID' : 'FAILED');
  emitPayment(fungies, isPaid ? 'payment_success' : 'payment_failed', payment);
  return { payment: showPayment(fungies, payment) };
}

export function subscriptionRoutes(fungies: FungiesContext): Route[] {
  const done = success({ success: true });
  return [
    {
      method: 'get',
      path: '/v0/subscriptions/list',
      operations: ['subscriptions.list'],
      handle: (request) => list(fungies, request),
    },
    {
      method: 'post',
      path: '/v0/subscriptions/create',
      operations: ['subscriptions.create'],
      handle: (request) =>
        success({ subscription: showSubscription(fungies, create(fungies, parse(createBody, request))) }),
    },
    {
      method: 'get',
      path: '/v0/subscriptions/:id',
      operations: ['subscriptions.get'],
      handle: (request) => success(detail(fungies, requireSubscription(fungies, request))),
    },
    {
      method: 'patch',
      path: '/v0/subscriptions/:id/update',
      operations: ['subscriptions.update'],
      handle(request) {
        const subscription = requireLive(fungies, request);
        subscription.items = parse(updateBody, request).items.map((written) => toItem(fungies, written));
        fungies.subscriptions.put(subscription);
        emitSubscription(fungies, 'subscription_updated', subscription);
        return done;
      },
    },
    {
      method: 'patch',
      path: '/v0/subscriptions/:id/cancel',
      operations: ['subscriptions.cancel'],
      handle(request) {
        const subscription = requireLive(fungies, request);
        const { cancelAtIntervalEnd, cancelOption } = parse(cancelBody, request);
        // Both fields have to say it; one alone leaves the other's default.
        if (!cancelAtIntervalEnd || cancelOption !== 'endInterval') endNow(fungies, subscription);
        else if (!subscription.cancelAtIntervalEnd) endAtInterval(fungies, subscription);
        return done;
      },
    },
    {
      method: 'patch',
      path: '/v0/subscriptions/:id/pauseCollection',
      operations: ['subscriptions.pause'],
      handle(request) {
        const subscription = requireLive(fungies, request);
        const { invoicingBehavior, resumeAt } = parse(pauseBody, request);
        const resumeAtMs = resumeAt == null ? null : resumeAt * 1000;
        if (resumeAtMs !== null && resumeAtMs <= fungies.now()) throw invalid('resumeAt: must be in the future');
        pause(fungies, subscription, { invoicingBehavior, resumeAtMs });
        return done;
      },
    },
    {
      method: 'post',
      path: '/v0/subscriptions/:id/charge',
      operations: ['subscriptions.charge'],
      handle: (request) => success(charge(fungies, requireLive(fungies, request), parse(chargeBody, request))),
    },
  ];
}

import { z } from 'zod';
import type { ApiRequest, Route } from '../http/answer.ts';
import type { PolarContext } from './context.ts';
import { failed, notFound } from './errors.ts';
import { listPage, oneOf } from './listing.ts';
import type { Subscription } from './objects.ts';
import { settingsOf } from './organization.ts';
import { portalSubscription } from './portal-objects.ts';
import { portalCustomer } from './sessions.ts';
import { resume } from './subscription-cycle.ts';
import {
  changeProduct,
  changeSeats,
  clearPendingUpdate,
  requireLive,
  setEnding,
  setPausing,
} from './subscription-updates.ts';
import { bodyOf, parse } from './validation.ts';

const BASE = '/v1/customer-portal';

const reason = z.string().nullish();
const VARIANTS = {
  product: z.strictObject({ product_id: z.uuid() }),
  seats: z.strictObject({
    seats: z.int().min(1),
    proration_behavior: z.enum(['invoice', 'prorate', 'next_period']).nullish(),
  }),
  cancel: z.strictObject({
    cancel_at_period_end: z.boolean().nullish(),
    cancellation_reason: reason,
    cancellation_comment: reason,
  }),
  pause: z.strictObject({
    pause_at_period_end: z.boolean(),
    resumes_at: z.iso.datetime({ offset: true }).nullish(),
  }),
  resume: z.strictObject({ resume: z.literal(true) }),
  clear: z.strictObject({ pending_update: z.null() }),
};

type Portal = { polar: PolarContext; request: ApiRequest; subscription: Subscription };

function requireAllowed(polar: PolarContext, what: 'plan' | 'pause'): void {
  const settings = settingsOf(polar);
  if (what === 'plan' && !settings.subscription.allow_customer_updates)
    throw failed(403, 'UpdateSubscriptionPlanNotAllowed', 'Customers cannot change their plan themselves.');
  if (what === 'pause' && !settings.portalPause)
    throw failed(403, 'PauseResumeNotAllowed', 'Customers cannot pause or resume their subscription themselves.');
}

/** What a customer may change of the own subscription. */
function updateOwn({ polar, request, subscription }: Portal): void {
  const body = bodyOf(request);
  const has = (key: string): boolean => typeof body === 'object' && body !== null && key in body;
  if (has('product_id')) {
    const { product_id: productId } = parse(VARIANTS.product, request);
    requireAllowed(polar, 'plan');
    changeProduct(polar, subscription, productId, null);
  } else if (has('seats')) {
    const { seats, proration_behavior: behavior } = parse(VARIANTS.seats, request);
    changeSeats(polar, subscription, seats, behavior);
  } else if (has('pause_at_period_end')) {
    const { pause_at_period_end: pausing, resumes_at: resumesAt = null } = parse(VARIANTS.pause, request);
    requireAllowed(polar, 'pause');
    setPausing(polar, subscription, pausing, resumesAt);
  } else if (has('resume')) {
    parse(VARIANTS.resume, request);
    requireAllowed(polar, 'pause');
    requireLive(subscription);
    if (subscription.status !== 'paused')
      throw failed(403, 'InactiveSubscription', 'Only a paused subscription can be resumed.');
    resume(polar, subscription);
  } else if (has('pending_update')) {
    parse(VARIANTS.clear, request);
    clearPendingUpdate(polar, subscription);
  } else {
    const change = parse(VARIANTS.cancel, request);
    const why = { reason: change.cancellation_reason ?? null, comment: change.cancellation_comment ?? null };
    if (change.cancel_at_period_end != null) setEnding(polar, subscription, change.cancel_at_period_end, why);
  }
}

/** A customer's own subscriptions. */
export function portalSubscriptionRoutes(polar: PolarContext): Route[] {
  const own = (request: ApiRequest): Subscription => {
    const customer = portalCustomer(polar, request);
    const found = polar.subscriptions.get(request.params['id'] ?? '');
    if (found?.customer_id !== customer.id) throw notFound();
    return found;
  };
  const path = `${BASE}/subscriptions/:id`;
  return [
    {
      method: 'get',
      path: `${BASE}/subscriptions/`,
      operations: ['portal.subscriptions.list'],
      handle(request) {
        const all = polar.subscriptions.findBy('customer', portalCustomer(polar, request).id).reverse();
        const isLive = (doc: Subscription): boolean => ['active', 'trialing', 'past_due'].includes(doc.status);
        const keep = (doc: Subscription): boolean =>
          oneOf(request, 'product_id', doc.product_id) && oneOf(request, 'active', isLive(doc));
        return { status: 200, body: listPage(request, all, keep, (doc) => portalSubscription(polar, doc)) };
      },
    },
    {
      method: 'get',
      path,
      operations: ['portal.subscriptions.get'],
      handle: (request) => ({ status: 200, body: portalSubscription(polar, own(request)) }),
    },
    {
      method: 'patch',
      path,
      operations: ['portal.subscriptions.update'],
      handle(request) {
        const subscription = own(request);
        updateOwn({ polar, request, subscription });
        return { status: 200, body: portalSubscription(polar, subscription) };
      },
    },
    {
      method: 'delete',
      path,
      operations: ['portal.subscriptions.cancel'],
      handle(request) {
        const subscription = own(request);
        setEnding(polar, subscription, true, { reason: null, comment: null });
        return { status: 200, body: portalSubscription(polar, subscription) };
      },
    },
  ];
}

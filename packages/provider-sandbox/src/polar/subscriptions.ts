import { z } from 'zod';
import type { ApiRequest, Route } from '../http/answer.ts';
import { byPathId } from '../http/path-id.ts';
import { syncBenefits } from './benefit-grants.ts';
import type { PolarContext } from './context.ts';
import { csvAnswer } from './csv.ts';
import { failed, notFound, refuse } from './errors.ts';
import { listPage, oneOf } from './listing.ts';
import type { Subscription } from './objects.ts';
import { staticAmount } from './pricing.ts';
import { planPeriods, resume, revoke } from './subscription-cycle.ts';
import { newSubscription, reprice, showSubscription, touchSubscription } from './subscription-object.ts';
import {
  changePeriodEnd,
  changeProduct,
  changeSeats,
  changeTrialEnd,
  clearPendingUpdate,
  requireLive,
  setEnding,
  setPausing,
} from './subscription-updates.ts';
import { bodyOf, metadata, parse } from './validation.ts';

const cancellation = {
  customer_cancellation_reason: z
    .enum([
      'customer_service',
      'low_quality',
      'missing_features',
      'switched_service',
      'too_complex',
      'too_expensive',
      'unused',
      'other',
    ])
    .nullish(),
  customer_cancellation_comment: z.string().nullish(),
};
const when = z.iso.datetime({ offset: true });
const behavior = z.enum(['invoice', 'prorate', 'next_period', 'reset']).nullish();
const createBody = z.object({
  product_id: z.uuid(),
  customer_id: z.uuid().optional(),
  external_customer_id: z.string().optional(),
  metadata,
});
const cancelBody = z.strictObject({ cancel_at_period_end: z.boolean(), ...cancellation });
const revokeBody = z.strictObject({ revoke: z.literal(true), ...cancellation });
const periodBody = z.strictObject({ current_billing_period_end: when });
const seatsBody = z.strictObject({ seats: z.int(), proration_behavior: behavior });
const unitsBody = z.strictObject({ units: z.int(), proration_behavior: behavior });
const pauseBody = z.strictObject({ pause_at_period_end: z.boolean(), resumes_at: when.nullish() });
const resumeBody = z.strictObject({ resume: z.literal(true) });
const clearBody = z.strictObject({ pending_update: z.null() });
const changeBody = z.strictObject({
  product_id: z.uuid().nullish(),
  proration_behavior: behavior,
  discount_id: z.uuid().nullish(),
  trial_end: z.union([z.literal('now'), when]).nullish(),
  metadata,
});

function change(polar: PolarContext, subscription: Subscription, body: z.output<typeof changeBody>): void {
  requireLive(subscription);
  if (body.discount_id !== undefined) {
    if (body.discount_id !== null && !polar.discounts.get(body.discount_id))
      throw refuse(['body', 'discount_id'], 'Discount does not exist.', body.discount_id);
    subscription.discount_id = body.discount_id;
    subscription.internal.discountedSince = null;
    reprice(polar, subscription);
  }
  if (body.metadata !== undefined) subscription.metadata = body.metadata;
  if (body.trial_end != null) {
    changeTrialEnd(polar, subscription, body.trial_end);
    syncBenefits(polar, subscription);
  }
  if (body.product_id != null) changeProduct(polar, subscription, body.product_id, body.proration_behavior);
  else touchSubscription(polar, subscription, 'updated');
  planPeriods(polar, subscription);
}

/** The body is exactly one of the variants; its telling key says which. */
const VARIANTS: Readonly<
  Record<string, (polar: PolarContext, subscription: Subscription, request: ApiRequest) => void>
> = {
  revoke(polar, subscription, request) {
    const body = parse(revokeBody, request);
    requireLive(subscription);
    subscription['customer_cancellation_reason'] = body.customer_cancellation_reason ?? null;
    subscription['customer_cancellation_comment'] = body.customer_cancellation_comment ?? null;
    revoke(polar, subscription);
  },
  cancel_at_period_end(polar, subscription, request) {
    const body = parse(cancelBody, request);
    const { customer_cancellation_reason: reason = null, customer_cancellation_comment: comment = null } = body;
    setEnding(polar, subscription, body.cancel_at_period_end, { reason, comment });
  },
  current_billing_period_end: (polar, subscription, request) =>
    changePeriodEnd(polar, subscription, parse(periodBody, request).current_billing_period_end),
  seats(polar, subscription, request) {
    const body = parse(seatsBody, request);
    changeSeats(polar, subscription, body.seats, body.proration_behavior);
  },
  units(_polar, _subscription, request) {
    const body = parse(unitsBody, request);
    throw refuse(['body', 'units'], 'This subscription is not unit-based.', body.units);
  },
  pause_at_period_end(polar, subscription, request) {
    const body = parse(pauseBody, request);
    setPausing(polar, subscription, body.pause_at_period_end, body.resumes_at ?? null);
  },
  resume(polar, subscription, request) {
    parse(resumeBody, request);
    requireLive(subscription);
    if (subscription.status !== 'paused')
      throw failed(403, 'InactiveSubscription', 'Only a paused subscription can be resumed.');
    resume(polar, subscription);
  },
  pending_update(polar, subscription, request) {
    parse(clearBody, request);
    clearPendingUpdate(polar, subscription);
  },
};

function update(polar: PolarContext, subscription: Subscription, request: ApiRequest): void {
  const body = bodyOf(request);
  const keys = typeof body === 'object' && body !== null ? Object.keys(body) : [];
  const variant = Object.keys(VARIANTS).find((key) => keys.includes(key));
  if (variant === undefined) change(polar, subscription, parse(changeBody, request));
  else VARIANTS[variant]?.(polar, subscription, request);
}

/** Without payment: only for products that cost nothing, and no order comes of it. */
function createFree(polar: PolarContext, body: z.output<typeof createBody>): Subscription {
  const product = polar.products.get(body.product_id);
  if (!product) throw refuse(['body', 'product_id'], 'Product does not exist.', body.product_id);
  if (!product.is_recurring)
    throw refuse(['body', 'product_id'], 'Product is not a recurring product.', body.product_id);
  if (staticAmount(product.prices, 1, null) > 0 || product.prices.some((price) => price.meter_id !== undefined))
    throw refuse(['body', 'product_id'], 'Product is not free. The customer should go through a checkout.', product.id);
  const field = body.customer_id === undefined ? 'external_customer_id' : 'customer_id';
  const customer =
    body.customer_id === undefined
      ? polar.customers.findBy('externalId', body.external_customer_id ?? '')[0]
      : polar.customers.get(body.customer_id);
  if (!customer || customer.deleted_at !== null) throw refuse(['body', field], 'Customer does not exist.', body[field]);
  const subscription = newSubscription(polar, {
    customerId: customer.id,
    product,
    prices: product.prices,
    currency: product.prices[0]?.price_currency ?? 'usd',
    seats: null,
    chosenAmount: 0,
    trial: null,
    discountId: null,
    checkoutId: null,
    paymentMethodId: null,
    metadata: body.metadata ?? {},
    customFieldData: {},
  });
  touchSubscription(polar, subscription, 'created', 'active', 'updated');
  planPeriods(polar, subscription);
  syncBenefits(polar, subscription);
  return subscription;
}

const LIVE = ['active', 'trialing', 'past_due'];

function isWanted(polar: PolarContext, request: ApiRequest, doc: Subscription): boolean {
  const after = request.query.get('started_after');
  const before = request.query.get('started_before');
  return (
    [
      ...['customer_id', 'product_id', 'status', 'cancel_at_period_end', 'discount_id'],
      'customer_cancellation_reason',
    ].every((name) => oneOf(request, name, doc[name])) &&
    oneOf(request, 'external_customer_id', polar.customers.get(doc.customer_id)?.external_id) &&
    oneOf(request, 'active', LIVE.includes(doc.status)) &&
    (after === null || Date.parse(doc.started_at) > Date.parse(after)) &&
    (before === null || Date.parse(doc.started_at) < Date.parse(before))
  );
}

function exportRows(polar: PolarContext, request: ApiRequest): (string | number | null | undefined)[][] {
  const found = [...polar.subscriptions.newestFirst()].filter((doc) => isWanted(polar, request, doc));
  return found.map((doc) => {
    const customer = polar.customers.get(doc.customer_id);
    const product = polar.products.get(doc.product_id)?.name;
    return [
      customer?.email,
      customer?.name,
      doc.created_at,
      doc.status,
      product,
      doc.amount,
      doc.currency,
      doc.current_period_end,
    ];
  });
}

export function subscriptionRoutes(polar: PolarContext): Route[] {
  const found = byPathId(polar.subscriptions, notFound);
  const path = '/v1/subscriptions/:id';
  return [
    {
      method: 'get',
      path: '/v1/subscriptions/',
      operations: ['subscriptions.list'],
      handle: (request) => ({
        status: 200,
        body: listPage(
          request,
          polar.subscriptions.newestFirst(),
          (doc) => isWanted(polar, request, doc),
          (doc) => showSubscription(polar, doc),
        ),
      }),
    },
    {
      method: 'post',
      path: '/v1/subscriptions/',
      operations: ['subscriptions.create'],
      handle: (request) => ({
        status: 201,
        body: showSubscription(polar, createFree(polar, parse(createBody, request))),
      }),
    },
    {
      method: 'get',
      path: '/v1/subscriptions/export',
      operations: ['subscriptions.export'],
      handle: (request) =>
        csvAnswer(
          'polar-subscriptions.csv',
          ['Email', 'Name', 'Created At', 'Status', 'Product', 'Price', 'Currency', 'Current Period End'],
          exportRows(polar, request),
        ),
    },
    {
      method: 'get',
      path,
      operations: ['subscriptions.get'],
      handle: (request) => ({ status: 200, body: showSubscription(polar, found(request)) }),
    },
    {
      method: 'patch',
      path,
      operations: ['subscriptions.update'],
      handle(request) {
        const subscription = found(request);
        update(polar, subscription, request);
        return { status: 200, body: showSubscription(polar, subscription) };
      },
    },
    {
      method: 'delete',
      path,
      operations: ['subscriptions.cancel'],
      handle(request) {
        const subscription = found(request);
        requireLive(subscription);
        revoke(polar, subscription);
        return { status: 200, body: showSubscription(polar, subscription) };
      },
    },
  ];
}

import { z } from 'zod';
import type { ApiRequest, Route } from '../http/answer.ts';
import { updateGrant } from './benefit-grants.ts';
import { ORGANIZATION_SLUG, type PolarContext } from './context.ts';
import { failed, notFound, refuse } from './errors.ts';
import { downloadOf } from './files.ts';
import { generateInvoice, getInvoice, getReceipt } from './invoices.ts';
import { showKey, withActivations } from './license-keys.ts';
import { listPage, oneOf } from './listing.ts';
import { customerMetersOf } from './metering.ts';
import type { Customer, CustomerMeter, Grant, LicenseKey, Order, Subscription } from './objects.ts';
import { parseBilling, updateBilling } from './orders.ts';
import { settingsOf } from './organization.ts';
import { portalGrant, portalMeter, portalOrder, portalOrganization, portalSubscription } from './portal-objects.ts';
import { publicProduct } from './product-object.ts';
import { portalCustomer, sessionOf } from './sessions.ts';
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

const grantBody = z.object({
  benefit_type: z.string(),
  properties: z.object({ account_id: z.string().nullish(), invited_email: z.email().nullish() }).optional(),
});
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

function subscriptionRoutes(polar: PolarContext): Route[] {
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

function orderRoutes(polar: PolarContext): Route[] {
  const own = (request: ApiRequest): Order => {
    const customer = portalCustomer(polar, request);
    const found = polar.orders.get(request.params['id'] ?? '');
    if (found?.customer_id !== customer.id) throw notFound();
    return found;
  };
  const path = `${BASE}/orders/:id`;
  return [
    {
      method: 'get',
      path: `${BASE}/orders/`,
      operations: ['portal.orders.list'],
      handle(request) {
        const all = polar.orders.findBy('customer', portalCustomer(polar, request).id).reverse();
        const keep = (doc: Order): boolean =>
          ['product_id', 'subscription_id'].every((name) => oneOf(request, name, doc[name]));
        return { status: 200, body: listPage(request, all, keep, (doc) => portalOrder(polar, doc)) };
      },
    },
    {
      method: 'get',
      path,
      operations: ['portal.orders.get'],
      handle: (request) => ({ status: 200, body: portalOrder(polar, own(request)) }),
    },
    {
      method: 'patch',
      path,
      operations: ['portal.orders.update'],
      handle: (request) => ({
        status: 200,
        body: portalOrder(polar, updateBilling(polar, own(request), parseBilling(request))),
      }),
    },
    {
      method: 'post',
      path: `${path}/invoice`,
      operations: ['portal.orders.generate_invoice'],
      handle: (request) => generateInvoice(polar, own(request)),
    },
    {
      method: 'get',
      path: `${path}/invoice`,
      operations: ['portal.orders.invoice'],
      handle: (request) => getInvoice(polar, own(request)),
    },
    {
      method: 'get',
      path: `${path}/receipt`,
      operations: ['portal.orders.receipt'],
      handle: (request) => getReceipt(polar, own(request)),
    },
    {
      method: 'get',
      path: `${path}/payment-status`,
      operations: ['portal.orders.payment_status'],
      handle(request) {
        const { id, status } = own(request);
        const last = polar.payments.findBy('order', id).at(-1);
        return { status: 200, body: { status, error: last?.status === 'failed' ? last['decline_message'] : null } };
      },
    },
  ];
}

function grantRoutes(polar: PolarContext): Route[] {
  const own = (request: ApiRequest): Grant => {
    const customer = portalCustomer(polar, request);
    const found = polar.grants.get(request.params['id'] ?? '');
    if (found?.customer_id !== customer.id || found.is_revoked) throw notFound();
    return found;
  };
  return [
    {
      method: 'get',
      path: `${BASE}/benefit-grants/`,
      operations: ['portal.benefit_grants.list'],
      handle(request) {
        const all = polar.grants.findBy('customer', portalCustomer(polar, request).id).reverse();
        const keep = (doc: Grant): boolean =>
          !doc.is_revoked &&
          ['benefit_id', 'order_id', 'subscription_id'].every((name) => oneOf(request, name, doc[name])) &&
          oneOf(request, 'type', polar.benefits.get(doc.benefit_id)?.type);
        return { status: 200, body: listPage(request, all, keep, (doc) => portalGrant(polar, doc)) };
      },
    },
    {
      method: 'get',
      path: `${BASE}/benefit-grants/:id`,
      operations: ['portal.benefit_grants.get'],
      handle: (request) => ({ status: 200, body: portalGrant(polar, own(request)) }),
    },
    {
      method: 'patch',
      path: `${BASE}/benefit-grants/:id`,
      operations: ['portal.benefit_grants.update'],
      handle(request) {
        const grant = own(request);
        const body = parse(grantBody, request);
        const type = polar.benefits.get(grant.benefit_id)?.type;
        if (type !== body.benefit_type)
          throw refuse(['body', 'benefit_type'], 'The benefit is of another type.', body.benefit_type);
        const given = Object.entries(body.properties ?? {}).filter(([, value]) => value !== undefined);
        updateGrant(polar, grant, Object.fromEntries(given));
        return { status: 200, body: portalGrant(polar, grant) };
      },
    },
  ];
}

function meterRoutes(polar: PolarContext): Route[] {
  const all = (request: ApiRequest): CustomerMeter[] =>
    customerMetersOf(polar, portalCustomer(polar, request)).reverse();
  return [
    {
      method: 'get',
      path: `${BASE}/meters/`,
      operations: ['portal.meters.list'],
      handle: (request) => ({
        status: 200,
        body: listPage(
          request,
          all(request),
          (own) => oneOf(request, 'meter_id', own.meter_id),
          (own) => portalMeter(polar, own),
        ),
      }),
    },
    {
      method: 'get',
      path: `${BASE}/meters/:id`,
      operations: ['portal.meters.get'],
      handle(request) {
        const own = all(request).find(({ id }) => id === request.params['id']);
        if (!own) throw notFound();
        return { status: 200, body: portalMeter(polar, own) };
      },
    },
  ];
}

function keyAndFileRoutes(polar: PolarContext): Route[] {
  const keysOf = (customer: Customer): LicenseKey[] => polar.licenseKeys.findBy('customer', customer.id).reverse();
  return [
    {
      method: 'get',
      path: `${BASE}/license-keys/`,
      operations: ['portal.license_keys.list'],
      handle: (request) => ({
        status: 200,
        body: listPage(
          request,
          keysOf(portalCustomer(polar, request)),
          (doc) => oneOf(request, 'benefit_id', doc.benefit_id),
          (doc) => showKey(polar, doc),
        ),
      }),
    },
    {
      method: 'get',
      path: `${BASE}/license-keys/:id`,
      operations: ['portal.license_keys.get'],
      handle(request) {
        const key = keysOf(portalCustomer(polar, request)).find(({ id }) => id === request.params['id']);
        if (!key) throw notFound();
        return { status: 200, body: withActivations(polar, key) };
      },
    },
    {
      method: 'get',
      path: `${BASE}/downloadables/`,
      operations: ['portal.downloadables.list'],
      handle(request) {
        const grants = polar.grants
          .findBy('customer', portalCustomer(polar, request).id)
          .filter((own) => own.is_granted);
        const rows = grants.flatMap((grant) =>
          ((grant.properties['files'] ?? []) as string[]).flatMap((id) => {
            const file = polar.files.get(id);
            if (!file) return [];
            return [{ created_at: grant.created_at, id: file.id, benefit_id: grant.benefit_id, file }];
          }),
        );
        return {
          status: 200,
          body: listPage(
            request,
            rows.reverse(),
            (row) => oneOf(request, 'benefit_id', row.benefit_id),
            ({ id, benefit_id, file }) => ({ id, benefit_id, file: downloadOf(polar, file) }),
          ),
        };
      },
    },
  ];
}

function sessionRoutes(polar: PolarContext): Route[] {
  return [
    {
      method: 'get',
      path: `${BASE}/customer-session/introspect`,
      operations: ['portal.session.introspect'],
      handle(request) {
        portalCustomer(polar, request);
        const session = sessionOf(polar, (request.headers['authorization'] ?? '').slice('Bearer '.length));
        return { status: 200, body: { expires_at: session?.expires_at, return_url: session?.return_url ?? null } };
      },
    },
    {
      method: 'get',
      path: `${BASE}/customer-session/user`,
      operations: ['portal.session.user'],
      handle(request) {
        const { id, name, email } = portalCustomer(polar, request);
        const body = { type: 'customer', name, email, customer_id: id, member_id: null, role: null };
        return { status: 200, body };
      },
    },
    {
      method: 'get',
      path: `${BASE}/organizations/:slug`,
      operations: ['portal.organizations.get'],
      handle(request) {
        if (request.params['slug'] !== ORGANIZATION_SLUG) throw notFound();
        const products = [...polar.products.newestFirst()].filter(
          (product) => !product.is_archived && product['visibility'] === 'public',
        );
        return {
          status: 200,
          body: {
            organization: portalOrganization(polar),
            products: products.map((product) => publicProduct(polar, product)),
          },
        };
      },
    },
  ];
}

/** What an app's own portal pages call with a customer's session token. */
export function portalRoutes(polar: PolarContext): Route[] {
  return [
    ...sessionRoutes(polar),
    ...subscriptionRoutes(polar),
    ...orderRoutes(polar),
    ...grantRoutes(polar),
    ...meterRoutes(polar),
    ...keyAndFileRoutes(polar),
  ];
}

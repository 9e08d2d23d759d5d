import { z } from 'zod';
import type { ApiRequest, Route } from '../http/answer.ts';
import { updateGrant } from './benefit-grants.ts';
import { ORGANIZATION_SLUG, type PolarContext } from './context.ts';
import { notFound, refuse } from './errors.ts';
import { downloadOf } from './files.ts';
import { showKey, withActivations } from './license-keys.ts';
import { listPage, oneOf } from './listing.ts';
import { customerMetersOf } from './metering.ts';
import type { Customer, CustomerMeter, Grant, LicenseKey } from './objects.ts';
import { portalGrant, portalMeter, portalOrganization } from './portal-objects.ts';
import { portalOrderRoutes } from './portal-orders.ts';
import { portalSubscriptionRoutes } from './portal-subscriptions.ts';
import { publicProduct } from './product-object.ts';
import { portalCustomer, sessionOf } from './sessions.ts';
import { parse } from './validation.ts';

const BASE = '/v1/customer-portal';

const grantBody = z.object({
  benefit_type: z.string(),
  properties: z.object({ account_id: z.string().nullish(), invited_email: z.email().nullish() }).optional(),
});
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
    ...portalSubscriptionRoutes(polar),
    ...portalOrderRoutes(polar),
    ...grantRoutes(polar),
    ...meterRoutes(polar),
    ...keyAndFileRoutes(polar),
  ];
}

import type { Cashier } from '../cashier.ts';
import { type Answer, type ApiRequest, header } from '../http/answer.ts';
import { isTooLarge } from '../http/body.ts';
import type { ProviderApi } from '../http/provider-api.ts';
import { scheduleBenefits } from './benefit-grants.ts';
import { benefitRoutes } from './benefits.ts';
import { checkoutLinkRoutes, isLink } from './checkout-links.ts';
import { checkoutRoutes, scheduleCheckouts } from './checkouts.ts';
import { API_VERSION, type PolarContext } from './context.ts';
import { customFieldRoutes } from './custom-fields.ts';
import { customerRoutes } from './customers.ts';
import { discountRoutes } from './discounts.ts';
import { disputeRoutes } from './disputes.ts';
import { failed, failureAnswer } from './errors.ts';
import { eventRoutes } from './events.ts';
import { fileRoutes } from './files.ts';
import { scheduleInvoices } from './invoices.ts';
import { licenseKeyRoutes } from './license-keys.ts';
import { meterRoutes } from './meters.ts';
import { orderRoutes } from './orders.ts';
import { organizationRoutes } from './organization.ts';
import { paymentRoutes } from './payments.ts';
import { portalCustomerRoutes } from './portal-customer.ts';
import { portalRoutes } from './portal-routes.ts';
import { productRoutes } from './products.ts';
import { refundRoutes } from './refunds.ts';
import { sessionOf, sessionRoutes } from './sessions.ts';
import { revoke, scheduleSubscriptions } from './subscription-cycle.ts';
import { subscriptionRoutes } from './subscriptions.ts';
import { webhookDeliveryRoutes } from './webhook-deliveries.ts';
import { webhookEndpointRoutes } from './webhook-endpoints.ts';
import { bodyOf } from './validation.ts';

// The deprecated version is frozen with the same shapes; anything else has been removed or never was.
const VERSIONS = [API_VERSION, '2026-04', '2027-01'];

function unauthorized(hasToken: boolean): Answer {
  return hasToken
    ? {
        status: 401,
        body: {
          error: 'invalid_token',
          error_description: 'The access token provided is expired, revoked, malformed, or invalid for other reasons.',
        },
        headers: { 'www-authenticate': 'Bearer realm="polar", error="invalid_token"' },
      }
    : { status: 401, body: { error: 'Unauthorized', detail: 'Unauthorized' } };
}

// The secret is in the path or in the body, or there is none.
const TOKENLESS = [
  /^\/polar\/buy\//,
  /^\/polar\/v1\/checkouts\/client\//,
  /^\/polar\/v1\/customer-portal\/license-keys\/(validate|activate|deactivate)$/,
  /^\/polar\/v1\/customer-portal\/organizations\//,
  /^\/polar\/v1\/files\/[^/]+\/(parts\/|content$)/,
];

function admit(polar: PolarContext, request: ApiRequest): Answer | null {
  const version = header(request, 'polar-version');
  if (version !== null && !VERSIONS.includes(version)) return { status: 404, body: { detail: 'Not Found' } };
  if (['POST', 'PUT', 'PATCH'].includes(request.method) && header(request, 'content-length') === null) {
    return { status: 411, body: { error: 'LengthRequired', detail: 'Content-Length header is required.' } };
  }
  if (isTooLarge(request.rawBody))
    return { status: 413, body: { error: 'PayloadTooLarge', detail: 'Request body is too large.' } };
  if (TOKENLESS.some((path) => path.test(request.path))) return null;
  const authorization = header(request, 'authorization');
  // Portal routes take the customer's session; the organization's token is for the rest.
  if (request.path.startsWith('/polar/v1/customer-portal/')) {
    const token = (authorization ?? '').replace(/^Bearer /, '');
    return sessionOf(polar, token) ? null : unauthorized(authorization !== null);
  }
  if (authorization === `Bearer ${polar.sandbox.credentials.current().polar.apiKey}`) return null;
  return unauthorized(authorization !== null);
}

// The conflicts that only a race brings about at Polar, asked for as a fault.
const RACES: Readonly<Record<number, string>> = { 402: 'PaymentFailed', 409: 'SubscriptionLocked' };

function faulty(kind: 'status' | 'rate_limited', status: number, retryAfterS: number, request: ApiRequest): Answer {
  if (kind === 'rate_limited') return { status: 429, headers: { 'retry-after': String(retryAfterS) } };
  const race = request.path.startsWith('/polar/v1/subscriptions/') ? RACES[status] : undefined;
  const error = race ?? (status >= 500 ? 'InternalServerError' : 'PolarError');
  return { status, body: { error, detail: 'Injected fault.' } };
}

/** `…/confirm`: the sandbox takes the test card's number where the browser library would give its token. */
function confirm(cashier: Cashier, id: string, request: ApiRequest): void {
  const body = bodyOf(request) as Record<string, unknown>;
  const text = (name: string): string | null => (typeof body[name] === 'string' ? body[name] : null);
  const number = (text('confirmation_token_id') ?? '4242424242424242').replaceAll(/\D/g, '') || '4242424242424242';
  const card = {
    number,
    expMonth: 12,
    expYear: new Date().getUTCFullYear() + 5,
    cvc: '123',
    name: text('customer_name'),
  };
  const result = cashier.pay(id, {
    method: 'card',
    card,
    email: text('customer_email'),
    name: text('customer_name'),
    country: null,
  });
  if (result.kind === 'declined') throw failed(400, 'PaymentError', result.decline.message);
  if (result.kind === 'refused') throw failed(403, 'NotOpenCheckout', result.message);
}

/** Calls without a token that still name this organization: by a license key's body, a file or a checkout link. */
function owns(polar: PolarContext, request: ApiRequest): boolean {
  const [, , first, second, id = ''] = request.path.split('/');
  if (first === 'buy') return isLink(polar, second ?? '');
  if (second === 'files') return polar.files.get(id) !== undefined;
  if (!/\/license-keys\/(validate|activate|deactivate)$/.test(request.path)) return false;
  try {
    const body = bodyOf(request);
    const named = typeof body === 'object' && body !== null && 'organization_id' in body ? body.organization_id : null;
    return named === polar.organizationId();
  } catch {
    return false;
  }
}

export function createPolarApi(polar: PolarContext, cashier: Cashier): ProviderApi {
  scheduleCheckouts(polar);
  scheduleSubscriptions(polar);
  scheduleBenefits(polar);
  scheduleInvoices(polar);
  return {
    provider: 'polar',
    prefix: '/polar',
    routes: [
      ...organizationRoutes(polar),
      ...customerRoutes(polar, (subscription) => revoke(polar, subscription)),
      ...sessionRoutes(polar),
      ...productRoutes(polar),
      ...discountRoutes(polar),
      ...benefitRoutes(polar),
      ...licenseKeyRoutes(polar),
      ...fileRoutes(polar),
      ...meterRoutes(polar),
      ...eventRoutes(polar),
      ...checkoutRoutes(polar, (checkout, request) => confirm(cashier, checkout.id, request)),
      ...checkoutLinkRoutes(polar),
      ...customFieldRoutes(polar),
      ...orderRoutes(polar),
      ...paymentRoutes(polar),
      ...refundRoutes(polar),
      ...disputeRoutes(polar),
      ...subscriptionRoutes(polar),
      ...portalCustomerRoutes(polar),
      ...portalRoutes(polar),
      ...webhookEndpointRoutes(polar),
      ...webhookDeliveryRoutes(polar),
    ],
    admit: (request) => admit(polar, request),
    owns: (request) => owns(polar, request),
    failure: failureAnswer,
    unknownRoute: () => ({ status: 404, body: { detail: 'Not Found' } }),
    faulty,
    decorate: (answer, request) => ({
      ...answer,
      headers: { 'polar-version': header(request, 'polar-version') ?? API_VERSION, ...answer.headers },
    }),
  };
}

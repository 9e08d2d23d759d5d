import { base62 } from '../core/ids.ts';
import type { Sandbox } from '../context.ts';
import { type Answer, type ApiRequest, header } from '../http/answer.ts';
import type { ProviderApi } from '../http/provider-api.ts';
import { API_VERSION, type StripeContext } from './context.ts';
import { customerRoutes } from './customers.ts';
import { accountRoutes } from './account.ts';
import { discountRoutes } from './discounts.ts';
import { disputeRoutes, scheduleAftermath } from './disputes.ts';
import { meterEventRoutes } from './meters/meter-events.ts';
import { meterRoutes } from './meters/meters.ts';
import { portalConfigurationRoutes } from './portal/configurations.ts';
import { portalSessionRoutes } from './portal/sessions.ts';
import { testClockRoutes } from './test-clocks.ts';
import { v2EventRoutes } from './v2/events.ts';
import { failureAnswer } from './errors.ts';
import { createIdempotency } from './idempotency.ts';
import { priceRoutes } from './prices.ts';
import { productRoutes } from './products.ts';
import { readingRoutes } from './readings.ts';
import { refundRoutes } from './refunds.ts';
import { scheduleSessionExpiry, sessionRoutes } from './sessions.ts';
import { watchPendingUpdates } from './billing/change.ts';
import { invoiceRoutes } from './billing/invoice-routes.ts';
import { watchInvoicePayments } from './billing/invoices.ts';
import { scheduleSubscriptions, watchInvoices } from './billing/lifecycle.ts';
import { scheduleRoutes } from './billing/schedules.ts';
import { subscriptionRoutes } from './billing/subscription-routes.ts';
import { scheduleDebits } from './payments/confirm.ts';
import { paymentIntentRoutes } from './payments/intent-routes.ts';
import { paymentMethodRoutes } from './payments/method-routes.ts';
import { setupIntentRoutes } from './payments/setup-intents.ts';
import { scheduleVouchers } from './payments/vouchers.ts';
import { watchSessionPayments } from './session-vouchers.ts';
import { webhookEndpointRoutes } from './webhook-endpoints.ts';

function refusal(status: number, message: string, extra: object = {}): Answer {
  return { status, body: { error: { ...extra, message, type: 'invalid_request_error' } } };
}

function keyOf(request: ApiRequest): string | null {
  const authorization = header(request, 'authorization') ?? '';
  if (authorization.startsWith('Bearer ')) return authorization.slice(7);
  if (!authorization.startsWith('Basic ')) return null;
  return Buffer.from(authorization.slice(6), 'base64').toString('utf8').split(':')[0] ?? null;
}

function admit(sandbox: Sandbox, request: ApiRequest): Answer | null {
  const key = keyOf(request);
  if (key === null) {
    const message =
      "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for details.";
    return { ...refusal(401, message), headers: { 'www-authenticate': 'Bearer realm="Stripe"' } };
  }
  if (key !== sandbox.credentials.current().stripe.apiKey) {
    const shown = `${key.slice(0, 8)}${'*'.repeat(Math.max(0, key.length - 12))}${key.slice(-4)}`;
    return refusal(401, `Invalid API Key provided: ${shown}`);
  }
  const version = header(request, 'stripe-version');
  // Only the pinned version has known shapes; answering another as if it were this one would hide a mistake.
  if (version !== null && version !== API_VERSION) {
    return refusal(400, `Invalid Stripe API version: ${version}`, { code: 'invalid_api_version' });
  }
  return null;
}

function faulty(kind: 'status' | 'rate_limited', status: number, retryAfterS: number): Answer {
  if (kind === 'rate_limited') {
    return {
      status: 429,
      headers: { 'stripe-rate-limited-reason': 'global-rate', 'retry-after': String(retryAfterS) },
      body: {
        error: {
          code: 'rate_limit',
          doc_url: 'https://stripe.com/docs/error-codes/rate-limit',
          message:
            'Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.',
          type: 'invalid_request_error',
        },
      },
    };
  }
  const type = status >= 500 ? 'api_error' : 'invalid_request_error';
  return { status, body: { error: { message: 'An unknown error occurred.', type } } };
}

function decorate(answer: Answer, request: ApiRequest): Answer {
  const key = header(request, 'idempotency-key');
  return {
    ...answer,
    headers: {
      'request-id': `req_${base62(14)}`,
      'stripe-version': header(request, 'stripe-version') ?? API_VERSION,
      ...(key === null ? {} : { 'idempotency-key': key }),
      'access-control-expose-headers': 'Request-Id, Stripe-Manage-Version',
      ...answer.headers,
    },
  };
}

export function createStripeApi(stripe: StripeContext): ProviderApi {
  const { sandbox } = stripe;
  scheduleSessionExpiry(stripe);
  scheduleSubscriptions(stripe);
  scheduleVouchers(stripe);
  scheduleDebits(stripe);
  scheduleAftermath(stripe);
  watchPendingUpdates(stripe);
  watchInvoicePayments(stripe);
  watchInvoices(stripe);
  watchSessionPayments(stripe);
  return {
    provider: 'stripe',
    prefix: '/',
    routes: [
      ...customerRoutes(stripe),
      ...productRoutes(stripe),
      ...priceRoutes(stripe),
      ...discountRoutes(stripe),
      ...sessionRoutes(stripe),
      ...subscriptionRoutes(stripe),
      ...scheduleRoutes(stripe),
      ...invoiceRoutes(stripe),
      ...paymentMethodRoutes(stripe),
      ...paymentIntentRoutes(stripe),
      ...setupIntentRoutes(stripe),
      ...refundRoutes(stripe),
      ...disputeRoutes(stripe),
      ...meterRoutes(stripe),
      ...meterEventRoutes(stripe),
      ...portalConfigurationRoutes(stripe),
      ...portalSessionRoutes(stripe),
      ...accountRoutes(stripe),
      ...testClockRoutes(stripe),
      ...v2EventRoutes(stripe),
      ...readingRoutes(stripe),
      ...webhookEndpointRoutes(stripe),
    ],
    admit: (request) => admit(sandbox, request),
    failure: failureAnswer,
    unknownRoute: (request) =>
      refusal(
        404,
        `Unrecognized request URL (${request.method}: ${request.path}). Please see https://stripe.com/docs or we can help at https://support.stripe.com/.`,
      ),
    faulty,
    decorate,
    idempotency: createIdempotency(sandbox),
  };
}

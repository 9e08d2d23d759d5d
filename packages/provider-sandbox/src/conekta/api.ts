import { type Answer, type ApiRequest, header } from '../http/answer.ts';
import type { ProviderApi } from '../http/provider-api.ts';
import { AUTHORIZE_PATH, authorizationRoutes } from './authorizations.ts';
import { chargeRoutes } from './charges.ts';
import { checkoutRoutes } from './checkouts.ts';
import { companyRoutes } from './company.ts';
import type { ConektaContext } from './context.ts';
import { customerAddressRoutes } from './customer-addresses.ts';
import { customerRoutes } from './customers.ts';
import { type Language, failureAnswer, generalFailure, problemAnswer } from './errors.ts';
import { orderLineRoutes } from './order-lines.ts';
import { orderRoutes } from './orders.ts';
import { paymentSourceRoutes } from './payment-sources.ts';
import { portalRoutes } from './portal.ts';
import { refundRoutes, scheduleRefunds } from './refunds.ts';
import { registryRoutes } from './registry.ts';
import { scheduleOrders } from './settlement.ts';
import { cancel, scheduleSubscriptions } from './subscription-cycle.ts';
import { subscribe, subscriptionRoutes } from './subscriptions.ts';
import { tokenRoutes } from './tokens.ts';
import { treasuryRoutes } from './treasury.ts';
import { webhookAndKeyRoutes } from './webhooks.ts';

const VERSION_HEADER = 'application/vnd.conekta-v2.2.0+json';

const languageOf = (request: ApiRequest): Language =>
  header(request, 'accept-language')?.startsWith('en') ? 'en' : 'es';

function keyOf(request: ApiRequest): string | null {
  const authorization = header(request, 'authorization') ?? '';
  if (authorization.startsWith('Bearer ')) return authorization.slice(7);
  if (!authorization.startsWith('Basic ')) return null;
  return Buffer.from(authorization.slice(6), 'base64').toString('utf8').split(':')[0] ?? null;
}

function admit(conekta: ConektaContext, request: ApiRequest): Answer | null {
  // People come there from `next_action` and payment links, without a key.
  if (request.path.startsWith(`${AUTHORIZE_PATH}/`) || request.path.startsWith('/conekta/link/')) return null;
  const language = languageOf(request);
  const key = keyOf(request);
  if (key !== conekta.sandbox.credentials.current().conekta.apiKey) {
    const missing = key === null;
    const debug = missing ? 'Please include your access key in your request.' : 'The access key does not exist.';
    return problemAnswer(
      {
        status: 401,
        type: 'authentication_error',
        code: missing ? 'authentication.missing_key' : 'authentication.invalid_key',
        debug,
        param: '',
        message: { es: 'Acceso no autorizado.', en: 'Unauthorized access.' },
      },
      language,
    );
  }
  if (header(request, 'accept') !== VERSION_HEADER) {
    const debug = `The Accept header must be ${VERSION_HEADER}.`;
    return problemAnswer(
      {
        status: 409,
        type: 'conflict_error',
        code: 'conflict.api_version',
        debug,
        message: { es: 'La versión del API solicitada no es válida.', en: 'The requested API version is not valid.' },
      },
      language,
    );
  }
  return null;
}

export function createConektaApi(conekta: ConektaContext): ProviderApi {
  scheduleOrders(conekta);
  scheduleSubscriptions(conekta);
  scheduleRefunds(conekta);
  const endSubscriptions = (customerId: string): void => {
    for (const subscription of conekta.subscriptions.findBy('customer', customerId))
      cancel(conekta, subscription, null);
  };
  return {
    provider: 'conekta',
    prefix: '/conekta',
    routes: [
      ...subscriptionRoutes(conekta),
      ...customerRoutes(conekta, {
        subscribe: (customerId, body) => void subscribe(conekta, customerId, body),
        endSubscriptions,
      }),
      ...paymentSourceRoutes(conekta),
      ...customerAddressRoutes(conekta),
      ...tokenRoutes(conekta),
      ...orderRoutes(conekta),
      ...orderLineRoutes(conekta),
      ...chargeRoutes(conekta),
      ...refundRoutes(conekta),
      ...checkoutRoutes(conekta),
      ...portalRoutes(conekta),
      ...registryRoutes(conekta),
      ...webhookAndKeyRoutes(conekta),
      ...companyRoutes(conekta),
      ...treasuryRoutes(conekta),
      ...authorizationRoutes(conekta),
    ],
    admit: (request) => admit(conekta, request),
    owns(request) {
      const slug = request.path.split('/').at(-1) ?? '';
      return [conekta.orders.findBy('authorization', slug), conekta.links.findBy('slug', slug)].flat().length > 0;
    },
    failure: (error, request) => failureAnswer(error, languageOf(request)),
    unknownRoute: (request) =>
      problemAnswer(
        {
          status: 404,
          type: 'resource_not_found_error',
          code: 'resource_not_found.path',
          debug: `The path ${request.method} ${request.path} does not exist.`,
          message: { es: 'El recurso no ha sido encontrado.', en: 'The resource was not found.' },
        },
        languageOf(request),
      ),
    faulty(kind, status, retryAfterS, request) {
      if (kind === 'status') return problemAnswer(generalFailure(status, 'Injected fault.'), languageOf(request));
      const answer = problemAnswer(
        {
          status: 429,
          type: 'api_error',
          code: 'api.system.rate_limit',
          debug: 'Too many requests.',
          message: { es: 'Demasiadas peticiones.', en: 'Too many requests.' },
        },
        languageOf(request),
      );
      return { ...answer, headers: { 'retry-after': String(retryAfterS) } };
    },
    decorate: (answer) => ({
      ...answer,
      headers: { 'conekta-media-type': 'conekta-v2.2.0; format=application/json', ...answer.headers },
    }),
  };
}

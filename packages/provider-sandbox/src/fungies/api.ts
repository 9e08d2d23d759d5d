import { type Answer, type ApiRequest, header } from '../http/answer.ts';
import type { ProviderApi } from '../http/provider-api.ts';
import type { FungiesContext } from './context.ts';
import { dashboardRoutes } from './dashboard.ts';
import { discountRoutes } from './discounts.ts';
import { elementRoutes } from './elements.ts';
import { errorAnswer, failureAnswer } from './errors.ts';
import { scheduleSubscriptions } from './lifecycle.ts';
import { offerRoutes } from './offers.ts';
import { paymentRoutes } from './payments.ts';
import { SIGN_IN_PATH } from './portal.ts';
import { productRoutes } from './products.ts';
import { readLink } from './sales.ts';
import { storeRoutes } from './store.ts';
import { subscriptionRoutes } from './subscriptions.ts';
import { userRoutes } from './users.ts';

/** The public key admits; writing takes the secret one too. */
function admit(fungies: FungiesContext, request: ApiRequest): Answer | null {
  if (request.path.startsWith('/fungies/store/')) return null;
  const { publicKey, secretKey } = fungies.sandbox.credentials.current().fungies;
  if (header(request, 'x-fngs-public-key') !== publicKey) return errorAnswer(401, 'Invalid or missing public key');
  if (request.method === 'GET') return null;
  const given = header(request, 'x-fngs-secret-key');
  if (given === null) return errorAnswer(403, 'A secret key is required for this operation');
  return given === secretKey ? null : errorAnswer(401, 'Invalid secret key');
}

/** Store addresses carry no key: whose offer, element or customer they name decides. */
function owns(fungies: FungiesContext, request: ApiRequest): boolean {
  const link = readLink(request.path);
  if (link) return (link.kind === 'offer' ? fungies.offers : fungies.elements).get(link.id) !== undefined;
  const email = request.query.get('email')?.trim().toLowerCase() ?? '';
  return request.path.startsWith(SIGN_IN_PATH) && fungies.users.findBy('email', email).length > 0;
}

function faulty(kind: 'status' | 'rate_limited', status: number, retryAfterS: number): Answer {
  if (kind === 'rate_limited')
    return { ...errorAnswer(429, 'Too many requests'), headers: { 'retry-after': String(retryAfterS) } };
  return errorAnswer(status, 'Injected fault');
}

export function createFungiesApi(fungies: FungiesContext): ProviderApi {
  scheduleSubscriptions(fungies);
  return {
    provider: 'fungies',
    prefix: '/fungies',
    routes: [
      ...userRoutes(fungies),
      ...productRoutes(fungies),
      ...offerRoutes(fungies),
      ...discountRoutes(fungies),
      ...elementRoutes(fungies),
      ...paymentRoutes(fungies),
      ...subscriptionRoutes(fungies),
      ...dashboardRoutes(fungies),
      ...storeRoutes(fungies),
    ],
    admit: (request) => admit(fungies, request),
    owns: (request) => owns(fungies, request),
    failure: failureAnswer,
    unknownRoute: () => errorAnswer(404, 'Not found'),
    faulty,
    decorate: (answer) => answer,
  };
}

import { z } from 'zod';
import type { Card } from '../core/cards.ts';
import type { Route } from '../http/answer.ts';
import { byPathId } from '../http/path-id.ts';
import type { FungiesContext } from './context.ts';
import { invalid, notFound, success } from './errors.ts';
import { isShown, listPage, matchesTerm } from './listing.ts';
import type { User } from './objects.ts';
import { newUser } from './records.ts';
import { showItem, showUser } from './representation.ts';
import { parse } from './validation.ts';

const text = z.string().nullish();
const details = z.object({
  type: z.enum(['individual', 'company']).nullish(),
  firstName: text,
  lastName: text,
  dialCode: text,
  phoneNumber: text,
  address: text,
  addressLine2: text,
  city: text,
  state: text,
  postalCode: text,
  countryCode: z.string().length(2).nullish(),
  companyName: text,
  taxId: text,
});
const fields = {
  password: z.string().min(8).max(72).optional(),
  username: z.string().nullish(),
  internalId: z.string().nullish(),
  billingDetails: details.nullish(),
};
const createBody = z.object({
  email: z.email(),
  ...fields,
  paymentData: z.object({ stripeCustomerId: text, paypalCustomerId: text }).nullish(),
});
const updateBody = z.object({ email: z.email().optional(), ...fields });

/** Stands for whatever the linked provider customer has on file. */
const LINKED_CARD: Card = {
  brand: 'visa',
  last4: '4242',
  bin: '424242',
  expMonth: 12,
  expYear: 2099,
  country: 'US',
  funding: 'credit',
  name: null,
  renewal: 'succeeds',
};

function requireFree(fungies: FungiesContext, email: string, except: User | null): void {
  if (fungies.users.findBy('email', email.toLowerCase()).some((user) => user.id !== except?.id))
    throw invalid('User with this email already exists');
}

function create(fungies: FungiesContext, body: z.output<typeof createBody>): User {
  requireFree(fungies, body.email, null);
  const hasProviderCustomer = Boolean(body.paymentData?.stripeCustomerId ?? body.paymentData?.paypalCustomerId);
  return newUser(fungies, {
    email: body.email,
    username: body.username ?? null,
    internalId: body.internalId ?? null,
    details: body.billingDetails ?? null,
    hasProviderCustomer,
    card: hasProviderCustomer ? LINKED_CARD : null,
  });
}

function update(fungies: FungiesContext, user: User, body: z.output<typeof updateBody>): User {
  if (body.email !== undefined) {
    requireFree(fungies, body.email, user);
    user.email = body.email;
  }
  if (body.username !== undefined) user.username = body.username;
  if (body.internalId !== undefined) user.internalId = body.internalId;
  if (body.billingDetails !== undefined)
    user.details = body.billingDetails === null ? null : { ...user.details, ...body.billingDetails };
  return fungies.users.put(user);
}

function inventory(fungies: FungiesContext, user: User): object[] {
  return fungies.payments
    .findBy('user', user.id)
    .filter(({ type, status }) => status === 'PAID' && (type === 'one_time' || type === 'subscription_initial'))
    .flatMap((payment) => payment.items.map((item) => showItem(fungies, item)));
}

export function userRoutes(fungies: FungiesContext): Route[] {
  const found = byPathId(fungies.users, () => notFound('User'));
  const archiving = (verb: 'archive' | 'unarchive'): Route => ({
    method: 'patch',
    path: `/v0/users/:id/${verb}`,
    operations: [verb === 'archive' ? 'customers.delete' : 'customers.update'],
    handle(request) {
      const user = found(request);
      user.archivedAt = verb === 'archive' ? fungies.now() : null;
      return success({ user: showUser(fungies.users.put(user)) });
    },
  });
  return [
    {
      method: 'get',
      path: '/v0/users/list',
      operations: ['customers.list'],
      handle: (request) =>
        listPage(request, 'users', {
          all: () => fungies.users.all(),
          keep: (doc) => isShown(request, doc) && matchesTerm(request, [doc.email, doc.username, doc.internalId]),
          show: showUser,
        }),
    },
    {
      method: 'post',
      path: '/v0/users/create',
      operations: ['customers.create'],
      handle: (request) => success({ user: showUser(create(fungies, parse(createBody, request))) }),
    },
    {
      method: 'get',
      path: '/v0/users/:id',
      operations: ['customers.get'],
      handle: (request) => success({ user: showUser(found(request)) }),
    },
    {
      method: 'patch',
      path: '/v0/users/:id/update',
      operations: ['customers.update'],
      handle: (request) => success({ user: showUser(update(fungies, found(request), parse(updateBody, request))) }),
    },
    archiving('archive'),
    archiving('unarchive'),
    {
      method: 'get',
      path: '/v0/users/:id/inventory',
      operations: ['customers.inventory'],
      handle: (request) => success({ inventory: inventory(fungies, found(request)) }),
    },
  ];
}

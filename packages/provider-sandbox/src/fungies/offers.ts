import { z } from 'zod';
import { uuid } from '../core/ids.ts';
import type { Route } from '../http/answer.ts';
import { byPathId } from '../http/path-id.ts';
import type { FungiesContext } from './context.ts';
import { invalid, notFound, success } from './errors.ts';
import { isShown, listPage, matches, matchesTerm } from './listing.ts';
import { toMinor } from './money.ts';
import { INTERVALS, type Offer } from './objects.ts';
import { parse, requireBodyId } from './validation.ts';

const interval = z.enum(INTERVALS).nullish();
const count = z.int().min(1).nullish();
const editable = {
  name: z.string().min(1).optional(),
  // Major units; the answer has minor ones.
  price: z.number().min(0).optional(),
  originalPrice: z.number().min(0).nullish(),
  externalId: z.string().nullish(),
  recurringInterval: interval,
  recurringIntervalCount: count,
  trialInterval: interval,
  trialIntervalCount: count,
  limit: count,
  status: z.enum(['ACTIVE', 'DRAFT', 'INACTIVE']).optional(),
};
const createBody = z
  .object({
    ...editable,
    price: z.number().min(0),
    currency: z.string().length(3).toUpperCase(),
    productId: z.string().optional(),
    variantId: z.string().nullish(),
  })
  .refine((body) => body.productId != null || body.variantId != null, 'give productId or variantId');
const updateBody = z.object({ id: z.string(), ...editable });

export function showOffer(offer: Offer): object {
  const { archivedAt: _archivedAt, ...shown } = offer;
  return { object: 'offer', ...shown };
}

/** A plan's id goes in `variantId`, so the product can be found by either. */
function productOf(fungies: FungiesContext, body: z.output<typeof createBody>) {
  const found =
    body.productId === undefined
      ? fungies.products
          .all()
          .find(({ variants, plans }) => [...variants, ...plans].some(({ id }) => id === body.variantId))
      : fungies.products.get(body.productId);
  if (!found) throw invalid('productId: product not found');
  return found;
}

function create(fungies: FungiesContext, body: z.output<typeof createBody>): Offer {
  const product = productOf(fungies, body);
  const { currency } = body;
  return fungies.offers.put({
    id: uuid(),
    internalId: body.externalId ?? null,
    productId: product.id,
    variantId: body.variantId ?? null,
    name: body.name ?? product.name,
    price: toMinor(body.price, currency),
    originalPrice: body.originalPrice == null ? null : toMinor(body.originalPrice, currency),
    currency,
    recurringInterval: body.recurringInterval ?? null,
    recurringIntervalCount: body.recurringInterval == null ? null : (body.recurringIntervalCount ?? 1),
    trialInterval: body.trialInterval ?? null,
    trialIntervalCount: body.trialInterval == null ? null : (body.trialIntervalCount ?? 1),
    limit: body.limit ?? null,
    soldItems: 0,
    status: body.status ?? 'ACTIVE',
    createdAt: fungies.now(),
    archivedAt: null,
  });
}

function update(fungies: FungiesContext, offer: Offer, body: z.output<typeof updateBody>): Offer {
  const { id: _id, price, originalPrice, externalId, ...rest } = body;
  const given = Object.entries(rest).filter(([, value]) => value !== undefined);
  Object.assign(offer, Object.fromEntries(given));
  if (price !== undefined) offer.price = toMinor(price, offer.currency);
  if (originalPrice !== undefined)
    offer.originalPrice = originalPrice === null ? null : toMinor(originalPrice, offer.currency);
  if (externalId !== undefined) offer.internalId = externalId;
  return fungies.offers.put(offer);
}

export function offerRoutes(fungies: FungiesContext): Route[] {
  const found = byPathId(fungies.offers, () => notFound('Offer'));
  return [
    {
      method: 'get',
      path: '/v0/offers/list',
      operations: ['prices.list'],
      handle: (request) =>
        listPage(request, 'offers', {
          all: () => fungies.offers.all(),
          keep: (doc) =>
            isShown(request, doc) &&
            matches(request, { productId: doc.productId }) &&
            matchesTerm(request, [doc.name, doc.internalId]),
          show: showOffer,
        }),
    },
    {
      method: 'post',
      path: '/v0/offers/create',
      operations: ['prices.create'],
      handle: (request) => success({ offer: showOffer(create(fungies, parse(createBody, request))) }),
    },
    {
      method: 'get',
      path: '/v0/offers/:id',
      operations: ['prices.get'],
      handle: (request) => success({ offer: showOffer(found(request)) }),
    },
    {
      method: 'patch',
      path: '/v0/offers/:id/update',
      operations: ['prices.update'],
      handle(request) {
        const offer = found(request);
        const body = parse(updateBody, request);
        requireBodyId(body, request);
        return success({ offer: showOffer(update(fungies, offer, body)) });
      },
    },
    {
      method: 'patch',
      path: '/v0/offers/:id/archive',
      operations: ['prices.update'],
      handle(request) {
        const offer = found(request);
        offer.archivedAt = fungies.now();
        return success({ offer: showOffer(fungies.offers.put(offer)) });
      },
    },
  ];
}

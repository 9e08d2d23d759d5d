import { z } from 'zod';
import { uuid } from '../core/ids.ts';
import type { Route } from '../http/answer.ts';
import { byPathId } from '../http/path-id.ts';
import type { FungiesContext } from './context.ts';
import { invalid, notFound, success } from './errors.ts';
import { listPage, matches, matchesTerm } from './listing.ts';
import { toMinor } from './money.ts';
import type { Discount, Item } from './objects.ts';
import { parse, requireBodyId } from './validation.ts';

const seconds = z.int().positive();
const editable = {
  name: z.string().min(1),
  // Major units when fixed; the answer has minor ones, as a string.
  amount: z.number().positive(),
  discountCode: z.string().min(1),
  // Seconds; the answer has milliseconds.
  validFrom: seconds,
  validUntil: seconds.optional(),
  // To be left out when unlimited: null is refused.
  purchaseLimit: z.int().min(1).optional(),
  includedOffers: z.array(z.string()).optional(),
  excludedOffers: z.array(z.string()).optional(),
  includesAllOffers: z.boolean().optional(),
  currency: z.string().length(3).toUpperCase().optional(),
  status: z.enum(['active', 'inactive']).optional(),
  timezone: z.string().optional(),
};
const createBody = z.object({ type: z.literal('code'), amountType: z.enum(['fixed', 'percentage']), ...editable });
const updateBody = z.object({ id: z.string(), ...z.object(editable).partial().shape });

function showDiscount(discount: Discount): object {
  const { amount, validFromMs, validUntilMs, purchases: _purchases, ...shown } = discount;
  return {
    object: 'discount',
    ...shown,
    type: 'code',
    amount: String(amount),
    validFrom: validFromMs,
    validUntil: validUntilMs,
  };
}

function amountOf(fungies: FungiesContext, kind: Discount['amountType'], amount: number, currency: string | null) {
  if (kind === 'fixed') return toMinor(amount, currency ?? fungies.settings().currency);
  if (amount > 100) throw invalid('amount: must be at most 100');
  return amount;
}

function requireFreeCode(fungies: FungiesContext, code: string): void {
  if (fungies.discounts.findBy('code', code).length > 0) throw invalid('discountCode: already exists');
}

function create(fungies: FungiesContext, body: z.output<typeof createBody>): Discount {
  requireFreeCode(fungies, body.discountCode);
  return fungies.discounts.put({
    id: uuid(),
    name: body.name,
    discountCode: body.discountCode,
    amountType: body.amountType,
    amount: amountOf(fungies, body.amountType, body.amount, body.currency ?? null),
    currency: body.currency ?? null,
    validFromMs: body.validFrom * 1000,
    validUntilMs: body.validUntil === undefined ? null : body.validUntil * 1000,
    purchaseLimit: body.purchaseLimit ?? null,
    purchases: 0,
    includedOffers: body.includedOffers ?? [],
    excludedOffers: body.excludedOffers ?? [],
    includesAllOffers: body.includesAllOffers ?? false,
    status: body.status ?? 'active',
    timezone: body.timezone ?? null,
    createdAt: fungies.now(),
  });
}

function update(fungies: FungiesContext, discount: Discount, body: z.output<typeof updateBody>): Discount {
  const { id: _id, amount, validFrom, validUntil, ...rest } = body;
  if (rest.discountCode !== undefined && rest.discountCode !== discount.discountCode)
    requireFreeCode(fungies, rest.discountCode);
  Object.assign(discount, Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)));
  if (amount !== undefined) discount.amount = amountOf(fungies, discount.amountType, amount, discount.currency);
  if (validFrom !== undefined) discount.validFromMs = validFrom * 1000;
  if (validUntil !== undefined) discount.validUntilMs = validUntil * 1000;
  return fungies.discounts.put(discount);
}

/** What a typed or linked code takes off these items now, or null when it does not apply. */
export function discountFor(
  fungies: FungiesContext,
  code: string,
  items: readonly Item[],
): { discount: Discount; value: number } | null {
  const discount = fungies.discounts.findBy('code', code)[0];
  const now = fungies.now();
  if (discount?.status !== 'active' || now < discount.validFromMs) return null;
  if (discount.validUntilMs !== null && now > discount.validUntilMs) return null;
  if (discount.purchaseLimit !== null && discount.purchases >= discount.purchaseLimit) return null;
  const applies = ({ offerId }: Item): boolean =>
    offerId !== null &&
    !discount.excludedOffers.includes(offerId) &&
    (discount.includesAllOffers || discount.includedOffers.includes(offerId));
  const base = items.filter(applies).reduce((sum, item) => sum + item.value, 0);
  if (base === 0) return null;
  const value =
    discount.amountType === 'fixed' ? Math.min(discount.amount, base) : Math.round((base * discount.amount) / 100);
  return { discount, value };
}

export function discountRoutes(fungies: FungiesContext): Route[] {
  const found = byPathId(fungies.discounts, () => notFound('Discount'));
  return [
    {
      method: 'get',
      path: '/v0/discounts/list',
      operations: ['discounts.list'],
      handle: (request) =>
        listPage(request, 'discounts', {
          all: () => fungies.discounts.all(),
          keep: (doc) => matches(request, { status: doc.status }) && matchesTerm(request, [doc.name, doc.discountCode]),
          show: showDiscount,
        }),
    },
    {
      method: 'post',
      path: '/v0/discounts/create',
      operations: ['discounts.create'],
      handle: (request) => success({ discount: showDiscount(create(fungies, parse(createBody, request))) }),
    },
    {
      method: 'get',
      path: '/v0/discounts/:id',
      operations: ['discounts.get'],
      handle: (request) => success({ discount: showDiscount(found(request)) }),
    },
    {
      method: 'patch',
      path: '/v0/discounts/:id/update',
      operations: ['discounts.update'],
      handle(request) {
        const discount = found(request);
        const body = parse(updateBody, request);
        requireBodyId(body, request);
        return success({ discount: showDiscount(update(fungies, discount, body)) });
      },
    },
    {
      method: 'patch',
      path: '/v0/discounts/:id/archive',
      operations: ['discounts.delete'],
      handle(request) {
        const discount = found(request);
        discount.status = 'inactive';
        return success({ discount: showDiscount(fungies.discounts.put(discount)) });
      },
    },
  ];
}

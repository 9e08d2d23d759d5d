import { z } from 'zod';
import { uuid } from '../core/ids.ts';
import type { Route } from '../http/answer.ts';
import { byPathId } from '../http/path-id.ts';
import type { PolarContext } from './context.ts';
import { notFound, refuse } from './errors.ts';
import { listPage } from './listing.ts';
import type { Discount } from './objects.ts';
import { showDiscount } from './product-object.ts';
import { metadata, organizationId, parse } from './validation.ts';

const money = z.int().min(0).max(999_999_999_999);
const when = z.iso.datetime({ offset: true }).nullish();
const redemptions = z.int().min(1).max(2_147_483_647).nullish();
const editable = {
  name: z.string().min(1),
  code: z
    .string()
    .regex(/^[A-Za-z0-9]{3,256}$/)
    .nullish(),
  starts_at: when,
  ends_at: when,
  max_redemptions: redemptions,
  max_redemptions_per_customer: redemptions,
  duration_in_months: z.int().min(1).max(999).nullish(),
  amount: money.nullish(),
  amounts: z.record(z.string().length(3), money).nullish(),
  currency: z.string().length(3).toLowerCase().nullish(),
  basis_points: z.int().min(1).max(10_000).nullish(),
  products: z.array(z.uuid()).nullish(),
  metadata,
};
const type = z.enum(['fixed', 'percentage']);
const duration = z.enum(['once', 'forever', 'repeating']);
const createBody = z.object({ type, duration, ...editable, organization_id: organizationId });
const updateBody = z.object({ type: type.nullish(), duration: duration.nullish(), ...editable }).partial();

type Change = z.output<typeof updateBody>;

function requireFreeCode(polar: PolarContext, code: string | null | undefined, own: string | null): void {
  const taken = (other: Discount): boolean => other.id !== own && other.code?.toLowerCase() === code?.toLowerCase();
  if (code != null && polar.discounts.all().some(taken))
    throw refuse(['body', 'code'], 'Discount with this code already exists.', code);
}

function requireProducts(polar: PolarContext, ids: readonly string[]): string[] {
  ids.forEach((id, at) => {
    if (!polar.products.get(id)) throw refuse(['body', 'products', at], 'Product does not exist.', id);
  });
  return [...ids];
}

const amountsOf = (body: Change): { amount: number; currency: string; amounts: Record<string, number> } => {
  const amounts = body.amounts ?? { [body.currency ?? 'usd']: body.amount ?? 0 };
  const [currency, amount] = Object.entries(amounts)[0] ?? ['usd', 0];
  return { amount, currency, amounts };
};

function create(polar: PolarContext, body: z.output<typeof createBody>): Discount {
  const missing = (field: string): never => {
    throw refuse(['body', field], 'Field required', body, 'missing');
  };
  if (body.type === 'percentage' && body.basis_points == null) missing('basis_points');
  if (body.type === 'fixed' && body.amount == null && body.amounts == null) missing('amount');
  if (body.duration === 'repeating' && body.duration_in_months == null) missing('duration_in_months');
  requireFreeCode(polar, body.code, null);
  const discount: Discount = {
    id: uuid(),
    created_at: polar.now(),
    modified_at: null,
    type: body.type,
    duration: body.duration,
    ...(body.duration === 'repeating' ? { duration_in_months: body.duration_in_months ?? 1 } : {}),
    ...(body.type === 'percentage' ? { basis_points: body.basis_points ?? 0 } : amountsOf(body)),
    metadata: body.metadata ?? {},
    name: body.name,
    code: body.code ?? null,
    starts_at: body.starts_at ?? null,
    ends_at: body.ends_at ?? null,
    max_redemptions: body.max_redemptions ?? null,
    max_redemptions_per_customer: body.max_redemptions_per_customer ?? null,
    redemptions_count: 0,
    organization_id: polar.organizationId(),
    product_ids: requireProducts(polar, body.products ?? []),
  };
  polar.discounts.put(discount);
  polar.emit('discount.created', showDiscount(polar, discount));
  return discount;
}

function update(polar: PolarContext, discount: Discount, body: Change): Discount {
  requireFreeCode(polar, body.code, discount.id);
  if (body.type != null && body.type !== discount.type)
    throw refuse(['body', 'type'], 'Discount type cannot be changed.', body.type);
  const kept = ['code', 'starts_at', 'ends_at', 'max_redemptions', 'max_redemptions_per_customer'] as const;
  for (const name of kept) if (body[name] !== undefined) Object.assign(discount, { [name]: body[name] });
  if (body.name != null) discount.name = body.name;
  if (body.metadata !== undefined) discount.metadata = body.metadata;
  if (body.products != null) discount.product_ids = requireProducts(polar, body.products);
  if (body.basis_points != null && discount.type === 'percentage') discount.basis_points = body.basis_points;
  if (discount.type === 'fixed' && (body.amount != null || body.amounts != null))
    Object.assign(discount, amountsOf(body));
  discount.modified_at = polar.now();
  polar.discounts.put(discount);
  polar.emit('discount.updated', showDiscount(polar, discount));
  return discount;
}

export function discountRoutes(polar: PolarContext): Route[] {
  const found = byPathId(polar.discounts, notFound);
  const shown = (discount: Discount): object => showDiscount(polar, discount);
  const path = '/v1/discounts/:id';
  return [
    {
      method: 'post',
      path: '/v1/discounts/',
      operations: ['discounts.create'],
      handle: (request) => ({ status: 201, body: shown(create(polar, parse(createBody, request))) }),
    },
    {
      method: 'get',
      path: '/v1/discounts/',
      operations: ['discounts.list'],
      handle(request) {
        const query = request.query.get('query') ?? '';
        // The document says names; the published source also looks at codes, regardless of their case.
        const keep = ({ name, code }: Discount): boolean =>
          name.includes(query) || (code?.toLowerCase().includes(query.toLowerCase()) ?? false);
        return { status: 200, body: listPage(request, polar.discounts.newestFirst(), keep, shown) };
      },
    },
    {
      method: 'get',
      path,
      operations: ['discounts.get'],
      handle: (request) => ({ status: 200, body: shown(found(request)) }),
    },
    {
      method: 'patch',
      path,
      operations: ['discounts.update'],
      handle: (request) => ({ status: 200, body: shown(update(polar, found(request), parse(updateBody, request))) }),
    },
    {
      method: 'delete',
      path,
      operations: ['discounts.delete'],
      handle(request) {
        const discount = found(request);
        polar.discounts.remove(discount.id);
        polar.emit('discount.deleted', shown(discount));
        return { status: 204 };
      },
    },
  ];
}

import { z } from 'zod';
import { uuid } from '../core/ids.ts';
import type { Route } from '../http/answer.ts';
import { byPathId } from '../http/path-id.ts';
import type { FungiesContext } from './context.ts';
import { notFound, success } from './errors.ts';
import { arrayFilter, isShown, listPage, matchesTerm } from './listing.ts';
import type { Facet, Product } from './objects.ts';
import { parse, requireBodyId } from './validation.ts';

const editable = {
  name: z.string().min(1),
  description: z.string().nullish(),
  externalId: z.string().nullish(),
  status: z.enum(['ACTIVE', 'DRAFT', 'INACTIVE']).optional(),
};
const createBody = z.object({ type: z.string().min(1), ...editable });
const updateBody = z.object({ id: z.string(), ...editable }).partial({ name: true });
const facetBody = z.object({ name: z.string().min(1), externalId: z.string().nullish() });

/** Written as `externalId`, read as `internalId`. */
function showProduct(product: Product): object {
  const { id, type, name, description, internalId, status, createdAt, variants, plans } = product;
  return {
    object: 'product',
    id,
    type,
    name,
    description,
    internalId,
    status,
    createdAt,
    variants: variants.map((variant) => ({ object: 'variant', ...variant })),
    plans: plans.map((plan) => ({ object: 'plan', ...plan })),
  };
}

function create(fungies: FungiesContext, body: z.output<typeof createBody>): Product {
  return fungies.products.put({
    id: uuid(),
    type: body.type,
    name: body.name,
    description: body.description ?? null,
    internalId: body.externalId ?? null,
    // Not sold until it is activated.
    status: body.status ?? 'DRAFT',
    createdAt: fungies.now(),
    archivedAt: null,
    variants: [],
    plans: [],
  });
}

function update(fungies: FungiesContext, product: Product, body: z.output<typeof updateBody>): Product {
  if (body.name !== undefined) product.name = body.name;
  if (body.description !== undefined) product.description = body.description;
  if (body.externalId !== undefined) product.internalId = body.externalId;
  if (body.status !== undefined) product.status = body.status;
  return fungies.products.put(product);
}

export function productRoutes(fungies: FungiesContext): Route[] {
  const found = byPathId(fungies.products, () => notFound('Product'));
  const adding = (kind: 'variants' | 'plans'): Route => ({
    method: 'post',
    path: `/v0/products/:id/${kind}/add`,
    operations: ['products.update'],
    handle(request) {
      const product = found(request);
      const { name, externalId } = parse(facetBody, request);
      const facet: Facet = { id: uuid(), name, internalId: externalId ?? null };
      product[kind].push(facet);
      fungies.products.put(product);
      return success({ product: showProduct(product), [kind === 'plans' ? 'plan' : 'variant']: facet });
    },
  });
  return [
    {
      method: 'get',
      path: '/v0/products/list',
      operations: ['products.list'],
      handle(request) {
        const types = arrayFilter(request, 'types');
        return listPage(request, 'products', {
          all: () => fungies.products.all(),
          keep: (doc) =>
            isShown(request, doc) &&
            (types?.includes(doc.type) ?? true) &&
            matchesTerm(request, [doc.name, doc.internalId]),
          show: showProduct,
        });
      },
    },
    {
      method: 'post',
      path: '/v0/products/create',
      operations: ['products.create'],
      handle: (request) => success({ product: showProduct(create(fungies, parse(createBody, request))) }),
    },
    {
      method: 'get',
      path: '/v0/products/:id',
      operations: ['products.get'],
      handle: (request) => success({ product: showProduct(found(request)) }),
    },
    {
      method: 'patch',
      path: '/v0/products/:id/update',
      operations: ['products.update'],
      handle(request) {
        const product = found(request);
        const body = parse(updateBody, request);
        requireBodyId(body, request);
        return success({ product: showProduct(update(fungies, product, body)) });
      },
    },
    {
      method: 'patch',
      path: '/v0/products/:id/archive',
      operations: ['products.delete'],
      handle(request) {
        const product = found(request);
        product.archivedAt = fungies.now();
        return success({ product: showProduct(fungies.products.put(product)) });
      },
    },
    {
      method: 'post',
      path: '/v0/products/:id/duplicate',
      operations: ['products.create'],
      handle(request) {
        const product = found(request);
        const copy = { ...structuredClone(product), id: uuid(), name: `${product.name} (copy)`, internalId: null };
        return success({ product: showProduct(fungies.products.put({ ...copy, createdAt: fungies.now() })) });
      },
    },
    adding('variants'),
    adding('plans'),
  ];
}

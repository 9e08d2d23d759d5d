import { z } from 'zod';
import { uuid } from '../core/ids.ts';
import type { Route } from '../http/answer.ts';
import { byPathId } from '../http/path-id.ts';
import type { PolarContext } from './context.ts';
import { notFound, refuse } from './errors.ts';
import { listPage, oneOf } from './listing.ts';
import { metadata, organizationId, parse } from './validation.ts';

const text = z.string().min(1).optional();
const form = { form_label: text, form_help_text: text, form_placeholder: text };
const range = { ge: z.int().optional(), le: z.int().optional() };
const PROPERTIES = {
  text: z.object({
    ...form,
    textarea: z.boolean().optional(),
    min_length: z.int().min(0).optional(),
    max_length: z.int().min(0).optional(),
  }),
  number: z.object({ ...form, ...range }),
  date: z.object({ ...form, ...range }),
  checkbox: z.object(form),
  select: z.object({
    ...form,
    options: z.array(z.object({ value: z.string().min(1), label: z.string().min(1) })).min(1),
  }),
} as const;

const base = {
  slug: z.string().regex(/^[a-z0-9-_]+$/),
  name: z.string().min(1),
  metadata,
};
type Kind = keyof typeof PROPERTIES;
const variant = <T extends Kind>(type: T) =>
  z.object({ type: z.literal(type), ...base, properties: PROPERTIES[type], organization_id: organizationId });
const changeOf = <T extends Kind>(type: T) =>
  z.object({
    type: z.literal(type),
    metadata,
    slug: base.slug.nullish(),
    name: base.name.nullish(),
    properties: PROPERTIES[type].nullish(),
  });
const createBody = z.discriminatedUnion('type', [
  variant('text'),
  variant('number'),
  variant('date'),
  variant('checkbox'),
  variant('select'),
]);
const updateBody = z.discriminatedUnion('type', [
  changeOf('text'),
  changeOf('number'),
  changeOf('date'),
  changeOf('checkbox'),
  changeOf('select'),
]);

interface CustomField {
  id: string;
  created_at: string;
  modified_at: string | null;
  type: Kind;
  slug: string;
  name: string;
  metadata: Record<string, string | number | boolean>;
  organization_id: string;
  properties: object;
}

/** Questions that a checkout asks; `product-object.ts` shows them with the products they are attached to. */
export function customFieldRoutes(polar: PolarContext): Route[] {
  const fields = polar.sandbox.store.collection<CustomField>('polar/custom_fields');
  const found = byPathId(fields, notFound);
  const requireFree = (slug: string, own: string | null): void => {
    if (fields.all().some((other) => other.slug === slug && other.id !== own))
      throw refuse(['body', 'slug'], 'Custom field with this slug already exists.', slug);
  };
  const create = (body: z.output<typeof createBody>): CustomField => {
    requireFree(body.slug, null);
    const { type, slug, name, properties } = body;
    return fields.put({
      ...{ id: uuid(), created_at: polar.now(), modified_at: null, type, slug, name, properties },
      metadata: body.metadata ?? {},
      organization_id: polar.organizationId(),
    });
  };
  const update = (field: CustomField, body: z.output<typeof updateBody>): CustomField => {
    if (body.type !== field.type)
      throw refuse(['body', 'type'], 'The type of a custom field cannot be changed.', body.type);
    if (body.slug != null) requireFree(body.slug, field.id);
    const given = Object.entries(body).filter(([, value]) => value != null);
    return fields.put(Object.assign(field, Object.fromEntries(given), { modified_at: polar.now() }));
  };
  const path = '/v1/custom-fields/:id';
  return [
    {
      method: 'post',
      path: '/v1/custom-fields/',
      operations: ['custom_fields.create'],
      handle: (request) => ({ status: 201, body: create(parse(createBody, request)) }),
    },
    {
      method: 'get',
      path: '/v1/custom-fields/',
      operations: ['custom_fields.list'],
      handle(request) {
        const query = request.query.get('query')?.toLowerCase() ?? '';
        const keep = (doc: CustomField): boolean =>
          oneOf(request, 'type', doc.type) && `${doc.name} ${doc.slug}`.toLowerCase().includes(query);
        return { status: 200, body: listPage(request, fields.newestFirst(), keep, (doc) => doc) };
      },
    },
    {
      method: 'get',
      path,
      operations: ['custom_fields.get'],
      handle: (request) => ({ status: 200, body: found(request) }),
    },
    {
      method: 'patch',
      path,
      operations: ['custom_fields.update'],
      handle: (request) => ({ status: 200, body: update(found(request), parse(updateBody, request)) }),
    },
    {
      method: 'delete',
      path,
      operations: ['custom_fields.delete'],
      handle: (request) => (fields.remove(found(request).id), { status: 204 }),
    },
  ];
}

import { z } from 'zod';
import { uuid } from '../core/ids.ts';
import type { Route } from '../http/answer.ts';
import { revokeGrant, setGrants, showGrant, syncBenefits, updateGrant } from './benefit-grants.ts';
import type { PolarContext } from './context.ts';
import { failed, notFound, refuse } from './errors.ts';
import { listPage, oneOf } from './listing.ts';
import type { Benefit, BenefitType, Grant, Product } from './objects.ts';
import { metadata, organizationId, parse } from './validation.ts';

const limit = z.int().min(1).max(2_147_483_647);
const licenseKeys = z.object({
  prefix: z.string().nullable().default(null),
  expires: z
    .object({ ttl: z.int().min(1), timeframe: z.enum(['year', 'month', 'day']) })
    .nullable()
    .default(null),
  activations: z.object({ limit, enable_customer_admin: z.boolean() }).nullable().default(null),
  limit_usage: limit.nullable().default(null),
});
const PROPERTIES = {
  custom: z.object({ note: z.string().nullable().default(null) }),
  discord: z.object({ guild_token: z.string(), role_id: z.string(), kick_member: z.boolean() }),
  github_repository: z.object({
    repository_owner: z.string(),
    repository_name: z.string(),
    permission: z.enum(['pull', 'triage', 'push', 'maintain', 'admin']),
  }),
  downloadables: z.object({
    archived: z.record(z.string(), z.boolean()).default({}),
    files: z.array(z.uuid()).min(1),
  }),
  license_keys: licenseKeys,
  meter_credit: z.object({ units: limit, rollover: z.boolean(), meter_id: z.uuid() }),
  feature_flag: z.object({}),
  slack_shared_channel: z.object({
    slack_integration_id: z.uuid(),
    channel_name_template: z.string().min(1).max(80),
    private: z.boolean().default(true),
    welcome_message: z.string().max(4000).nullish(),
    archive_on_revoke: z.boolean().default(true),
    team_invitees: z.array(z.string()).optional(),
  }),
} as const;

const base = {
  description: z.string().min(3).max(42),
  metadata,
  organization_id: organizationId,
  visibility: z.enum(['draft', 'private', 'public']).nullish(),
};
const variant = <T extends BenefitType>(type: T) =>
  z.object({ type: z.literal(type), ...base, properties: PROPERTIES[type] });
const changeOf = <T extends BenefitType>(type: T) =>
  z.object({
    type: z.literal(type),
    metadata,
    description: base.description.nullish(),
    visibility: base.visibility,
    properties: PROPERTIES[type].nullish(),
  });
const createBody = z.discriminatedUnion('type', [
  variant('custom'),
  variant('discord'),
  variant('github_repository'),
  variant('downloadables'),
  variant('license_keys'),
  variant('meter_credit'),
  variant('feature_flag'),
  variant('slack_shared_channel'),
]);
const updateBody = z.discriminatedUnion('type', [
  changeOf('custom'),
  changeOf('discord'),
  changeOf('github_repository'),
  changeOf('downloadables'),
  changeOf('license_keys'),
  changeOf('meter_credit'),
  changeOf('feature_flag'),
  changeOf('slack_shared_channel'),
]);

/** What the properties name must exist, as Polar checks before it saves. */
function checkedProperties(
  polar: PolarContext,
  type: BenefitType,
  properties: Record<string, unknown>,
): Record<string, unknown> {
  if (type === 'meter_credit' && !polar.meters.get(String(properties['meter_id'])))
    throw refuse(['body', 'properties', 'meter_id'], 'Meter not found.', properties['meter_id']);
  if (type === 'downloadables') {
    const missing = (properties['files'] as string[]).find((id) => polar.files.get(id)?.service !== 'downloadable');
    if (missing !== undefined) throw refuse(['body', 'properties', 'files'], 'File not found.', missing);
  }
  // Polar reads the guild out of the bot's signed token; here the token itself stands for it.
  return type === 'discord' ? { guild_id: properties['guild_token'], ...properties } : properties;
}

function create(polar: PolarContext, body: z.output<typeof createBody>): Benefit {
  const benefit = polar.benefits.put({
    id: uuid(),
    created_at: polar.now(),
    modified_at: null,
    type: body.type,
    description: body.description,
    selectable: true,
    deletable: true,
    is_deleted: false,
    organization_id: polar.organizationId(),
    metadata: body.metadata ?? {},
    visibility: body.visibility ?? 'public',
    visibility_configurable: body.type === 'custom' || body.type === 'feature_flag',
    properties: checkedProperties(polar, body.type, body.properties),
  });
  polar.emit('benefit.created', benefit);
  return benefit;
}

function update(polar: PolarContext, benefit: Benefit, body: z.output<typeof updateBody>): Benefit {
  if (body.type !== benefit.type)
    throw refuse(['body', 'type'], 'The type of a benefit cannot be changed.', body.type, 'value_error');
  if (body.description != null) benefit.description = body.description;
  if (body.metadata !== undefined) benefit.metadata = body.metadata;
  if (body.visibility != null) benefit['visibility'] = body.visibility;
  benefit.modified_at = polar.now();
  const changed = body.properties != null;
  if (body.properties != null) {
    const given = checkedProperties(polar, body.type, body.properties);
    if (benefit.type === 'license_keys' && given['prefix'] !== benefit.properties['prefix'])
      throw refuse(['body', 'properties', 'prefix'], 'The prefix cannot be changed.', given['prefix']);
    benefit.properties = given;
  }
  polar.benefits.put(benefit);
  polar.emit('benefit.updated', benefit);
  // Files and roles follow; keys and credits already given stay as they are.
  if (changed && ['downloadables', 'discord', 'github_repository'].includes(benefit.type)) {
    for (const grant of polar.grants.findBy('benefit', benefit.id))
      if (!grant.is_revoked) updateGrant(polar, grant, {});
  }
  return benefit;
}

function remove(polar: PolarContext, benefit: Benefit): void {
  benefit.is_deleted = true;
  for (const grant of polar.grants.findBy('benefit', benefit.id)) revokeGrant(polar, grant);
  for (const product of polar.products.all()) {
    if (!product.benefit_ids.includes(benefit.id)) continue;
    product.benefit_ids = product.benefit_ids.filter((id) => id !== benefit.id);
    polar.products.put(product);
  }
  benefit.modified_at = polar.now();
  polar.benefits.put(benefit);
  polar.emit('benefit.updated', benefit);
}

/** Replaces a product's benefits: those who have it get and lose them at once. */
export function setProductBenefits(polar: PolarContext, product: Product, ids: readonly string[]): void {
  ids.forEach((id, at) => {
    const benefit = polar.benefits.get(id);
    if (!benefit || benefit.is_deleted) throw refuse(['body', 'benefits', at], 'Benefit does not exist.', id);
  });
  product.benefit_ids = [...new Set(ids)];
  product.modified_at = polar.now();
  polar.products.put(product);
  for (const subscription of polar.subscriptions.all())
    if (subscription.product_id === product.id) syncBenefits(polar, subscription);
  for (const order of polar.orders.all()) {
    if (order.product_id !== product.id || order.subscription_id !== null || order.status !== 'paid') continue;
    setGrants(polar, { customerId: order.customer_id, subscriptionId: null, orderId: order.id }, product.benefit_ids);
  }
}

export function benefitRoutes(polar: PolarContext): Route[] {
  const found = (id = ''): Benefit => {
    const benefit = polar.benefits.get(id);
    if (!benefit || benefit.is_deleted) throw notFound();
    return benefit;
  };
  const path = '/v1/benefits/:id';
  const grantKept =
    (request: Parameters<Route['handle']>[0]) =>
    (grant: Grant): boolean =>
      oneOf(request, 'is_granted', grant.is_granted) &&
      oneOf(request, 'customer_id', grant.customer_id) &&
      oneOf(request, 'external_customer_id', polar.customers.get(grant.customer_id)?.external_id);
  return [
    {
      method: 'post',
      path: '/v1/benefits/',
      operations: ['benefits.create'],
      handle: (request) => ({ status: 201, body: create(polar, parse(createBody, request)) }),
    },
    {
      method: 'get',
      path: '/v1/benefits/',
      operations: ['benefits.list'],
      handle(request) {
        const query = request.query.get('query')?.toLowerCase() ?? '';
        const keep = (doc: Benefit): boolean =>
          !doc.is_deleted &&
          oneOf(request, 'type', doc.type) &&
          oneOf(request, 'id', doc.id) &&
          !request.query.getAll('exclude_id').includes(doc.id) &&
          doc.description.toLowerCase().includes(query);
        return { status: 200, body: listPage(request, polar.benefits.newestFirst(), keep, (doc) => doc) };
      },
    },
    {
      method: 'get',
      path,
      operations: ['benefits.get'],
      handle: (request) => ({ status: 200, body: found(request.params['id']) }),
    },
    {
      method: 'patch',
      path,
      operations: ['benefits.update'],
      handle: (request) => ({
        status: 200,
        body: update(polar, found(request.params['id']), parse(updateBody, request)),
      }),
    },
    {
      method: 'delete',
      path,
      operations: ['benefits.delete'],
      handle(request) {
        const benefit = found(request.params['id']);
        if (benefit['deletable'] !== true) throw failed(403, 'NotPermitted', 'This benefit is not deletable.');
        remove(polar, benefit);
        return { status: 204 };
      },
    },
    {
      method: 'get',
      path: `${path}/grants`,
      operations: ['benefits.grants'],
      handle(request) {
        const { id } = found(request.params['id']);
        const grants = polar.grants.findBy('benefit', id).reverse();
        return {
          status: 200,
          body: listPage(request, grants, grantKept(request), (grant) => showGrant(polar, grant)),
        };
      },
    },
    {
      method: 'get',
      path: '/v1/benefit-grants/',
      operations: ['benefit_grants.list'],
      handle: (request) => ({
        status: 200,
        body: listPage(request, polar.grants.newestFirst(), grantKept(request), (grant) => showGrant(polar, grant)),
      }),
    },
  ];
}

import { z } from 'zod';
import { bytes, uuid } from '../core/ids.ts';
import type { Route } from '../http/answer.ts';
import { API_VERSION, type PolarContext } from './context.ts';
import { notFound } from './errors.ts';
import { listPage } from './listing.ts';
import type { Endpoint } from './objects.ts';
import { organizationId, parse } from './validation.ts';

const EVENT_TYPES = [
  ...['checkout.created', 'checkout.updated', 'checkout.expired'],
  ...['customer.created', 'customer.updated', 'customer.deleted', 'customer.state_changed'],
  ...['member.created', 'member.updated', 'member.deleted'],
  ...['customer_seat.assigned', 'customer_seat.claimed', 'customer_seat.revoked'],
  ...['order.created', 'order.updated', 'order.paid', 'order.refunded'],
  ...['subscription.created', 'subscription.updated', 'subscription.active', 'subscription.cycled'],
  ...['subscription.canceled', 'subscription.uncanceled', 'subscription.past_due', 'subscription.revoked'],
  ...['subscription.paused', 'subscription.resumed', 'subscription.migrated'],
  ...['refund.created', 'refund.updated', 'benefit.created', 'benefit.updated'],
  ...['benefit_grant.created', 'benefit_grant.updated', 'benefit_grant.cycled', 'benefit_grant.revoked'],
  ...['product.created', 'product.updated', 'organization.updated'],
  ...['discount.created', 'discount.updated', 'discount.deleted'],
] as const;

const createBody = z.object({
  // The real one wants https and a public address; a stand-in has to reach this machine.
  url: z.url().max(2083),
  name: z.string().nullish(),
  format: z.enum(['raw', 'discord', 'slack']),
  events: z.array(z.enum(EVENT_TYPES)),
  api_version: z.enum(['2026-04', '2026-10', '2027-01']).nullish(),
  organization_id: organizationId,
});
const updateBody = createBody.partial().extend({ enabled: z.boolean().nullish() });

const newSecret = (): string => `whsec_${bytes(32).toString('base64')}`;

export function webhookEndpointRoutes(polar: PolarContext): Route[] {
  const found = (id = ''): Endpoint => {
    const endpoint = polar.endpoints.get(id);
    if (!endpoint) throw notFound();
    return endpoint;
  };
  const path = '/v1/webhooks/endpoints';
  return [
    {
      method: 'post',
      path,
      operations: ['webhooks.create'],
      handle(request) {
        const body = parse(createBody, request);
        const endpoint: Endpoint = {
          id: uuid(),
          created_at: polar.now(),
          modified_at: null,
          url: body.url,
          name: body.name ?? null,
          format: body.format,
          secret: newSecret(),
          organization_id: polar.organizationId(),
          events: body.events,
          enabled: true,
          api_version: body.api_version ?? API_VERSION,
          uses_standard_webhook_signature: true,
        };
        return { status: 201, body: polar.endpoints.put(endpoint) };
      },
    },
    {
      method: 'get',
      path,
      operations: ['webhooks.list'],
      handle: (request) => ({
        status: 200,
        body: listPage(
          request,
          polar.endpoints.newestFirst(),
          () => true,
          (doc) => doc,
        ),
      }),
    },
    {
      method: 'get',
      path: `${path}/:id`,
      operations: ['webhooks.get'],
      handle: (request) => ({ status: 200, body: found(request.params['id']) }),
    },
    {
      method: 'patch',
      path: `${path}/:id`,
      operations: ['webhooks.update'],
      handle(request) {
        const endpoint = found(request.params['id']);
        const given = Object.entries(parse(updateBody, request)).filter(([, value]) => value != null);
        Object.assign(endpoint, Object.fromEntries(given), { modified_at: polar.now() });
        return { status: 200, body: polar.endpoints.put(endpoint) };
      },
    },
    {
      method: 'patch',
      path: `${path}/:id/secret`,
      operations: ['webhooks.reset_secret'],
      handle(request) {
        const endpoint = found(request.params['id']);
        Object.assign(endpoint, {
          secret: newSecret(),
          // Whatever its birth, a secret made now is plain Standard Webhooks.
          uses_standard_webhook_signature: true,
          modified_at: polar.now(),
        });
        return { status: 200, body: polar.endpoints.put(endpoint) };
      },
    },
    {
      method: 'delete',
      path: `${path}/:id`,
      operations: ['webhooks.delete'],
      handle(request) {
        polar.endpoints.remove(found(request.params['id']).id);
        return { status: 204 };
      },
    },
  ];
}

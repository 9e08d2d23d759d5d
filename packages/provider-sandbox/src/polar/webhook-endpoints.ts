import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { uuid } from '../core/ids.ts';
import type { Route } from '../http/answer.ts';
import { API_VERSION, type PolarContext } from './context.ts';
import { notFound } from './errors.ts';
import { listPage } from './listing.ts';
import type { Endpoint } from './objects.ts';
import { organizationId, parse } from './validation.ts';

const createBody = z.object({
  url: z.url(),
  name: z.string().nullish(),
  format: z.enum(['raw', 'discord', 'slack']),
  events: z.array(z.string()),
  api_version: z.string().nullish(),
  organization_id: organizationId,
});
const updateBody = createBody.partial().extend({ enabled: z.boolean().nullish() });

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
          secret: `whsec_${randomBytes(32).toString('base64')}`,
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

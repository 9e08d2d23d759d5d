import { z } from 'zod';
import { base62 } from '../core/ids.ts';
import type { Route } from '../http/answer.ts';
import { API_VERSION, type StripeContext } from './context.ts';
import { noSuch } from './errors.ts';
import { listPage } from './listing.ts';
import { bool, expand, formOf, mergeMetadata, metadata, page, parse, text } from './params.ts';

const createParams = z.strictObject({
  url: z.url(),
  enabled_events: z.array(text).min(1),
  api_version: text.optional(),
  connect: text.optional(),
  description: text.optional(),
  expand,
  metadata: metadata.optional(),
});

const updateParams = z.strictObject({
  url: z.url().optional(),
  enabled_events: z.array(text).min(1).optional(),
  disabled: bool.optional(),
  description: text.optional(),
  expand,
  metadata: metadata.optional(),
});

export function webhookEndpointRoutes(stripe: StripeContext): Route[] {
  return [
    {
      method: 'post',
      path: '/v1/webhook_endpoints',
      operations: ['webhooks.create'],
      handle(request) {
        const params = parse(createParams, formOf(request));
        const secret = `whsec_${base62(32)}`;
        const { sharedSecret: _hidden, ...endpoint } = stripe.webhookEndpoints.put({
          id: `we_1${base62(23)}`,
          object: 'webhook_endpoint',
          api_version: params.api_version ?? API_VERSION,
          application: null,
          created: stripe.now(),
          description: params.description ?? null,
          enabled_events: params.enabled_events,
          livemode: false,
          metadata: mergeMetadata({}, params.metadata),
          status: 'enabled',
          url: params.url,
          sharedSecret: secret,
        });
        return { status: 200, body: { ...endpoint, secret } };
      },
    },
    {
      method: 'get',
      path: '/v1/webhook_endpoints',
      operations: ['webhooks.list'],
      handle(request) {
        const list = listPage(
          stripe.webhookEndpoints.newestFirst(),
          '/v1/webhook_endpoints',
          parse(z.strictObject(page), formOf(request)),
        );
        return {
          status: 200,
          body: { ...list, data: list.data.map(({ sharedSecret: _hidden, ...endpoint }) => endpoint) },
        };
      },
    },
    {
      method: 'get',
      path: '/v1/webhook_endpoints/:id',
      operations: ['webhooks.get'],
      handle(request) {
        const id = request.params['id'] ?? '';
        const found = stripe.webhookEndpoints.get(id);
        if (!found) throw noSuch('webhook endpoint', id, 'webhook_endpoint');
        const { sharedSecret: _hidden, ...endpoint } = found;
        return { status: 200, body: endpoint };
      },
    },
    {
      method: 'post',
      path: '/v1/webhook_endpoints/:id',
      operations: ['webhooks.update'],
      handle(request) {
        const id = request.params['id'] ?? '';
        const found = stripe.webhookEndpoints.get(id);
        if (!found) throw noSuch('webhook endpoint', id, 'webhook_endpoint');
        const params = parse(updateParams, formOf(request));
        found.url = params.url ?? found.url;
        found.enabled_events = params.enabled_events ?? found.enabled_events;
        if (params.disabled !== undefined) found.status = params.disabled ? 'disabled' : 'enabled';
        if (params.description !== undefined) found['description'] = params.description;
        const { sharedSecret: _hidden, ...endpoint } = stripe.webhookEndpoints.put(found);
        return { status: 200, body: endpoint };
      },
    },
    {
      method: 'delete',
      path: '/v1/webhook_endpoints/:id',
      operations: ['webhooks.delete'],
      handle(request) {
        const id = request.params['id'] ?? '';
        if (!stripe.webhookEndpoints.get(id)) throw noSuch('webhook endpoint', id, 'webhook_endpoint');
        stripe.webhookEndpoints.remove(id);
        return { status: 200, body: { id, object: 'webhook_endpoint', deleted: true } };
      },
    },
  ];
}

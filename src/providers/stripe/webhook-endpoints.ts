import { z } from 'zod';
import type { WebhookEndpoint, WebhookEndpointOperations } from '../port-records.ts';
import type { StripeApi } from './client.ts';
import { API_VERSION } from './api-version.ts';
import { SUBSCRIBED } from './event-table.ts';
import { everyItem } from './page.ts';
import { listOf } from './wire.ts';

const endpoint = z.object({ id: z.string(), url: z.string(), status: z.string() });

/** The secret is told once, when the endpoint is made. Its version is pinned: it decides what events look like. */
export function createStripeWebhookEndpoints(api: StripeApi): WebhookEndpointOperations {
  return {
    async list() {
      const found = await everyItem(api, {
        operation: 'webhook_endpoints.list',
        reply: listOf(endpoint),
        budget: api.budget(),
        send: (stripe, page, options) => stripe.webhookEndpoints.list(page, options),
      });
      return found.map(mapEndpoint);
    },
    /** Without a key: its answer would be told again of an endpoint that was removed since, with a secret of no use. */
    async create({ url }) {
      const created = await api.call({
        operation: 'webhook_endpoints.create',
        reply: endpoint.extend({ secret: z.string() }),
        budget: api.budget(),
        send: (stripe, options) =>
          stripe.webhookEndpoints.create({ url, enabled_events: [...SUBSCRIBED], api_version: API_VERSION }, options),
      });
      return { endpoint: mapEndpoint(created), credentials: { STRIPE_WEBHOOK_SECRET: created.secret } };
    },
    async remove(id) {
      await api.find({
        operation: 'webhook_endpoints.remove',
        reply: z.unknown(),
        budget: api.budget(),
        send: (stripe, options) => stripe.webhookEndpoints.del(id, options),
      });
    },
  };
}

function mapEndpoint(found: z.output<typeof endpoint>): WebhookEndpoint {
  return { providerEndpointId: found.id, url: found.url, isActive: found.status === 'enabled' };
}

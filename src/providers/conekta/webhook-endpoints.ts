import type { z } from 'zod';
import type { JsonApi } from '../json-api.ts';
import type { WebhookEndpoint, WebhookEndpointOperations } from '../port-records.ts';
import { readAll } from './paging.ts';
import { UNDERSTOOD } from './webhook.ts';
import { conektaWebhookEndpoint, conektaWebhookEndpointPage, conektaWebhookKey } from './wire.ts';

/** At most ten endpoints per environment; addresses with `localhost` or `127.0.0.1` are refused by Conekta. */
export function createConektaWebhookEndpoints(api: JsonApi): WebhookEndpointOperations {
  const all = () =>
    readAll(
      api,
      { operation: 'webhookEndpoints.list', path: '/webhooks', reply: conektaWebhookEndpointPage },
      api.budget(),
    );
  return {
    list: async () => (await all()).map(mapEndpoint),
    /**
     * The key comes first, so that nothing is ever sent under a key that nobody has. Conekta shows a public key at its
     * creation only; which of several keys signs is undocumented, so the one before stays valid with us.
     */
    async create({ url }) {
      const known = (await all()).find((endpoint) => endpoint.url === url);
      const key = await api.call({
        operation: 'webhookKeys.create',
        method: 'POST',
        path: '/webhook_keys',
        body: { active: true },
        reply: conektaWebhookKey,
      });
      const endpoint =
        known ??
        (await api.call({
          operation: 'webhookEndpoints.create',
          method: 'POST',
          path: '/webhooks',
          body: { url, subscribed_events: UNDERSTOOD },
          reply: conektaWebhookEndpoint,
        }));
      return { endpoint: mapEndpoint(endpoint), credentials: { CONEKTA_WEBHOOK_PUBLIC_KEY: key.public_key } };
    },
    async remove(id) {
      await api.find({
        operation: 'webhookEndpoints.remove',
        method: 'DELETE',
        path: `/webhooks/${encodeURIComponent(id)}`,
        reply: conektaWebhookEndpoint,
      });
    },
  };
}

function mapEndpoint(endpoint: z.output<typeof conektaWebhookEndpoint>): WebhookEndpoint {
  return { providerEndpointId: endpoint.id, url: endpoint.url, isActive: endpoint.active ?? true };
}

import { z } from 'zod';
import { OutcomeUnknownError } from '../failures.ts';
import type { JsonApi } from '../json-api.ts';
import type { WebhookEndpoint, WebhookEndpointOperations } from '../port-records.ts';
import { POLAR_VERSION } from './client.ts';
import { readAll } from './paging.ts';
import { SUBSCRIBED_EVENTS } from './webhook-events.ts';
import { polarWebhookEndpoint } from './wire.ts';

type PolarWebhookEndpoint = z.output<typeof polarWebhookEndpoint>;

/** The key of the secret in the environment and in a project's record. */
const SECRET_KEY = 'POLAR_WEBHOOK_SECRET';

export function createPolarWebhookEndpoints(api: JsonApi): WebhookEndpointOperations {
  return {
    list: async () => (await listEndpoints(api)).map(mapEndpoint),
    /** One endpoint per URL; asked again, it tells the one that is there, for Polar shows the secret every time. */
    async create({ url }) {
      const found = (await listEndpoints(api)).find((endpoint) => endpoint.url === url && endpoint.enabled);
      const endpoint = found ?? (await createEndpoint(api, url));
      if (endpoint.secret == null) {
        throw new OutcomeUnknownError('api_error', {
          provider: 'polar',
          status: 201,
          providerCode: 'unreadable_answer',
          param: 'secret',
        });
      }
      return { endpoint: mapEndpoint(endpoint), credentials: { [SECRET_KEY]: endpoint.secret } };
    },
    async remove(id) {
      await api.find({
        operation: 'webhook_endpoints.remove',
        method: 'DELETE',
        path: `/v1/webhooks/endpoints/${encodeURIComponent(id)}`,
        reply: z.unknown(),
      });
    },
  };
}

async function listEndpoints(api: JsonApi): Promise<readonly PolarWebhookEndpoint[]> {
  return readAll(api, {
    operation: 'webhook_endpoints.list',
    path: '/v1/webhooks/endpoints',
    item: polarWebhookEndpoint,
  });
}

async function createEndpoint(api: JsonApi, url: string): Promise<PolarWebhookEndpoint> {
  return api.call({
    operation: 'webhook_endpoints.create',
    method: 'POST',
    path: '/v1/webhooks/endpoints',
    // The version of what is sent is the endpoint's own, independent of our request header.
    body: { url, format: 'raw', events: SUBSCRIBED_EVENTS, api_version: POLAR_VERSION },
    reply: polarWebhookEndpoint,
  });
}

function mapEndpoint({ id, url, enabled }: PolarWebhookEndpoint): WebhookEndpoint {
  return { providerEndpointId: id, url, isActive: enabled };
}

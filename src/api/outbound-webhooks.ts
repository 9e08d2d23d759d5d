import { z } from 'zod';
import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject } from 'zod-openapi';
import { eventTypes, testEventType, type ToldEventType } from '../domain/events.ts';
import { eventData } from './schemas/event-data.ts';
import { eventEnvelope } from './schemas/outbound.ts';

const types: readonly ToldEventType[] = [...eventTypes, testEventType];
const dataOf = new Map<string, z.ZodType>(Object.entries(eventData));

/** The `webhooks` of the OpenAPI document: what the relay posts to endpoints, one entry per type. */
export function describeOutboundWebhooks(): ZodOpenApiPathsObject {
  return Object.fromEntries(types.map((type) => [type, { post: describe(type) }]));
}

function describe(type: ToldEventType): ZodOpenApiOperationObject {
  const data = dataOf.get(type.split('.')[0] ?? '');
  const shape = { type: z.literal(type), ...(data && { data }) };
  return {
    operationId: `on${type
      .split(/[._]/)
      .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
      .join('')}`,
    summary: `\`${type}\``,
    tags: ['Events'],
    requestParams: {
      header: z.object({
        'webhook-id': z.string(),
        'webhook-timestamp': z.string(),
        'webhook-signature': z.string(),
      }),
    },
    requestBody: {
      required: true,
      content: { 'application/json': { schema: z.object({ ...eventEnvelope.shape, ...shape }) } },
    },
    responses: {
      '2XX': { description: 'Taken. Any other answer is followed by another attempt.' },
      '410': { description: 'Nothing more, please: the endpoint is disabled.' },
    },
  };
}

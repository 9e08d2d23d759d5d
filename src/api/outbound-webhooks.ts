import { z } from 'zod';
import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject } from 'zod-openapi';
import { eventTypes, testEventType, type ToldEventType } from '../domain/events.ts';
import { invoice } from './schemas/invoice.ts';
import { eventEnvelope } from './schemas/outbound.ts';
import { subscription } from './schemas/subscription.ts';

const types: readonly ToldEventType[] = [...eventTypes, testEventType];
/** What `data` is, by the first word of the type, where a route answers with the very same. */
const dataOf: Readonly<Record<string, z.ZodType>> = { subscription, invoice };

/** The `webhooks` of the OpenAPI document: what the relay posts to endpoints, one entry per type. */
export function describeOutboundWebhooks(): ZodOpenApiPathsObject {
  return Object.fromEntries(types.map((type) => [type, { post: describe(type) }]));
}

function describe(type: ToldEventType): ZodOpenApiOperationObject {
  const data = dataOf[type.split('.')[0] ?? ''];
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

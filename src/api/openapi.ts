import { z } from 'zod';
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi';
import { errorPages } from './error-codes.ts';
import { httpStatus } from './errors.ts';
import { describeOutboundWebhooks } from './outbound-webhooks.ts';
import { listOperations, type Operation } from './operations.ts';
import { problem } from './schemas/common.ts';

const everyKeyed = ['unauthorized', 'insufficient_scope', 'card_data_refused', 'rate_limited', 'internal_error'];
const everyBody = ['invalid_json', 'body_too_large', 'validation_failed'];
const everyIdempotent = ['idempotency_key_invalid', 'idempotency_key_reused', 'idempotency_in_progress'];

export type OpenApiDocument = ReturnType<typeof createDocument>;

/** The OpenAPI 3.1 document, from the very schemas that read requests. */
export function createOpenApi(input: {
  readonly publicUrl: string;
  readonly providerIds: readonly string[];
}): OpenApiDocument {
  const paths: ZodOpenApiPathsObject = {};
  for (const operation of listOperations(input.providerIds))
    paths[operation.path] = { ...paths[operation.path], [operation.method]: describe(operation) };
  return createDocument({
    openapi: '3.1.0',
    info: {
      title: 'Plinto Billing',
      version: '1.0.0',
      description:
        'Checkouts, plans, subscriptions and webhooks over several payment providers. Money is in minor units.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: `${input.publicUrl}/api/v1` }],
    security: [{ key: [] }, { key: [], session: [] }, { userToken: [], publishableKey: [] }],
    paths,
    webhooks: describeOutboundWebhooks(),
    components: {
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'A secret (`sk_…`) or publishable (`pk_…`) key.' },
        session: { type: 'apiKey', in: 'header', name: 'Plinto-Session' },
        userToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        publishableKey: { type: 'apiKey', in: 'header', name: 'Plinto-Key' },
      },
    },
  });
}

function describe(operation: Operation): ZodOpenApiOperationObject {
  const parameters = [...operation.path.matchAll(/\{(\w+)\}/g)].flatMap(([, name]) => (name ? [name] : []));
  return {
    operationId: operationId(operation),
    summary: operation.summary,
    tags: [operation.tag],
    ...(operation.isPublic && { security: [] }),
    requestParams: {
      ...(parameters.length > 0 && {
        path: z.object(Object.fromEntries(parameters.map((name) => [name, z.string()]))),
      }),
      ...(operation.query && { query: operation.query }),
      ...(operation.isIdempotent && { header: z.object({ 'Idempotency-Key': z.string().max(255).optional() }) }),
    },
    ...((operation.body ?? operation.otherBodies) && { requestBody: { required: true, content: bodies(operation) } }),
    responses: { ...answers(operation), ...refusals(operation) },
  };
}

function bodies({ body, otherBodies }: Operation) {
  const content = { ...(body && { 'application/json': body }), ...otherBodies };
  return Object.fromEntries(Object.entries(content).map(([type, schema]) => [type, { schema }]));
}

function answers(operation: Operation) {
  return Object.fromEntries(
    Object.entries(operation.answers).map(([status, { description, schema, contentType = 'application/json' }]) => [
      status,
      { description, content: { [contentType]: { schema } } },
    ]),
  );
}

/** One response per status, naming its codes. */
function refusals(operation: Operation) {
  const codes = [
    ...(operation.isPublic ? [] : everyKeyed),
    ...(operation.body ? everyBody : []),
    ...(operation.query ? ['validation_failed'] : []),
    ...(operation.isIdempotent ? everyIdempotent : []),
    ...operation.refusals,
  ];
  const byStatus = new Map<string, string[]>();
  for (const code of new Set(codes)) {
    const page = errorPages[code];
    if (!page) continue;
    const status = String(page.status ?? httpStatus[page.kind]);
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, names]) => [
      status,
      {
        description: names.map((name) => `\`${name}\``).join(', '),
        content: { 'application/problem+json': { schema: problem } },
      },
    ]),
  );
}

function operationId({ method, path }: Operation): string {
  const words = path.split(/[^A-Za-z]+/).filter((word) => word !== '');
  return method + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

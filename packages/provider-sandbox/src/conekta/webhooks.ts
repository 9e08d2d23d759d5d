import { z } from 'zod';
import { hex } from '../core/ids.ts';
import type { ApiRequest, Route } from '../http/answer.ts';
import type { ConektaContext } from './context.ts';
import { ConektaFailure, invalid, notFound } from './errors.ts';
import { EVENT_TYPES } from './event-types.ts';
import { listPage } from './listing.ts';
import type { Webhook } from './objects.ts';
import { parse } from './validation.ts';

const webhookBody = z.strictObject({
  url: z.url(),
  subscribed_events: z.array(z.string()).optional(),
  synchronous: z.boolean().optional(),
});
const webhookUpdate = z.strictObject({
  url: z.url().optional(),
  subscribed_events: z.array(z.string()).optional(),
  active: z.boolean().optional(),
  synchronous: z.boolean().optional(),
});

const MAX_WEBHOOKS = 10;

/** The real one refuses addresses of the caller's own machine; here they are where everything runs. */
function requireTypes(types: readonly string[] | undefined): void {
  const unknown = types?.find((type) => !EVENT_TYPES.includes(type));
  if (unknown === undefined) return;
  throw invalid(
    'subscribed_events',
    'inclusion',
    `"${unknown}" is not an event type.`,
    `"${unknown}" no es un tipo de evento.`,
  );
}

function createWebhook(conekta: ConektaContext, body: z.output<typeof webhookBody>): Webhook {
  requireTypes(body.subscribed_events);
  if (conekta.webhooks.size >= MAX_WEBHOOKS) {
    throw new ConektaFailure({
      status: 422,
      type: 'parameter_validation_error',
      code: 'parameter_validation.webhooks.limit',
      debug: 'At most 10 webhooks per environment.',
      message: { es: 'Se permiten 10 webhooks por ambiente.', en: 'At most 10 webhooks per environment.' },
    });
  }
  const webhook: Webhook = {
    url: body.url,
    status: 'listening',
    subscribed_events: body.subscribed_events ?? [...EVENT_TYPES],
    synchronous: false,
    id: hex(24),
    object: 'webhook',
    active: true,
    production_enabled: false,
    development_enabled: true,
    livemode: false,
  };
  conekta.webhooks.put(webhook);
  conekta.emit('webhook.created', webhook);
  return webhook;
}

function webhookRoutes(conekta: ConektaContext): Route[] {
  const found = (id = ''): Webhook => {
    const webhook = conekta.webhooks.get(id);
    if (!webhook) throw notFound('Webhook', id);
    return webhook;
  };
  return [
    {
      method: 'post',
      path: '/webhooks',
      operations: ['webhooks.create'],
      handle: (request) => ({ status: 200, body: createWebhook(conekta, parse(webhookBody, request)) }),
    },
    {
      method: 'get',
      path: '/webhooks',
      operations: ['webhooks.list'],
      handle: (request) => ({
        status: 200,
        body: listPage(
          request,
          conekta.webhooks.newestFirst(),
          conekta.sandbox.publicUrl(),
          () => true,
          (doc) => doc,
        ),
      }),
    },
    {
      method: 'get',
      path: '/webhooks/:id',
      operations: ['webhooks.get'],
      handle: (request) => ({ status: 200, body: found(request.params['id']) }),
    },
    {
      method: 'put',
      path: '/webhooks/:id',
      operations: ['webhooks.update'],
      handle(request) {
        const body = parse(webhookUpdate, request);
        requireTypes(body.subscribed_events);
        const webhook = conekta.webhooks.put(Object.assign(found(request.params['id']), body));
        conekta.emit('webhook.updated', webhook);
        return { status: 200, body: webhook };
      },
    },
    {
      method: 'delete',
      path: '/webhooks/:id',
      operations: ['webhooks.delete'],
      handle(request) {
        const webhook = found(request.params['id']);
        conekta.webhooks.remove(webhook.id);
        conekta.emit('webhook.deleted', webhook);
        return { status: 200, body: webhook };
      },
    },
    {
      method: 'post',
      path: '/webhooks/:id/test',
      operations: ['webhooks.test'],
      handle(request) {
        const webhook = found(request.params['id']);
        ping(conekta);
        return { status: 200, body: webhook };
      },
    },
  ];
}

function ping(conekta: ConektaContext): void {
  const id = hex(24);
  const body = JSON.stringify({
    data: { action: 'ping', livemode: false },
    livemode: false,
    webhook_status: 'pending',
    webhook_logs: [],
    id,
    object: 'event',
    type: 'webhook_ping',
    created_at: conekta.now(),
  });
  conekta.sandbox.deliveries.enqueue({ provider: 'conekta', id, type: 'webhook_ping', body });
}

const keyBody = z.strictObject({ active: z.boolean().optional() });

function keyRoutes(conekta: ConektaContext): Route[] {
  const { credentials } = conekta.sandbox;
  const keys = conekta.webhookKeys;
  const shown = (withKey: boolean): object => {
    const { keyId, publicKey } = credentials.current().conekta;
    return {
      active: keys.get(keyId)?.active ?? true,
      livemode: false,
      created_at: keys.get(keyId)?.created_at ?? conekta.now(),
      deactivated_at: keys.get(keyId)?.deactivated_at ?? null,
      id: keyId,
      object: 'webhook_key',
      ...(withKey ? { public_key: publicKey } : {}),
    };
  };
  const requireKey = (request: ApiRequest): string => {
    const id = request.params['id'] ?? '';
    if (id !== credentials.current().conekta.keyId) throw notFound('WebhookKey', id);
    return id;
  };
  const activate = (id: string, active: boolean): void =>
    void keys.put({
      id,
      active,
      created_at: keys.get(id)?.created_at ?? conekta.now(),
      deactivated_at: active ? null : conekta.now(),
    });
  return [
    {
      method: 'post',
      path: '/webhook_keys',
      operations: ['webhook_keys.create'],
      handle(request) {
        const { active } = parse(keyBody, request);
        credentials.rotate('conekta', 'standard');
        activate(credentials.current().conekta.keyId, active ?? true);
        const { deactivated_at: _never, ...made } = { deactivated_at: null, ...shown(true) };
        return { status: 200, body: made };
      },
    },
    // Reads leave the public key out: it has to be kept when it is made.
    {
      method: 'get',
      path: '/webhook_keys',
      operations: ['webhook_keys.list'],
      handle: () => ({
        status: 200,
        body: { next_page_url: null, previous_page_url: null, has_more: false, object: 'list', data: [shown(false)] },
      }),
    },
    {
      method: 'get',
      path: '/webhook_keys/:id',
      operations: ['webhook_keys.get'],
      handle(request) {
        requireKey(request);
        return { status: 200, body: shown(false) };
      },
    },
    {
      method: 'put',
      path: '/webhook_keys/:id',
      operations: ['webhook_keys.update'],
      handle(request) {
        activate(requireKey(request), parse(keyBody, request).active ?? true);
        return { status: 200, body: shown(false) };
      },
    },
    // One key signs in this sandbox: deleting it makes another take its place.
    {
      method: 'delete',
      path: '/webhook_keys/:id',
      operations: ['webhook_keys.delete'],
      handle(request) {
        requireKey(request);
        const { deactivated_at: _at, ...gone } = { deactivated_at: null, ...shown(false) };
        credentials.rotate('conekta', 'standard');
        return { status: 200, body: { ...gone, deleted: true } };
      },
    },
  ];
}

export function webhookAndKeyRoutes(conekta: ConektaContext): Route[] {
  return [...webhookRoutes(conekta), ...keyRoutes(conekta)];
}

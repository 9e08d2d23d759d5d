import { z } from 'zod';
import { base58, hex } from '../core/ids.ts';
import type { Route } from '../http/answer.ts';
import type { ConektaContext } from './context.ts';
import { ConektaFailure, invalid, notFound } from './errors.ts';
import { EVENT_TYPES } from './event-types.ts';
import { listPage } from './listing.ts';
import type { Plan, Webhook } from './objects.ts';
import { parse } from './validation.ts';

const planBody = z.strictObject({
  name: z.string().min(1),
  amount: z.int().min(1),
  interval: z.enum(['week', 'half_month', 'month', 'year']),
  frequency: z.int().min(1),
  currency: z.enum(['MXN', 'USD']).optional(),
  id: z.string().optional(),
  expiry_count: z.int().min(1).optional(),
  trial_period_days: z.int().min(0).optional(),
  max_retries: z.int().min(3).optional(),
  retry_delay_hours: z.int().min(48).optional(),
});
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

function createPlan(conekta: ConektaContext, body: z.output<typeof planBody>): Plan {
  if (body.id !== undefined && conekta.plans.get(body.id)) {
    throw invalid('id', 'uniqueness', `The plan "${body.id}" already exists.`, `El plan "${body.id}" ya existe.`);
  }
  const plan: Plan = {
    id: body.id ?? `plan_${base58(17)}`,
    livemode: false,
    created_at: conekta.now(),
    name: body.name,
    amount: body.amount,
    currency: body.currency ?? 'MXN',
    interval: body.interval,
    frequency: body.frequency,
    expiry_count: body.expiry_count ?? null,
    trial_period_days: body.trial_period_days ?? null,
    max_retries: body.max_retries ?? null,
    retry_delay_hours: body.retry_delay_hours ?? null,
    object: 'plan',
  };
  conekta.plans.put(plan);
  conekta.emit('plan.created', plan);
  return plan;
}

function planRoutes(conekta: ConektaContext): Route[] {
  return [
    {
      method: 'post',
      path: '/plans',
      operations: ['products.create', 'plans.create'],
      handle: (request) => ({ status: 200, body: createPlan(conekta, parse(planBody, request)) }),
    },
    {
      method: 'get',
      path: '/plans',
      operations: ['products.list', 'plans.list'],
      handle: (request) => ({
        status: 200,
        body: listPage(
          request,
          conekta.plans.newestFirst(),
          conekta.sandbox.publicUrl(),
          (doc) => `${doc.id} ${doc.name}`.includes(request.query.get('search') ?? ''),
          (doc) => doc,
        ),
      }),
    },
    {
      method: 'get',
      path: '/plans/:id',
      operations: ['products.get', 'plans.get'],
      handle(request) {
        const plan = conekta.plans.get(request.params['id'] ?? '');
        if (!plan) throw notFound('Plan', request.params['id'] ?? '');
        return { status: 200, body: plan };
      },
    },
  ];
}

function eventRoutes(conekta: ConektaContext): Route[] {
  const found = (id = '') => {
    const event = conekta.events.get(id);
    if (!event) throw notFound('Event', id);
    return event;
  };
  return [
    {
      method: 'get',
      path: '/events',
      operations: ['events.list'],
      handle: (request) => ({
        status: 200,
        body: listPage(
          request,
          conekta.events.newestFirst(),
          conekta.sandbox.publicUrl(),
          (doc) => {
            const search = request.query.get('search');
            return search === null || JSON.stringify(doc).includes(search);
          },
          (doc) => doc,
        ),
      }),
    },
    {
      method: 'get',
      path: '/events/:id',
      operations: ['events.get'],
      handle: (request) => ({ status: 200, body: found(request.params['id']) }),
    },
    {
      method: 'post',
      path: '/events/:id/resend',
      operations: ['events.resend'],
      handle(request) {
        const event = found(request.params['id']);
        conekta.sandbox.deliveries.enqueue({
          provider: 'conekta',
          id: event.id,
          type: event.type,
          body: JSON.stringify(event),
        });
        return {
          status: 200,
          body: {
            failed_attempts: 0,
            id: `webhl_${base58(17)}`,
            last_attempted_at: conekta.now(),
            last_http_response_status: 0,
            response_data: {},
            url: conekta.sandbox.targets.configured().conekta,
          },
        };
      },
    },
  ];
}

function createWebhook(conekta: ConektaContext, body: z.output<typeof webhookBody>): Webhook {
  if (conekta.webhooks.size >= 10) {
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
        const webhook = Object.assign(found(request.params['id']), parse(webhookUpdate, request));
        return { status: 200, body: conekta.webhooks.put(webhook) };
      },
    },
    {
      method: 'delete',
      path: '/webhooks/:id',
      operations: ['webhooks.delete'],
      handle(request) {
        const webhook = found(request.params['id']);
        conekta.webhooks.remove(webhook.id);
        return { status: 200, body: webhook };
      },
    },
  ];
}

function keyRoutes(conekta: ConektaContext): Route[] {
  const { credentials } = conekta.sandbox;
  const shown = (withKey: boolean): object => {
    const { keyId, publicKey } = credentials.current().conekta;
    return {
      active: true,
      livemode: false,
      created_at: conekta.now(),
      id: keyId,
      object: 'webhook_key',
      ...(withKey ? { public_key: publicKey } : {}),
    };
  };
  return [
    {
      method: 'post',
      path: '/webhook_keys',
      operations: ['webhook_keys.create'],
      handle() {
        credentials.rotate('conekta', 'standard');
        return { status: 200, body: shown(true) };
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
  ];
}

export function registryRoutes(conekta: ConektaContext): Route[] {
  return [...planRoutes(conekta), ...eventRoutes(conekta), ...webhookRoutes(conekta), ...keyRoutes(conekta)];
}

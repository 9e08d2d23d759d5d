import { z } from 'zod';
import { base62 } from '../../core/ids.ts';
import { type ApiRequest, type Route, readJson } from '../../http/answer.ts';
import { byPathId } from '../../http/path-id.ts';
import type { StripeContext } from '../context.ts';
import { invalid, noSuch } from '../errors.ts';
import type { EventDestination, ThinEvent } from '../objects.ts';
import { parse } from '../params.ts';

const createParams = z.strictObject({
  description: z.string().optional(),
  enabled_events: z.array(z.string()).min(1),
  event_payload: z.enum(['snapshot', 'thin']),
  events_from: z.array(z.string()).optional(),
  include: z.array(z.string()).optional(),
  metadata: z.record(z.string(), z.string()).optional(),
  name: z.string().min(1),
  snapshot_api_version: z.string().optional(),
  type: z.literal('webhook_endpoint'),
  webhook_endpoint: z.strictObject({ url: z.url() }),
});
const updateParams = z.strictObject({
  description: z.string().optional(),
  enabled_events: z.array(z.string()).min(1).optional(),
  include: z.array(z.string()).optional(),
  metadata: z.record(z.string(), z.string().nullable()).optional(),
  name: z.string().min(1).optional(),
  webhook_endpoint: z.strictObject({ url: z.url() }).optional(),
});

function bodyOf(request: ApiRequest): unknown {
  try {
    return readJson(request.rawBody);
  } catch {
    throw invalid('Invalid JSON in the request body.', { code: 'invalid_json' });
  }
}

/** The address and the secret are shown only to who asks with `include`. */
function shown({ signingSecret, url, ...destination }: EventDestination, include: readonly string[]): object {
  const endpoint = {
    ...(include.includes('webhook_endpoint.signing_secret') ? { signing_secret: signingSecret } : {}),
    ...(include.includes('webhook_endpoint.url') ? { url } : {}),
  };
  return { ...destination, webhook_endpoint: endpoint };
}

function create(stripe: StripeContext, params: z.output<typeof createParams>): EventDestination {
  const now = stripe.sandbox.clock.nowIso();
  return stripe.eventDestinations.put({
    id: `ed_test_61${base62(38)}`,
    object: 'v2.core.event_destination',
    created: now,
    description: params.description ?? '',
    enabled_events: params.enabled_events,
    event_payload: params.event_payload,
    events_from: params.events_from ?? ['self'],
    livemode: false,
    metadata: params.metadata ?? {},
    name: params.name,
    ...(params.event_payload === 'snapshot' ? { snapshot_api_version: params.snapshot_api_version ?? null } : {}),
    status: 'enabled',
    type: 'webhook_endpoint',
    updated: now,
    signingSecret: `whsec_${base62(32)}`,
    url: params.webhook_endpoint.url,
  });
}

function update(
  stripe: StripeContext,
  destination: EventDestination,
  params: z.output<typeof updateParams>,
): EventDestination {
  const { webhook_endpoint: endpoint, include: _include, metadata, ...fields } = params;
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  Object.assign(destination, Object.fromEntries(given), { updated: stripe.sandbox.clock.nowIso() });
  if (endpoint) destination.url = endpoint.url;
  if (metadata) {
    const before: unknown = destination['metadata'];
    const merged: Record<string, unknown> = { ...(typeof before === 'object' ? before : {}), ...metadata };
    destination['metadata'] = Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null));
  }
  return stripe.eventDestinations.put(destination);
}

const PATH = '/v2/core/event_destinations';
const includesOf = (request: ApiRequest): string[] => [
  ...request.query.getAll('include[]'),
  ...[...request.query].flatMap(([key, value]) => (/^include\[\d+\]$/.test(key) ? [value] : [])),
];

/** Newest first, twenty a page; the next page's address carries the id to go on after. */
function pageOf<T extends { id: string }>(items: T[], request: ApiRequest, show: (item: T) => object): object {
  const limit = Math.min(100, Number(request.query.get('limit') ?? 20));
  const after = request.query.get('page');
  const from = after === null ? 0 : items.findIndex((item) => item.id === after) + 1;
  const data = items.slice(from, from + limit);
  const last = data.at(-1);
  const query = new URLSearchParams(request.query);
  if (last) query.set('page', last.id);
  const next = last && from + limit < items.length ? `${request.path}?${query.toString()}` : null;
  return { data: data.map(show), next_page_url: next, previous_page_url: null };
}

function destinationRoutes(stripe: StripeContext): Route[] {
  const found = byPathId(stripe.eventDestinations, (id) => noSuch('event destination', id, 'id'));
  const toggle = (name: string, status: EventDestination['status']): Route => ({
    method: 'post',
    path: `${PATH}/:id/${name}`,
    operations: [`event_destinations.${name}`],
    handle(request) {
      const destination = found(request);
      destination.status = status;
      return { status: 200, body: shown(stripe.eventDestinations.put(destination), []) };
    },
  });
  return [
    {
      method: 'post',
      path: PATH,
      operations: ['event_destinations.create'],
      handle(request) {
        const params = parse(createParams, bodyOf(request));
        return { status: 200, body: shown(create(stripe, params), params.include ?? []) };
      },
    },
    {
      method: 'get',
      path: PATH,
      operations: ['event_destinations.list'],
      handle: (request) => ({
        status: 200,
        body: pageOf([...stripe.eventDestinations.newestFirst()], request, (item) => shown(item, includesOf(request))),
      }),
    },
    {
      method: 'get',
      path: `${PATH}/:id`,
      operations: ['event_destinations.get'],
      handle: (request) => ({ status: 200, body: shown(found(request), includesOf(request)) }),
    },
    {
      method: 'post',
      path: `${PATH}/:id`,
      operations: ['event_destinations.update'],
      handle(request) {
        const params = parse(updateParams, bodyOf(request));
        return { status: 200, body: shown(update(stripe, found(request), params), params.include ?? []) };
      },
    },
    {
      method: 'delete',
      path: `${PATH}/:id`,
      operations: ['event_destinations.delete'],
      handle(request) {
        const { id } = found(request);
        stripe.eventDestinations.remove(id);
        return { status: 200, body: { id, object: 'v2.core.event_destination' } };
      },
    },
    toggle('enable', 'enabled'),
    toggle('disable', 'disabled'),
    {
      method: 'post',
      path: `${PATH}/:id/ping`,
      operations: ['event_destinations.ping'],
      handle(request) {
        const { id } = found(request);
        stripe.emitThin(
          'v2.core.event_destination.ping',
          { id, type: 'v2.core.event_destination', url: `${PATH}/${id}` },
          null,
        );
        return { status: 200, body: [...stripe.thinEvents.newestFirst()][0] };
      },
    },
  ];
}

/** With its data, which the message itself leaves out; `data` is absent where the type has none. */
function whole({ data, ...event }: ThinEvent): object {
  return data === null ? event : { ...event, data };
}

export function v2EventRoutes(stripe: StripeContext): Route[] {
  return [
    ...destinationRoutes(stripe),
    {
      method: 'get',
      path: '/v2/core/events',
      operations: ['events.list'],
      handle(request) {
        const about = request.query.get('object_id');
        const events = [...stripe.thinEvents.newestFirst()].filter(
          (event) => about === null || event.related_object?.id === about,
        );
        return { status: 200, body: pageOf(events, request, whole) };
      },
    },
    {
      method: 'get',
      path: '/v2/core/events/:id',
      operations: ['events.get'],
      handle(request) {
        const id = request.params['id'] ?? '';
        const event = stripe.thinEvents.get(id);
        if (!event) throw noSuch('event', id, 'id');
        return { status: 200, body: whole(event) };
      },
    },
  ];
}

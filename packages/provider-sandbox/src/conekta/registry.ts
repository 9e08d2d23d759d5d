import { z } from 'zod';
import { base58 } from '../core/ids.ts';
import type { ApiRequest, Route } from '../http/answer.ts';
import type { ConektaContext } from './context.ts';
import { invalid, notFound } from './errors.ts';
import { listPage } from './listing.ts';
import type { ConektaEvent, Plan } from './objects.ts';
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
/** The rest of a plan is fixed for its subscribers. */
const planUpdate = z.strictObject({
  name: z.string().min(1).optional(),
  amount: z.int().min(1).optional(),
  currency: z.enum(['MXN', 'USD']).optional(),
  expiry_count: z.int().min(1).optional(),
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
  conekta.emit('plan.created', showPlan(plan));
  return plan;
}

/** Retry rules are told where the plan has its own. */
function showPlan(plan: Plan): object {
  const { max_retries: retries, retry_delay_hours: hours, ...shown } = plan;
  return {
    ...shown,
    ...(retries === null ? {} : { max_retries: retries }),
    ...(hours === null ? {} : { retry_delay_hours: hours }),
  };
}

function planRoutes(conekta: ConektaContext): Route[] {
  const found = (id = ''): Plan => {
    const plan = conekta.plans.get(id);
    if (!plan) throw notFound('Plan', id);
    return plan;
  };
  return [
    {
      method: 'post',
      path: '/plans',
      operations: ['products.create', 'plans.create'],
      handle: (request) => ({ status: 200, body: showPlan(createPlan(conekta, parse(planBody, request))) }),
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
          showPlan,
        ),
      }),
    },
    {
      method: 'get',
      path: '/plans/:id',
      operations: ['products.get', 'plans.get'],
      handle(request) {
        return { status: 200, body: showPlan(found(request.params['id'])) };
      },
    },
    {
      method: 'put',
      path: '/plans/:id',
      operations: ['products.update', 'plans.update'],
      handle(request) {
        const plan = found(request.params['id']);
        const given = Object.entries(parse(planUpdate, request)).filter(([, value]) => value !== undefined);
        conekta.plans.put(Object.assign(plan, Object.fromEntries(given)));
        conekta.emit('plan.updated', showPlan(plan));
        return { status: 200, body: showPlan(plan) };
      },
    },
    {
      method: 'delete',
      path: '/plans/:id',
      operations: ['products.delete', 'plans.delete'],
      handle(request) {
        const plan = found(request.params['id']);
        conekta.plans.remove(plan.id);
        conekta.emit('plan.deleted', showPlan(plan));
        return { status: 200, body: showPlan(plan) };
      },
    },
  ];
}

function showEvent({ object_id: _objectId, ...event }: ConektaEvent): object {
  return event;
}

/** By any text in it, type and time. */
function eventFilter(request: ApiRequest): (event: ConektaEvent) => boolean {
  const { query } = request;
  const search = query.get('search');
  const type = query.get('type');
  const bound = (name: string, fallback: number): number => Number(query.get(name) ?? fallback);
  const [after, until] = [bound('created_at.gte', 0), bound('created_at.lte', Infinity)];
  return (event) =>
    (type === null || event.type === type) &&
    event.created_at >= after &&
    event.created_at <= until &&
    (search === null || JSON.stringify(event).includes(search));
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
          eventFilter(request),
          showEvent,
        ),
      }),
    },
    {
      method: 'get',
      path: '/events/:id',
      operations: ['events.get'],
      handle: (request) => ({ status: 200, body: showEvent(found(request.params['id'])) }),
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
          body: JSON.stringify(showEvent(event)),
        });
        return {
          status: 200,
          body: {
            failed_attempts: 0,
            id: `webhl_${base58(17)}`,
            last_attempted_at: conekta.now(),
            last_http_response_status: 0,
            response_data: {},
            url: conekta.sandbox.targets.of('conekta', event.type)[0]?.url ?? '',
          },
        };
      },
    },
  ];
}

export function registryRoutes(conekta: ConektaContext): Route[] {
  return [...planRoutes(conekta), ...eventRoutes(conekta)];
}

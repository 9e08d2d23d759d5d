import express, { type Request, type Response, type Router } from 'express';
import { z } from 'zod';
import type { Cashier } from '../cashier.ts';
import { KEPT_KINDS, type Sandbox } from '../context.ts';
import { addDuration } from '../core/duration.ts';
import { faultInput } from '../core/faults.ts';
import { type ProviderId, isProviderId } from '../core/types.ts';
import { readBody } from '../http/body.ts';
import { sendAnswer } from '../http/exchange.ts';
import type { Dispatcher } from '../webhooks/dispatcher.ts';
import { completeCheckout, completeInput } from './complete.ts';

class ControlFailure extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const clockInput = z
  .strictObject({ now: z.iso.datetime({ offset: true }).optional(), advance: z.string().optional() })
  .refine((body) => (body.now === undefined) !== (body.advance === undefined), 'give either `now` or `advance`');
const target = z.url().nullable().optional();
const configInput = z.strictObject({
  webhooks: z.strictObject({ polar: target, conekta: target, stripe: target, fungies: target }),
});
const rotateInput = z.strictObject({ era: z.enum(['legacy', 'standard']).optional() });

export interface ControlDeps {
  sandbox: Sandbox;
  dispatcher: Dispatcher;
  cashiers: Record<ProviderId, Cashier>;
  config: () => object;
}

function parse<T extends z.ZodType>(schema: T, body: unknown): z.output<T> {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  throw new ControlFailure(422, z.prettifyError(result.error));
}

function providerOf(request: Request): ProviderId {
  const provider = request.params['provider'];
  if (isProviderId(provider)) return provider;
  throw new ControlFailure(404, `unknown provider ${String(provider)}`);
}

const paramOf = (request: Request, name: string): string => {
  const value = request.params[name];
  return typeof value === 'string' ? value : '';
};

type Act = (request: Request, body: unknown) => unknown;

function clockOf(sandbox: Sandbox): object {
  const { clock } = sandbox;
  return { now: clock.nowIso(), offset_ms: clock.offsetMs };
}

function moveClock(sandbox: Sandbox, body: unknown): object {
  const { now, advance } = parse(clockInput, body);
  const { clock, agenda } = sandbox;
  const to = now === undefined ? addDuration(clock.nowMs(), advance ?? '') : Date.parse(now);
  if (to === null) throw new ControlFailure(422, `\`advance\` is no ISO 8601 duration: ${String(advance)}`);
  clock.moveTo(to);
  return { ...clockOf(sandbox), ran: agenda.runDue() };
}

function faultRoutes(sandbox: Sandbox): [string, string, Act][] {
  const { faults } = sandbox;
  return [
    ['get', '/faults', () => faults.list()],
    ['post', '/faults', (_request, body) => faults.add(parse(faultInput, body))],
    ['delete', '/faults', () => (faults.clear(), { cleared: true })],
    [
      'delete',
      '/faults/:id',
      (request) => {
        const id = paramOf(request, 'id');
        if (!faults.remove(id)) throw new ControlFailure(404, `no fault ${id}`);
        return { id, deleted: true };
      },
    ],
  ];
}

function deliveryRoutes({ sandbox, dispatcher }: ControlDeps): [string, string, Act][] {
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  return [
    [
      'get',
      '/deliveries',
      ({ query }) =>
        sandbox.deliveries
          .list({
            ...(text(query['provider']) === undefined ? {} : { provider: text(query['provider']) ?? '' }),
            ...(text(query['type']) === undefined ? {} : { type: text(query['type']) ?? '' }),
            ...(text(query['status']) === undefined ? {} : { status: text(query['status']) ?? '' }),
            ...(text(query['event_id']) === undefined ? {} : { eventId: text(query['event_id']) ?? '' }),
          })
          .map(({ secret: _secret, next_attempt_at: next, ...delivery }) => ({
            ...delivery,
            next_attempt_at: next === null ? null : new Date(next).toISOString(),
          })),
    ],
    [
      'post',
      '/deliveries/:id/resend',
      (request) => {
        const delivery = sandbox.deliveries.get(paramOf(request, 'id'));
        if (!delivery) throw new ControlFailure(404, `no delivery ${paramOf(request, 'id')}`);
        dispatcher.resend(delivery);
        return { id: delivery.id, resent: true };
      },
    ],
  ];
}

function stateRoutes({ sandbox, cashiers, config }: ControlDeps): [string, string, Act][] {
  return [
    ['get', '/config', () => ({ ...config(), webhooks: sandbox.targets.configured() })],
    [
      'post',
      '/config',
      (_request, body) => {
        const { webhooks } = parse(configInput, body);
        const given = Object.entries(webhooks).filter(([, url]) => url !== undefined);
        sandbox.targets.configure(Object.fromEntries(given) as Partial<Record<ProviderId, string | null>>);
        return { ...config(), webhooks: sandbox.targets.configured() };
      },
    ],
    [
      'get',
      '/ledger',
      ({ query }) => sandbox.ledger.entries(isProviderId(query['provider']) ? query['provider'] : undefined),
    ],
    [
      'get',
      '/requests',
      ({ query }) => sandbox.requests.list(isProviderId(query['provider']) ? query['provider'] : undefined),
    ],
    ['get', '/clock', () => clockOf(sandbox)],
    ['post', '/clock', (_request, body) => moveClock(sandbox, body)],
    [
      'post',
      '/reset',
      () => {
        sandbox.store.clear(KEPT_KINDS);
        sandbox.agenda.forget();
        sandbox.clock.reset();
        return { reset: true };
      },
    ],
    [
      'post',
      '/checkouts/:provider/:id/complete',
      (request, body) => {
        const cashier = cashiers[providerOf(request)];
        const id = paramOf(request, 'id');
        if (!cashier.find(id)) throw new ControlFailure(404, `no checkout ${id} at ${cashier.provider}`);
        return completeCheckout(sandbox, cashier, id, parse(completeInput, body));
      },
    ],
    [
      'get',
      '/objects/:provider/:kind',
      (request) => sandbox.store.rows(`${providerOf(request)}/${paramOf(request, 'kind')}`),
    ],
    [
      'post',
      '/webhook-secrets/:provider/rotate',
      (request, body) => sandbox.credentials.rotate(providerOf(request), parse(rotateInput, body).era ?? 'standard'),
    ],
  ];
}

function isAdmin(sandbox: Sandbox, request: Request): boolean {
  return request.headers.authorization === `Bearer ${sandbox.credentials.current().adminToken}`;
}

function answer(response: Response, status: number, body: unknown): void {
  sendAnswer(response, { status, body });
}

export function createControlRouter(deps: ControlDeps): Router {
  const { sandbox } = deps;
  const router = express.Router();
  router.get('/health', (_request, response) => answer(response, 200, { status: 'ok', now: sandbox.clock.nowIso() }));
  router.use((request, response, next) => {
    if (isAdmin(sandbox, request)) return next();
    answer(response, 401, { error: 'the admin token is missing or wrong' });
  });
  for (const [method, path, act] of [...stateRoutes(deps), ...faultRoutes(sandbox), ...deliveryRoutes(deps)]) {
    router[method as 'get' | 'post' | 'delete'](path, async (request, response) => {
      try {
        const raw = await readBody(request);
        const result = act(request, raw.length === 0 ? {} : (JSON.parse(raw.toString('utf8')) as unknown));
        sandbox.store.commit();
        answer(response, 200, result);
      } catch (error) {
        if (error instanceof ControlFailure) return answer(response, error.status, { error: error.message });
        if (error instanceof SyntaxError) return answer(response, 400, { error: 'the body is not JSON' });
        answer(response, 500, { error: error instanceof Error ? error.message : String(error) });
      }
    });
  }
  router.use((request, response) =>
    answer(response, 404, { error: `no control endpoint ${request.method} ${request.path}` }),
  );
  return router;
}

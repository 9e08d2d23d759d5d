import { setTimeout as sleep } from 'node:timers/promises';
import type { Request, Response } from 'express';
import type { Sandbox } from '../context.ts';
import { type FaultSubject, fieldReader } from '../core/fault-conditions.ts';
import type { Fault } from '../core/faults.ts';
import type { Answer, ApiRequest, Route } from './answer.ts';
import { readBody } from './body.ts';
import type { ProviderApi } from './provider-api.ts';

const HOLD_MS = 60_000;

export function toApiRequest(request: Request, rawBody: Buffer): ApiRequest {
  const url = new URL(request.originalUrl, 'http://sandbox.invalid');
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  const params: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.params)) {
    if (value !== undefined) params[name] = Array.isArray(value) ? value.join('/') : value;
  }
  return {
    method: request.method,
    path: url.pathname,
    params,
    query: url.searchParams,
    search: url.search,
    headers,
    rawBody,
    ip: request.socket.remoteAddress ?? '127.0.0.1',
  };
}

export function sendAnswer(response: Response, answer: Answer): void {
  if (response.destroyed || response.headersSent) return;
  response.status(answer.status);
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
  const { body } = answer;
  if (body === undefined) {
    response.setHeader('content-length', '0');
    response.end();
    return;
  }
  const isText = typeof body === 'string' || Buffer.isBuffer(body);
  if (!response.hasHeader('content-type')) {
    response.setHeader('content-type', isText ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8');
  }
  const payload = isText ? body : JSON.stringify(body);
  response.setHeader('content-length', Buffer.byteLength(payload));
  response.end(payload);
}

/** Never answers: the client's own time-out has to end it; after a minute the socket goes. */
async function holdOpen(request: Request): Promise<void> {
  const { socket } = request;
  await Promise.race([
    new Promise<void>((resolve) => socket.once('close', resolve)),
    sleep(HOLD_MS, undefined, { ref: false }),
  ]);
  socket.destroy();
}

function breakJson(answer: Answer): Answer {
  const whole = JSON.stringify(answer.body ?? {});
  return {
    status: 200,
    headers: { ...answer.headers, 'content-type': 'application/json; charset=utf-8' },
    body: whole.slice(0, Math.max(1, Math.floor(whole.length / 2))),
  };
}

function work(api: ProviderApi, route: Route, request: ApiRequest): Answer {
  try {
    return route.handle(request);
  } catch (error) {
    return api.failure(error, request);
  }
}

function faultAnswer(api: ProviderApi, faults: readonly Fault[], request: ApiRequest): Answer | null {
  const limited = faults.find((fault) => fault.kind === 'rate_limited');
  if (limited) return api.faulty('rate_limited', 429, limited.retry_after_s ?? 1, request);
  return failure(api, faults, 'status', request);
}

function failure(
  api: ProviderApi,
  faults: readonly Fault[],
  kind: 'status' | 'status_after_work',
  request: ApiRequest,
): Answer | null {
  const failed = faults.find((fault) => fault.kind === kind);
  return failed ? api.faulty('status', failed.status ?? 500, failed.retry_after_s ?? 0, request) : null;
}

/** Everything is done, and the caller hears that it failed. */
function workAndTell(api: ProviderApi, route: Route, faults: readonly Fault[], request: ApiRequest): Answer {
  const answer = work(api, route, request);
  return failure(api, faults, 'status_after_work', request) ?? answer;
}

function subjectOf({ account }: Sandbox, { path, headers, rawBody }: ApiRequest): FaultSubject {
  return { account, path, field: fieldReader(headers['content-type'] ?? '', rawBody.toString('utf8')) };
}

/** One provider request: admission, faults, idempotency, the work itself, the answer. */
export function createExchange(sandbox: Sandbox, api: ProviderApi, route: Route) {
  return async (incoming: Request, response: Response): Promise<void> => {
    const request = toApiRequest(incoming, await readBody(incoming));
    const send = (answer: Answer): void => {
      sandbox.store.commit();
      sendAnswer(response, api.decorate(answer, request));
    };
    const refused = api.admit(request);
    if (refused) return send(refused);

    const operations = typeof route.operations === 'function' ? route.operations(request) : route.operations;
    const faults = sandbox.faults.drawRequest(api.provider, operations, subjectOf(sandbox, request));
    const struck = (kind: Fault['kind']): boolean => faults.some((fault) => fault.kind === kind);
    if (struck('reset')) return void incoming.socket.destroy();
    if (struck('timeout_before_work')) return holdOpen(incoming);

    const known = api.idempotency?.begin(request) ?? null;
    if (known) return send(known);
    const latencyMs = faults.reduce(
      (sum, fault) => sum + (fault.kind === 'latency' ? (fault.latency_ms ?? 100) : 0),
      0,
    );
    if (latencyMs > 0) await sleep(latencyMs);

    const injected = faultAnswer(api, faults, request);
    const answer = injected ?? workAndTell(api, route, faults, request);
    api.idempotency?.finish(request, answer);
    sandbox.store.commit();
    if (struck('timeout_after_work')) return holdOpen(incoming);
    send(struck('malformed') ? breakJson(answer) : answer);
  };
}

import type { z } from 'zod';
import { OutcomeUnknownError } from '../../../../src/providers/failures.ts';
import type { JsonApi, JsonCall } from '../../../../src/providers/json-api.ts';
import { isPolarMissing, polarErrorOf } from '../../../../src/providers/polar/errors.ts';

export interface FakeReply {
  /** `lost`: the answer never comes. */
  readonly status: number | 'lost';
  readonly json?: unknown;
}

export interface FakeRequest {
  /** `POST /v1/refunds/` */
  readonly route: string;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: Readonly<Record<string, unknown>> | null;
  readonly headers: Readonly<Record<string, string>>;
}

type Route = FakeReply | ((request: FakeRequest) => FakeReply);

export const ok = (json?: unknown): FakeReply => ({ status: 200, json });
export const page = (...items: readonly unknown[]): FakeReply =>
  ok({ items, pagination: { total_count: items.length, max_page: items.length === 0 ? 0 : 1 } });
export const refusal = (status: number, error: string): FakeReply => ({ status, json: { error, detail: error } });
export const missing = refusal(404, 'ResourceNotFound');
export const invalid = (...faults: readonly { loc: readonly (string | number)[]; type: string }[]): FakeReply => ({
  status: 422,
  json: { error: 'PolarRequestValidationError', detail: faults.map((fault) => ({ msg: 'no', ...fault })) },
});

/**
 * The adapter's HTTP side with scripted answers: what is sent is kept, what is answered goes through the adapter's own
 * schemas and error table. A route nobody scripted fails the test.
 */
export function fakePolar(routes: Readonly<Record<string, Route>>): {
  readonly api: JsonApi;
  readonly requests: FakeRequest[];
  readonly sent: () => readonly FakeRequest[];
} {
  const requests: FakeRequest[] = [];
  const answer = <Schema extends z.ZodType>(call: JsonCall<Schema>) => {
    const route = `${call.method} ${call.path}`;
    const request = { route, query: call.query ?? {}, body: call.body ?? null, headers: call.headers ?? {} };
    requests.push(request);
    const scripted = routes[route];
    if (!scripted) throw new Error(`nobody scripted ${route}`);
    const reply = typeof scripted === 'function' ? scripted(request) : scripted;
    if (reply.status === 'lost')
      throw new OutcomeUnknownError('timeout', { provider: 'polar', status: null, providerCode: 'timeout' });
    return { status: reply.status, headers: {}, text: reply.json === undefined ? '' : JSON.stringify(reply.json) };
  };
  const read = <Schema extends z.ZodType>(reply: ReturnType<typeof answer>, call: JsonCall<Schema>) => {
    if (reply.status > 299) throw polarErrorOf(reply);
    return call.reply.parse(reply.text === '' ? undefined : JSON.parse(reply.text));
  };
  const api: JsonApi = {
    call: async (call) => read(answer(call), call),
    async find(call) {
      const reply = answer(call);
      return isPolarMissing(reply) ? null : read(reply, call);
    },
    budget: () => ({ remainingMs: () => 1_000 }),
  };
  return { api, requests, sent: () => requests.filter(({ route }) => !route.startsWith('GET ')) };
}

import { CliFailure, exitCodes } from './failure.ts';
import { isObject, listAt, parseJson, textAt, type Json, type JsonObject } from './json.ts';
import type { Target } from './target.ts';

export type WriteMethod = 'POST' | 'PUT' | 'PATCH' | 'DELETE';
export type Query = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** As every list of the API is. */
export type Page = { readonly data: readonly Json[]; readonly next_cursor: string | null };

export interface Api {
  readonly target: Target;
  /** @param path Below the base path. */
  get(path: string, query?: Query): Promise<Json>;
  /** `/readyz` and its like: any status is an answer. */
  look(path: string): Promise<{ readonly status: number; readonly body: Json }>;
  /** Safe to repeat: a request whose answer was lost is sent again under the same key, which has no second effect. */
  write(method: WriteMethod, path: string, body: Json | undefined, idempotencyKey: string): Promise<Json>;
  /** Pages until there are `limit` rows; null: all. */
  list(path: string, query: Query, limit: number | null, cursor?: string): Promise<Page>;
  /** A file, as it comes. */
  download(path: string, query?: Query): Promise<Response>;
}

export interface ApiParts {
  readonly target: Target;
  readonly fetch: typeof fetch;
  readonly sleep: (ms: number) => Promise<void>;
  readonly interrupted: AbortSignal;
  readonly userAgent: string;
}

interface Sending {
  readonly method: 'GET' | WriteMethod;
  readonly url: string;
  readonly body?: Json | undefined;
  readonly idempotencyKey?: string;
}

const basePath = '/api/v1';
const answerWithinMs = 60_000;
const tries = 3;
const pageSize = 100;

/**
 * The HTTP API. Every call throws {CliFailure}: `refused` for a 4xx, with the API's own code and what to do about it;
 * `unreachable` for no answer and for a 5xx, after three tries.
 */
export function createApi(parts: ApiParts): Api {
  const urlOf = (path: string, query: Query = {}) => {
    const url = new URL(`${parts.target.apiUrl}${basePath}${path}`);
    for (const [name, value] of Object.entries(query))
      if (value !== null && value !== undefined) url.searchParams.set(name, String(value));
    return url.href;
  };
  const get = async (path: string, query: Query = {}) =>
    jsonOf(await send(parts, { method: 'GET', url: urlOf(path, query) }));
  return {
    target: parts.target,
    get,
    async look(path) {
      const response = await attempt(parts, { method: 'GET', url: `${parts.target.apiUrl}${path}` });
      return { status: response.status, body: parseJson(await response.text()) ?? null };
    },
    async write(method, path, body, idempotencyKey) {
      const response = await send(parts, { method, url: urlOf(path), body, idempotencyKey });
      return response.status === 204 ? null : jsonOf(response);
    },
    async list(path, query, limit, cursor) {
      const data: Json[] = [];
      for (let next: string | null = cursor ?? null; ;) {
        const left = limit === null ? pageSize : Math.min(pageSize, limit - data.length);
        const page = await get(path, { ...query, limit: left, cursor: next });
        data.push(...listAt(page, 'data'));
        next = textAt(page, 'next_cursor');
        if (next === null || (limit !== null && data.length >= limit)) return { data, next_cursor: next };
      }
    },
    download: (path, query) => send(parts, { method: 'GET', url: urlOf(path, query) }),
  };
}

/** Tries again what may be tried again: a reading always, a write under its key. */
async function send(parts: ApiParts, sending: Sending): Promise<Response> {
  for (let nth = 1; ; nth += 1) {
    try {
      const response = await attempt(parts, sending);
      if (response.ok) return response;
      throw await refusalOf(response, sending);
    } catch (error) {
      const waitMs = nth < tries && error instanceof CliFailure ? patienceFor(error, nth) : null;
      if (waitMs === null || parts.interrupted.aborted) throw error;
      await parts.sleep(waitMs);
      if (parts.interrupted.aborted) throw error;
    }
  }
}

async function attempt(parts: ApiParts, { method, url, body, idempotencyKey }: Sending): Promise<Response> {
  const { target, userAgent, interrupted } = parts;
  try {
    return await parts.fetch(url, {
      method,
      headers: {
        authorization: `Bearer ${target.apiKey}`,
        'user-agent': userAgent,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      // A key is not carried to where an answer points.
      redirect: 'error',
      signal: AbortSignal.any([interrupted, AbortSignal.timeout(answerWithinMs)]),
    });
  } catch (error) {
    if (interrupted.aborted) throw interruption(idempotencyKey ?? null);
    throw unreachable(target, causeOf(error), idempotencyKey ?? null);
  }
}

/** @returns how long to wait before the next try; null: there is none. */
function patienceFor(failure: CliFailure, nth: number): number | null {
  if (failure.code === 'connection_refused') return null;
  const asked = failure.problem?.['retry_after_s'];
  const mayRepeat =
    failure.exitCode === exitCodes.unreachable || ['rate_limited', 'idempotency_in_progress'].includes(failure.code);
  if (!mayRepeat) return null;
  return typeof asked === 'number' ? Math.min(10_000, asked * 1_000) : 400 * nth ** 2;
}

/** What the API said, in its own words; a proxy's page is not quoted. */
async function refusalOf(response: Response, { idempotencyKey }: Sending): Promise<CliFailure> {
  const read = parseJson(await response.text().catch(() => ''));
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
  const isProblem = isObject(read) && typeof read['code'] === 'string';
  const isOurs = response.status < 500;
  const problem: JsonObject = {
    ...(isProblem && read),
    ...{ status: response.status, ...(Number.isFinite(retryAfter) && { retry_after_s: retryAfter }) },
  };
  const exitCode = isOurs ? exitCodes.refused : exitCodes.unreachable;
  if (!isProblem)
    return new CliFailure({
      ...{ exitCode, code: `http_${response.status}`, problem, idempotencyKey: idempotencyKey ?? null },
      detail: `What answered is not Plinto Billing's API: HTTP ${response.status} without a problem document.`,
      fix: 'Look whether the address is the API’s, and what stands between.',
    });
  return new CliFailure({
    ...{ exitCode, code: textAt(read, 'code') ?? '', problem, fix: textAt(read, 'fix') },
    detail: textAt(read, 'detail') ?? `HTTP ${response.status}`,
    idempotencyKey: isOurs ? null : (idempotencyKey ?? null),
  });
}

async function jsonOf(response: Response): Promise<Json> {
  const read = parseJson(await response.text());
  if (read !== undefined) return read;
  throw new CliFailure({
    ...{ exitCode: exitCodes.unreachable, code: 'answer_malformed' },
    detail: 'What answered is not Plinto Billing’s API: it sent no JSON.',
    fix: 'Look whether the address is the API’s.',
  });
}

function unreachable({ apiUrl, source }: Target, cause: string, idempotencyKey: string | null): CliFailure {
  const isRefused = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN'].includes(cause);
  return new CliFailure({
    exitCode: exitCodes.unreachable,
    code: isRefused ? 'connection_refused' : 'no_answer',
    detail: `${apiUrl} cannot be reached (${cause}). The address comes from ${source}.`,
    fix: isRefused ? 'Look whether the address is right and the API runs.' : 'Try again.',
    // Refused connections carried nothing: whatever was asked for has surely not been done.
    idempotencyKey: isRefused ? null : idempotencyKey,
  });
}

export function interruption(idempotencyKey: string | null = null): CliFailure {
  return new CliFailure({
    ...{ exitCode: exitCodes.interrupted, code: 'interrupted', idempotencyKey },
    detail: idempotencyKey === null ? 'Interrupted.' : 'Interrupted before the answer came.',
  });
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = error.cause instanceof Error && 'code' in error.cause ? error.cause.code : undefined;
  if (typeof code === 'string') return code;
  return error.name === 'TimeoutError' ? `no answer within ${answerWithinMs / 1_000} s` : error.message;
}

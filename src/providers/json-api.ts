import type { z } from 'zod';
import type { BillingError } from '../domain/errors.ts';
import { fromTransport, OutcomeUnknownError } from './failures.ts';
import { createTransport, startBudget, type Budget, type HttpReply } from './http.ts';
import type { HttpSettings } from './port.ts';

export interface JsonCall<Schema extends z.ZodType> {
  readonly operation: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  /** An array repeats the key; null leaves it out. */
  readonly query?: Readonly<Record<string, string | number | boolean | readonly string[] | null>>;
  readonly body?: Readonly<Record<string, unknown>>;
  /** For this call only, over the account's own: another bearer, where a route wants a customer's session. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly reply: Schema;
  /** Shared by the calls of one operation; without it the call has the whole time-out. */
  readonly budget?: Budget;
}

export interface JsonApi {
  /** @throws {BillingError} by the provider's error table; OutcomeUnknownError for 5xx, lost and unreadable answers. */
  call<Schema extends z.ZodType>(input: JsonCall<Schema>): Promise<z.output<Schema>>;
  /** The same, but null when the provider says that there is no such object. */
  find<Schema extends z.ZodType>(input: JsonCall<Schema>): Promise<z.output<Schema> | null>;
  budget(): Budget;
}

export interface JsonApiSettings {
  readonly provider: string;
  readonly baseUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly http: HttpSettings;
  /** The provider's table: an answer outside 2xx as the error it means. */
  readonly toError: (reply: HttpReply) => BillingError;
  readonly isMissing: (reply: HttpReply) => boolean;
}

/** JSON over HTTP with bearer credentials, for providers without a usable SDK. Nothing is ever repeated. */
export function createJsonApi(settings: JsonApiSettings): JsonApi {
  const transport = createTransport(settings.http);
  const send = async <Schema extends z.ZodType>(input: JsonCall<Schema>): Promise<HttpReply> => {
    try {
      return await transport.send({
        operation: input.operation,
        method: input.method,
        url: urlOf(settings.baseUrl, input),
        headers: {
          ...settings.headers,
          ...input.headers,
          ...(input.body ? { 'content-type': 'application/json' } : {}),
        },
        body: input.body ? JSON.stringify(input.body) : null,
        timeoutMs: input.budget?.remainingMs() ?? settings.http.timeoutMs,
      });
    } catch (error) {
      throw fromTransport(settings.provider, error);
    }
  };
  const read = <Schema extends z.ZodType>(reply: HttpReply, input: JsonCall<Schema>): z.output<Schema> => {
    if (reply.status < 200 || reply.status > 299) throw settings.toError(reply);
    const parsed = input.reply.safeParse(jsonOf(reply.text));
    if (parsed.success) return parsed.data;
    throw new OutcomeUnknownError('api_error', {
      provider: settings.provider,
      status: reply.status,
      providerCode: 'unreadable_answer',
      param: parsed.error.issues[0]?.path.join('.') ?? null,
    });
  };
  return {
    async call(input) {
      return read(await send(input), input);
    },
    async find(input) {
      const reply = await send(input);
      return settings.isMissing(reply) ? null : read(reply, input);
    },
    budget: () => startBudget(settings.http.timeoutMs),
  };
}

/** The body as JSON; undefined (which no schema of ours accepts) when it is none. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function urlOf(baseUrl: string, input: Pick<JsonCall<z.ZodType>, 'path' | 'query'>): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(input.query ?? {})) {
    if (value === null) continue;
    for (const item of typeof value === 'object' ? value : [value]) query.append(key, String(item));
  }
  const text = query.toString();
  return `${baseUrl.replace(/\/+$/, '')}${input.path}${text === '' ? '' : `?${text}`}`;
}

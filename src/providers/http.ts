import { Agent, request } from 'undici';
import type { HttpSettings } from './port.ts';

/** What came back, body unread by anybody yet. Header names are lower case. */
export interface HttpReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

export interface HttpRequest {
  /** Our name of the call, such as `checkouts.create`. */
  readonly operation: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly timeoutMs: number;
}

/** `not_sent`: the provider surely saw nothing. `timeout`, `lost`: it may have done the work. */
export type TransportFault = 'not_sent' | 'timeout' | 'lost';

export class TransportError extends Error {
  readonly fault: TransportFault;

  constructor(fault: TransportFault, cause: unknown) {
    super(`no answer: ${fault}`, { cause });
    this.name = 'TransportError';
    this.fault = fault;
  }
}

export interface Transport {
  /** One attempt, never repeated. @throws {TransportError} when there is no whole answer in time; what `admit` throws. */
  send(input: HttpRequest): Promise<HttpReply>;
}

/** What one operation of the port may still spend, over all its calls. */
export interface Budget {
  remainingMs(): number;
}

export function startBudget(timeoutMs: number): Budget {
  const end = performance.now() + timeoutMs;
  return { remainingMs: () => Math.max(1, Math.ceil(end - performance.now())) };
}

// Raised before a byte of the request leaves: name resolution, connecting, TLS. Everything else may have been read.
const NOT_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
]);
const TLS_FAULT = /^(CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/;

/** Keep-alive connections, one attempt per call, time-out over connect, headers and body together. */
export function createTransport(http: HttpSettings): Transport {
  const dispatcher = new Agent({ keepAliveTimeout: 10_000, keepAliveMaxTimeout: 60_000, pipelining: 1 });
  return {
    async send(input) {
      await http.admit?.();
      const startedAt = performance.now();
      const report = (outcome: number | TransportFault, retryAfter: string | null = null): void => {
        const durationMs = performance.now() - startedAt;
        http.onCall?.({ operation: input.operation, durationMs, outcome: String(outcome) });
        const isAnswer = typeof outcome === 'number';
        http.observe?.({
          ...{ durationMs, retryAfter },
          ...(isAnswer ? { status: outcome, fault: null } : { status: null, fault: outcome }),
        });
      };
      try {
        const reply = await request(input.url, {
          dispatcher,
          method: input.method,
          headers: input.headers,
          body: input.body,
          signal: AbortSignal.timeout(input.timeoutMs),
        });
        const text = await reply.body.text();
        const headers = flat(reply.headers);
        report(reply.statusCode, headers['retry-after'] ?? null);
        return { status: reply.statusCode, headers, text };
      } catch (cause) {
        const fault = faultOf(cause);
        report(fault);
        throw new TransportError(fault, cause);
      }
    },
  };
}

function faultOf(cause: unknown): TransportFault {
  if (!(cause instanceof Error)) return 'lost';
  if (cause.name === 'TimeoutError' || cause.name === 'AbortError') return 'timeout';
  const parts: readonly unknown[] = cause instanceof AggregateError ? cause.errors : [];
  const codes = [cause, ...parts].map(codeOf);
  if (codes.some((code) => NOT_SENT.has(code) || TLS_FAULT.test(code))) return 'not_sent';
  if (codes.some((code) => code.endsWith('_TIMEOUT'))) return 'timeout';
  return 'lost';
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function flat(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const entries = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name.toLowerCase(), Array.isArray(value) ? value.join(', ') : value] as const],
  );
  return Object.fromEntries(entries);
}

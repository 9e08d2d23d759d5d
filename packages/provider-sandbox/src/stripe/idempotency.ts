import { createHash } from 'node:crypto';
import type { Sandbox } from '../context.ts';
import { type Answer, type ApiRequest, header } from '../http/answer.ts';
import type { Idempotency } from '../http/provider-api.ts';

interface Remembered {
  id: string;
  fingerprint: string;
  answer: { status: number; body: unknown } | null;
  keptUntilMs: number;
}

const DAY_MS = 86_400_000;
// Answered by the edge or by validation before any work: the key stays free.
const NOT_STORED = new Set([429, 502, 503, 504]);

const keyOf = (request: ApiRequest): string | null =>
  request.method === 'POST' ? header(request, 'idempotency-key') : null;

function fingerprintOf(request: ApiRequest): string {
  return createHash('sha256').update(`${request.method} ${request.path}\n`).update(request.rawBody).digest('base64');
}

function idempotencyError(status: number, message: string, code?: string): Answer {
  const type = status === 409 ? 'invalid_request_error' : 'idempotency_error';
  return { status, body: { error: { ...(code === undefined ? {} : { code }), message, type } } };
}

/**
 * The first answer to a POST under a key, 500s included, is replayed for 24 hours. Validation failures (400, 401, 404)
 * and conflicts are not kept; a running first request answers 409; other parameters under the same key 400.
 */
export function createIdempotency(sandbox: Sandbox): Idempotency {
  const remembered = sandbox.store.collection<Remembered>('stripe/idempotency_keys');
  const running = new Map<string, string>();
  let sweepAtMs = 0;

  function sweep(): void {
    if (Date.now() < sweepAtMs) return;
    sweepAtMs = Date.now() + DAY_MS / 24;
    for (const row of remembered.all()) if (row.keptUntilMs < Date.now()) remembered.remove(row.id);
  }

  return {
    begin(request) {
      const key = keyOf(request);
      if (key === null) return null;
      if (key.length > 255) return idempotencyError(400, 'Idempotency keys may be at most 255 characters.');
      sweep();
      const known = remembered.get(key);
      const fingerprint = fingerprintOf(request);
      const earlier = running.get(key) ?? known?.fingerprint;
      if (earlier !== undefined && earlier !== fingerprint) {
        return idempotencyError(
          400,
          `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${key}' if you meant to execute a different request.`,
        );
      }
      if (running.has(key)) {
        return idempotencyError(
          409,
          `There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and the other request is still going through): ${key}. Please try again later.`,
          'idempotency_key_in_use',
        );
      }
      if (known?.answer) {
        const { status, body } = known.answer;
        return { status, body, headers: { 'idempotent-replayed': 'true' } };
      }
      running.set(key, fingerprint);
      return null;
    },
    finish(request, answer) {
      const key = keyOf(request);
      if (key === null) return;
      const fingerprint = running.get(key) ?? fingerprintOf(request);
      running.delete(key);
      const executed = answer.status < 400 || answer.status === 402 || answer.status >= 500;
      if (!executed || NOT_STORED.has(answer.status)) return;
      remembered.put({
        id: key,
        fingerprint,
        answer: { status: answer.status, body: answer.body },
        keptUntilMs: Date.now() + DAY_MS,
      });
    },
    abandon(request) {
      const key = keyOf(request);
      if (key !== null) running.delete(key);
    },
  };
}

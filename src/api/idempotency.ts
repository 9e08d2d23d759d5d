import type { Request } from 'express';
import { newId, type IdPrefix } from '../db/new-id.ts';
import {
  claimKey,
  freeKey,
  readKey,
  storeAnswer,
  takeOverKey,
  type IdempotencyKey,
} from '../db/queries/idempotency.ts';
import type { Db } from '../db/orm.ts';
import { BillingError } from '../domain/errors.ts';
import type { Caller } from './caller.ts';
import { requestHash } from './canonical-json.ts';
import { refusal } from './error-codes.ts';
import { hashSecret } from './keys.ts';
import { statusOf, toProblem } from './errors.ts';

export interface Answer {
  readonly status: number;
  /** null with a 204. */
  readonly body: unknown;
  /** What a repeat is answered instead: the body without the secret that is shown once. Only this is stored. */
  readonly kept?: unknown;
}

export interface IdempotentAnswer extends Answer {
  readonly isReplay: boolean;
}

export interface IdempotentRequest {
  readonly em: Db;
  readonly caller: Caller;
  readonly request: Request;
  readonly body: unknown;
  /** Of the thing that the request makes. */
  readonly prefix: IdPrefix;
  readonly publicUrl: string;
  /**
   * Must be safe to repeat with the same `resourceId`. `isFirst`: this key has never come before. `before`: the 202 that
   * was answered, where nothing but today's state is asked for.
   */
  readonly handle: (resourceId: string, isFirst: boolean, before: Answer | null) => Promise<Answer>;
}

/**
 * Runs a request once per `Idempotency-Key`. The first final answer (2xx or 4xx) is kept for 24 h and replayed; a 202 is
 * answered with today's state; a 5xx frees the key. Without the header it just runs.
 *
 * @throws {BillingError} `idempotency_key_invalid`, `idempotency_key_reused`, `idempotency_in_progress`
 */
export async function runIdempotent(input: IdempotentRequest): Promise<IdempotentAnswer> {
  const sent = idempotencyKeyOf(input.request);
  const resourceId = newId(input.prefix);
  if (sent === null) return { ...(await input.handle(resourceId, false, null)), isReplay: false };
  const { projectId, live, actor: owner } = input.caller;
  // Only its hash is kept: whatever an app takes for a key, a card number even, is not stored.
  const key: IdempotencyKey = { projectId, live, owner, key: hashSecret(sent) };
  const path = `${input.request.baseUrl}${input.request.path}`;
  const hash = requestHash(input.request.method, path, input.body);
  if (await claimKey(input.em, key, { requestHash: hash, resourceId })) return run(input, key, resourceId, true);
  return runAgain(input, key, hash);
}

/** @throws {BillingError} `idempotency_key_invalid` */
export function idempotencyKeyOf(request: Request): string | null {
  const sent = request.get('idempotency-key');
  if (sent === undefined) return null;
  if (/^[\x20-\x7e]{1,255}$/.test(sent)) return sent;
  throw refusal('idempotency_key_invalid', 'An Idempotency-Key has 1 to 255 printable ASCII characters.');
}

async function runAgain(input: IdempotentRequest, key: IdempotencyKey, hash: string): Promise<IdempotentAnswer> {
  const record = await readKey(input.em, key);
  // Freed between the two statements: the first answer was a 5xx.
  if (record === null) throw inProgress();
  if (record.requestHash !== hash)
    throw refusal('idempotency_key_reused', 'This Idempotency-Key came earlier with another request.');
  if (record.response !== null && record.response.status !== 202) return { ...record.response, isReplay: true };
  if (record.response !== null)
    return { ...(await run(input, key, record.resourceId, false, record.response)), isReplay: true };
  if (record.isLocked || !(await takeOverKey(input.em, key))) throw inProgress();
  return run(input, key, record.resourceId, false);
}

async function run(
  input: IdempotentRequest,
  key: IdempotencyKey,
  resourceId: string,
  isFirst: boolean,
  before: Answer | null = null,
): Promise<IdempotentAnswer> {
  try {
    const answer = await input.handle(resourceId, isFirst, before);
    const { status, body, kept = body } = answer;
    await storeAnswer(input.em, key, { status, body: kept });
    return { ...answer, isReplay: false };
  } catch (error) {
    const isFinal = error instanceof BillingError && statusOf(error) < 500 && statusOf(error) !== 429;
    if (isFinal) {
      const body = toProblem(error, input.request, input.publicUrl);
      await storeAnswer(input.em, key, { status: body.status, body });
    } else await freeKey(input.em, key);
    throw error;
  }
}

function inProgress() {
  return refusal('idempotency_in_progress', 'The first request with this Idempotency-Key is still running.', {
    retryAfterMs: 1_000,
  });
}

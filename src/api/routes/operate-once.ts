import type { Request, RequestHandler } from 'express';
import type { IdPrefix } from '../../db/new-id.ts';
import type { Db } from '../../db/orm.ts';
import { sendAnswer } from '../answer.ts';
import type { Caller } from '../caller.ts';
import type { ApiDeps } from '../deps.ts';
import { runIdempotent, type Answer } from '../idempotency.ts';
import { operator, writeOps } from './managed-project.ts';

export interface Operating {
  readonly em: Db;
  readonly caller: Caller;
  readonly request: Request;
  readonly body: unknown;
  /** For what is made; the same again when the first request died before it answered. */
  readonly id: string;
  /** The 202 that a repeat was answered at first: it is done, and only how it stands is asked. */
  readonly before: Answer | null;
}

/**
 * A route that changes something, once per `Idempotency-Key`. Whether the thing is there is `act`'s to say: a repeat is
 * answered what came first, also when the thing has gone since.
 *
 * @param allowed Who may; default: operators with the scope to write. Throws for everybody else.
 */
export function operateOnce(
  deps: ApiDeps,
  prefix: IdPrefix,
  act: (operating: Operating) => Promise<Answer>,
  allowed: (request: Request) => Caller = (request) => operator(request, writeOps),
): RequestHandler {
  return async (request, response) => {
    const caller = allowed(request);
    const em = deps.orm.em.fork();
    const body: unknown = request.body ?? {};
    const answer = await runIdempotent({
      ...{ em, caller, request, body, prefix, publicUrl: deps.settings.publicUrl },
      handle: (id, _isFirst, before) => act({ em, caller, request, body, id, before }),
    });
    sendAnswer(request, response, answer);
  };
}

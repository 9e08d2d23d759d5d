import type { Request, RequestHandler, Response } from 'express';
import type { IdempotentAnswer } from './idempotency.ts';
import { requestIdOf } from './request-id.ts';
import { refusal } from './error-codes.ts';

/** Sends an answer that may be a replay; a replayed refusal is a problem again, under the new request's id. */
export function sendAnswer(request: Request, response: Response, answer: IdempotentAnswer): void {
  if (answer.isReplay) response.set('Idempotent-Replayed', 'true');
  response.status(answer.status);
  if (answer.status === 204) response.end();
  else if (answer.status < 400) response.json(answer.body);
  else {
    const body = typeof answer.body === 'object' ? { ...answer.body, request_id: requestIdOf(request) } : answer.body;
    response.type('application/problem+json').send(JSON.stringify(body));
  }
}

/** The path is right, the method is not. */
export function refuseMethod(...allowed: readonly string[]): RequestHandler {
  return (request, response, next) => {
    response.set('Allow', allowed.join(', '));
    next(refusal('method_not_allowed', `This path does not take ${request.method}.`));
  };
}

/** A path parameter, which Express types as possibly a list. */
export function pathParam(request: Request, name: string): string {
  const value = request.params[name];
  return typeof value === 'string' ? value : '';
}

import { randomUUID } from 'node:crypto';
import type { Request, RequestHandler } from 'express';

const requestIds = new WeakMap<Request, string>();

/** The caller's `X-Request-Id` where it is harmless text, else a new one. */
export function requestIdOf(request: Request): string {
  const known = requestIds.get(request);
  if (known) return known;
  const sent = request.get('x-request-id');
  const id = sent && /^[A-Za-z0-9._-]{1,128}$/.test(sent) ? sent : randomUUID();
  requestIds.set(request, id);
  return id;
}

/** Puts the id on every answer. */
export const echoRequestId: RequestHandler = (request, response, next) => {
  response.set('X-Request-Id', requestIdOf(request));
  next();
};

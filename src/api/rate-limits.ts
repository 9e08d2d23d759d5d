import type { Request, RequestHandler } from 'express';
import { ipKeyGenerator, rateLimit } from 'express-rate-limit';
import { findCaller } from './caller.ts';
import { refusal } from './error-codes.ts';
import { createRateWindow } from './rate-window.ts';

const windowMs = 60_000;

/** Per API key and process; a publishable key is in many browsers, so it counts per address too. */
export function limitPerKey(perMinute: number): RequestHandler {
  return rateLimit({
    windowMs,
    limit: perMinute,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    identifier: 'key',
    keyGenerator: (request) => {
      const caller = findCaller(request);
      if (caller?.kind === 'secret') return caller.keyId;
      return `${caller?.keyId ?? ''}/${addressOf(request)}`;
    },
    handler: (_request, _response, next) => next(tooMany()),
  });
}

/**
 * Guessing keys: only refused attempts count. By hand, for it stands before every request and has nothing to tell: the
 * library counts each one, takes it back when it went well, and was a tenth of a small request's time (2026-11-22).
 */
export function limitGuesses(perMinute: number): RequestHandler {
  const refused = createRateWindow({ limit: perMinute, windowMs });
  return (request, response, next) => {
    const address = addressOf(request);
    if (refused.isUsedUp(address)) return next(tooMany());
    response.on('finish', () => {
      if (response.statusCode === 401) refused.take(address);
    });
    next();
  };
}

/** Guessing license keys: only refused attempts count, per address; the app's own servers do not guess. */
export function limitLicenseGuesses(perMinute: number): RequestHandler {
  return rateLimit({
    windowMs,
    limit: perMinute,
    standardHeaders: false,
    legacyHeaders: false,
    skipSuccessfulRequests: true,
    skip: (request) => findCaller(request)?.kind === 'secret',
    requestWasSuccessful: (_request, response) => response.statusCode !== 404,
    keyGenerator: (request) => addressOf(request),
    handler: (_request, _response, next) => next(tooMany()),
  });
}

/**
 * Whom an address counts as: IPv6 by its network. A server that listens on both families sees IPv4 in IPv6's clothes,
 * which need no parser to take off: it was a twentieth of the time of an access check (2026-11-21).
 */
function addressOf({ ip = '' }: Request): string {
  return ipKeyGenerator(ip.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, ''));
}

function tooMany() {
  return refusal('rate_limited', 'Too many requests.', { retryAfterMs: windowMs });
}

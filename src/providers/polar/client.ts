import { createJsonApi, type JsonApi } from '../json-api.ts';
import type { HttpSettings } from '../port.ts';
import { isPolarMissing, polarErrorOf } from './errors.ts';

/** Frozen by Polar; see README for the calendar. */
export const POLAR_VERSION = '2026-10';

export const POLAR_HOSTS = {
  production: 'https://api.polar.sh',
  sandbox: 'https://sandbox-api.polar.sh',
} as const;

/**
 * Polar's HTTP API. Not through its SDK: SDK 1.0.1 drops the cause of a network failure, so a refused connection
 * (surely nothing done) and a reset after sending (perhaps done) would look alike.
 */
export function createPolarApi(input: {
  readonly accessToken: string;
  readonly baseUrl: string;
  readonly http: HttpSettings;
}): JsonApi {
  return createJsonApi({
    provider: 'polar',
    baseUrl: input.baseUrl,
    headers: {
      authorization: `Bearer ${input.accessToken}`,
      accept: 'application/json',
      'polar-version': POLAR_VERSION,
      'user-agent': 'plinto-billing',
    },
    http: input.http,
    toError: polarErrorOf,
    isMissing: isPolarMissing,
  });
}

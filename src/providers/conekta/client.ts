import { createJsonApi, type JsonApi } from '../json-api.ts';
import type { HttpSettings } from '../port.ts';
import { conektaErrorOf, isConektaMissing } from './errors.ts';

/** Test and live share it: the key picks the mode. */
export const CONEKTA_HOST = 'https://api.conekta.io';

/**
 * Conekta's HTTP API, pinned to the version whose document we have. Not through npm `conekta` 9: it speaks 2.3 and
 * switches TLS verification off by default.
 */
export function createConektaApi(input: {
  readonly apiKey: string;
  readonly baseUrl: string;
  readonly http: HttpSettings;
}): JsonApi {
  return createJsonApi({
    provider: 'conekta',
    baseUrl: input.baseUrl,
    headers: {
      authorization: `Bearer ${input.apiKey}`,
      accept: 'application/vnd.conekta-v2.2.0+json',
      'accept-language': 'es',
      'user-agent': 'plinto-billing',
    },
    http: input.http,
    toError: conektaErrorOf,
    isMissing: isConektaMissing,
  });
}

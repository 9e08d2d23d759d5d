import type { RateLimits } from '../port.ts';
import { POLAR_HOSTS } from './client.ts';

/**
 * 500 calls a minute and organization in production, 100 in its sandbox: burst and refill together stay under that in
 * any minute. A token that was not seen for five minutes begins with 60 a minute, which a burst of 20 fits.
 */
export const polarRateLimits: RateLimits = {
  live: { perSecond: 8, burst: 20 },
  test: { perSecond: 1.5, burst: 10 },
  hosts: Object.values(POLAR_HOSTS),
  source:
    'https://docs.polar.sh/api-reference/introduction (Rate limits), and the server’s own rate-limit rules; read 2026-11',
};

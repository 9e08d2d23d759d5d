import type { RateLimits } from '../port.ts';
import { STRIPE_HOST } from './client.ts';

/**
 * 100 calls a second and account in live mode, 25 in a sandbox: burst and refill together stay under that in any second.
 * Each endpoint takes 25 a second besides; that and limits of single objects are told by a 429.
 */
export const stripeRateLimits: RateLimits = {
  live: { perSecond: 80, burst: 20 },
  test: { perSecond: 20, burst: 5 },
  hosts: [STRIPE_HOST],
  source: 'https://docs.stripe.com/rate-limits; read 2026-11',
};

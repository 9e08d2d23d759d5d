import type { RateLimits } from '../port.ts';
import { FUNGIES_HOSTS } from './client.ts';

/** Unpublished; what public integrations keep to. */
export const fungiesRateLimits: RateLimits = {
  live: { perSecond: 4, burst: 8 },
  test: { perSecond: 4, burst: 8 },
  hosts: Object.values(FUNGIES_HOSTS),
  source: 'unpublished; the spacing of public integrations; read 2026-11',
};

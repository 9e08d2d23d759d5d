import type { RateLimits } from '../port.ts';
import { CONEKTA_HOST } from './client.ts';

export const conektaRateLimits: RateLimits = {
  live: null,
  test: null,
  hosts: [CONEKTA_HOST],
  source: 'unpublished (no page of https://developers.conekta.com names one; looked 2026-11)',
};

import type { ProviderId } from '../core/types.ts';

// Stripe publishes only "up to three days with exponential backoff"; these steps add up to that.
const STRIPE_WAITS_S = [10, 60, 300, 1800, 3600, 7200, 14_400, 21_600, 43_200, 43_200, 43_200, 43_200, 43_200];

/**
 * Milliseconds to wait after the n-th failed attempt (1 = the first), or null when the provider gives up. `chance` is
 * the jitter, from 0 to 1, for the providers that have one.
 * Polar: 10 attempts, 2·2ⁿ to 4·2ⁿ seconds, at most 20 minutes. Conekta: 13 retries doubling over about 24 hours.
 * Fungies: 5 retries; their times are unpublished, so these are ours.
 */
export function retryDelayMs(provider: ProviderId, failures: number, scale: number, chance: number): number | null {
  const seconds = ((): number | null => {
    switch (provider) {
      case 'polar':
        return failures >= 10 ? null : Math.min(2 * 2 ** failures * (1 + chance), 1200);
      case 'conekta':
        return failures > 13 ? null : 10.5 * 2 ** (failures - 1);
      case 'fungies':
        return failures > 5 ? null : 30 * 4 ** (failures - 1);
      case 'stripe':
        return STRIPE_WAITS_S[failures - 1] ?? null;
    }
  })();
  return seconds === null ? null : seconds * 1000 * scale;
}

import type { ErrorPage } from './error-page.ts';

/** Codes of what has to do with providers' health. */
export const providerHealthErrors = {
  provider_breaker_open: {
    kind: 'unavailable',
    title: 'The provider is not asked for the moment',
    meaning: 'The provider has been failing, or an operator holds its breaker open. Nothing was sent.',
    fix: 'It is tried again by itself; `/ops/providers` shows when.',
  },
} as const satisfies Record<string, ErrorPage>;

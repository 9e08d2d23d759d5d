import type { Operation } from './operations.ts';
import { providerHealth, setBreakerBody } from './schemas/provider-health.ts';

/** What operators do about a provider's health; `/ops/providers` shows it. */
export const providerHealthOperations: readonly Operation[] = [
  {
    ...{ method: 'post', path: '/ops/providers/{id}/breaker', tag: 'Operators' },
    summary: 'Take a provider out of service, or back into it',
    body: setBreakerBody,
    answers: { '200': { description: 'Done; every process knows within a second.', schema: providerHealth } },
    refusals: ['provider_not_found', 'provider_account_not_found'],
    isIdempotent: true,
  },
];

import type { HealthView, ProviderHealth } from '../../src/health/provider-health.ts';

const nothingSeen: HealthView = {
  ...{ state: 'closed', calls: 0, failures: 0, openedAt: null, closedAt: null, trialAt: null, held: null },
  ...{ lastFailure: null, lastFailureAt: null, lastSuccessAt: null, rejectedAt: null, budget: null, pausedUntil: null },
};

/** For tests that are not about health: every provider may be called, nothing is counted. */
export const healthy: ProviderHealth = {
  viewOf: () => nothingSeen,
  views: () => [],
  enter: async () => 'go',
  leave: () => undefined,
  http: (_key, { priority: _priority, rateLimit: _rateLimit, ...settings }) => settings,
  move: async () => nothingSeen,
  sync: async () => undefined,
  close: async () => undefined,
};

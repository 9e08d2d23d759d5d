import type { z } from 'zod';
import type { providerHealth } from '../api/schemas/provider-health.ts';
import type { HealthView } from '../health/provider-health.ts';

export function presentHealth(view: HealthView): z.output<typeof providerHealth> {
  const { calls, failures, budget } = view;
  return {
    state: view.state,
    since: view.state === 'closed' ? view.closedAt : view.openedAt,
    held: view.held,
    next_trial_at: view.trialAt,
    calls,
    failures,
    failure_share: calls === 0 ? null : Math.round((failures / calls) * 1_000) / 1_000,
    last_failure: view.lastFailure,
    last_failure_at: view.lastFailureAt,
    last_success_at: view.lastSuccessAt,
    credentials_rejected_at: view.rejectedAt,
    paused_until: view.pausedUntil,
    budget: budget && { per_second: budget.perSecond, burst: budget.burst, left: budget.left },
  };
}

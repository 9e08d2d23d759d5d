import { Gauge } from 'prom-client';
import type { HealthView } from '../health/provider-health.ts';
import type { ApiDeps } from './deps.ts';

const labelNames = ['project', 'mode', 'provider'] as const;
const stateValue = { closed: 0, half_open: 1, open: 2 } satisfies Record<HealthView['state'], number>;

/**
 * Figures of every account's health, read when they are asked for. All processes share the health, so every replica says
 * the same: take the maximum, not the sum.
 */
export function measureProviderHealth({ health, metrics }: Pick<ApiDeps, 'health' | 'metrics'>): void {
  const gauge = (name: string, help: string, valueOf: (view: HealthView) => number | null) =>
    new Gauge({
      ...{ name, help, labelNames, registers: [metrics.registry] },
      collect() {
        this.reset();
        for (const { key, view } of health.views()) {
          const value = valueOf(view);
          const labels = { project: key.projectId, mode: key.live ? 'live' : 'test', provider: key.provider };
          if (value !== null) this.set(labels, value);
        }
      },
    });
  gauge('billing_provider_breaker_state', '0 closed, 1 half open, 2 open.', (view) => stateValue[view.state]);
  gauge('billing_provider_breaker_held', '1 while an operator holds it open.', (view) => (view.held === null ? 0 : 1));
  gauge('billing_provider_failure_share', 'Failed calls of the last ten seconds, 0 to 1.', ({ calls, failures }) =>
    calls === 0 ? 0 : failures / calls,
  );
  gauge('billing_provider_credentials_rejected', '1 while the provider refuses our credentials.', (view) =>
    view.rejectedAt === null ? 0 : 1,
  );
  gauge('billing_provider_paused', '1 while the provider asks to slow down.', (view) =>
    view.pausedUntil === null ? 0 : 1,
  );
  gauge('billing_provider_budget_left', 'Calls that may be made now.', (view) => view.budget?.left ?? null);
}

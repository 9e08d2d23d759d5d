import { isAvailable } from '../../domain/health/breaker.ts';
import type { AccountKey } from '../../domain/provider-account.ts';
import type { DirectOption } from '../../domain/subscription/direct-routing.ts';
import type { ApiDeps } from '../deps.ts';

/** Whether a provider has been failing, as all processes together have seen it; null: it has not. */
export function isFailing(
  { health }: Pick<ApiDeps, 'health'>,
  { projectId, live, provider }: AccountKey,
): DirectOption['whyNot'] {
  if (isAvailable(health.viewOf({ projectId, live, provider }), Date.now())) return null;
  return { reason: 'unavailable', because: 'it has been failing' };
}

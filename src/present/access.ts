import type { AccessAnswer } from '../api/schemas/access.ts';
import type { AccessDecision } from '../domain/entitlement/access.ts';

export function presentAccess(decision: AccessDecision): AccessAnswer {
  return {
    allowed: decision.allowed,
    reason: decision.reason,
    plan: decision.plan,
    limit: decision.limit,
    used: null,
    resets_at: decision.resetsAtMs === null ? null : new Date(decision.resetsAtMs).toISOString(),
    subscription_id: decision.subscriptionId,
  };
}

import type { AccessAnswer } from '../api/schemas/access.ts';
import type { AccessDecision } from '../domain/entitlement/access.ts';
import type { LimitDecision } from '../domain/entitlement/limit.ts';

/** Of a question about anything but a limit. */
export function presentAccess(decision: AccessDecision): AccessAnswer {
  return presentLimit({ ...decision, unit: null, used: null, remaining: null, overage: null });
}

/** Decimals as numbers, which are the nearest there are; `used_exact` is the decimal itself. */
export function presentLimit(decision: LimitDecision): AccessAnswer {
  const { used } = decision;
  return {
    allowed: decision.allowed,
    reason: decision.reason,
    plan: decision.plan,
    limit: decision.limit,
    used: numberOf(used),
    used_exact: used,
    remaining: numberOf(decision.remaining),
    overage: numberOf(decision.overage),
    unit: decision.unit,
    resets_at: decision.resetsAtMs === null ? null : new Date(decision.resetsAtMs).toISOString(),
    subscription_id: decision.subscriptionId,
  };
}

function numberOf(decimal: string | null): number | null {
  return decimal === null ? null : Number(decimal);
}

import { minus, signOf } from '../usage/decimal.ts';
import type { LimitBehavior, WhenUnreadable } from '../usage/meter.ts';
import { decideAccess, type AccessDecision, type EntitlementFact } from './access.ts';

/** The meter that a limit is named by, and what one organization has used of it. */
export interface MeterReading {
  readonly unit: string;
  readonly limitBehavior: LimitBehavior;
  readonly whenUnreadable: WhenUnreadable;
  /** Decimals, by the beginning of what they cover in ms since 1970; null: the meter cannot be read now. */
  readonly usedSince: Readonly<Record<string, string>> | null;
}

/** Quantities are decimals; null where nothing is metered, or the meter cannot be read. */
export interface LimitDecision extends AccessDecision {
  readonly unit: string | null;
  readonly used: string | null;
  /** Of the limit; never below 0. */
  readonly remaining: string | null;
  /** Beyond the limit; never below 0. */
  readonly overage: string | null;
}

/**
 * Whether an organization may use more of something that is limited. What its sources give is one half (`decideAccess`),
 * what it has used in the period of the deciding subscription the other; without such a subscription, in the calendar
 * month of UTC. More use never allows what less use refused.
 *
 * A limit is used up when all of it is used: then a hard one refuses what comes next, and a soft one allows it and says
 * so. A soft limit of 0 is pay as you go; a hard one gives nothing.
 *
 * @param meter null: nothing is metered under this name, and the limit alone decides
 */
export function decideLimit(
  facts: readonly EntitlementFact[],
  name: string,
  meter: MeterReading | null,
  nowMs: number,
): LimitDecision {
  const access = decideAccess(facts, { about: 'limit', name }, nowMs);
  if (meter === null) return { ...access, unit: null, used: null, remaining: null, overage: null };
  const period = countedPeriod(access, nowMs);
  const limit = String(access.limit ?? 0);
  const used = meter.usedSince?.[period.startMs] ?? null;
  return {
    ...access,
    ...verdictOf(access, limit, meter, used),
    ...{ unit: meter.unit, used, resetsAtMs: period.endMs },
    remaining: used === null ? null : aboveZero(minus(limit, used)),
    overage: used === null ? null : aboveZero(minus(used, limit)),
  };
}

/** The month in UTC that `nowMs` lies in, in ms since 1970. */
export function monthOf(nowMs: number): { readonly startMs: number; readonly endMs: number } {
  const now = new Date(nowMs);
  const startOf = (months: number) => Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + months);
  return { startMs: startOf(0), endMs: startOf(1) };
}

function countedPeriod(access: AccessDecision, nowMs: number) {
  const { periodStartMs: startMs, resetsAtMs: endMs } = access;
  return startMs === null ? monthOf(nowMs) : { startMs, endMs };
}

function verdictOf(
  access: AccessDecision,
  limit: string,
  { limitBehavior, whenUnreadable }: MeterReading,
  used: string | null,
): Pick<AccessDecision, 'allowed' | 'reason'> {
  const { allowed, reason } = access;
  const isSoft = limitBehavior === 'soft';
  const isPayAsYouGo = isSoft && reason === 'limit_is_zero';
  if (!allowed && !isPayAsYouGo) return { allowed, reason };
  if (used === null) return { allowed: whenUnreadable === 'open', reason: 'meter_unreadable' };
  if (!isPayAsYouGo && signOf(minus(used, limit)) < 0) return { allowed, reason };
  return isSoft ? { allowed: true, reason: 'limit_exceeded_soft' } : { allowed: false, reason: 'limit_exceeded' };
}

function aboveZero(decimal: string): string {
  return signOf(decimal) < 0 ? '0' : decimal;
}

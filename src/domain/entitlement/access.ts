/** One source of rights as it stands: a subscription, an order or a benefit. */
export interface EntitlementFact {
  readonly sourceKind: 'subscription' | 'order' | 'grant';
  readonly sourceId: string;
  /** null: of a benefit. */
  readonly plan: {
    readonly id: string;
    readonly key: string;
    readonly features: readonly string[];
    readonly limits: Readonly<Record<string, number>>;
  } | null;
  /** Of a feature flag. */
  readonly feature: string | null;
  /** On top of the plan's. */
  readonly limits: Readonly<Record<string, number>>;
  readonly isAllowed: boolean;
  readonly reason: string;
  /** When it ends by itself; null: with its source. */
  readonly untilMs: number | null;
  /** Of the subscription. */
  readonly periodStartMs: number | null;
  readonly periodEndMs: number | null;
}

/** What an app asks about; `any`: whether the organization is entitled to anything. */
export type AccessQuestion =
  { readonly about: 'any' } | { readonly about: 'feature' | 'limit' | 'plan'; readonly name: string };

export interface AccessDecision {
  readonly allowed: boolean;
  /** The source's own reason, or why none gives it: `no_subscription`, `plan_`, `feature_`, `limit_not_included`. */
  readonly reason: string;
  /** The key of the plan that decided. */
  readonly plan: string | null;
  /** How much in all, for a question about a limit; otherwise null. */
  readonly limit: number | null;
  /** Of the deciding subscription: since when its limits are counted. */
  readonly periodStartMs: number | null;
  readonly resetsAtMs: number | null;
  readonly subscriptionId: string | null;
}

/**
 * Whether an organization may do something now, and why: the most that any of its sources gives. Sources that no longer
 * give it explain a refusal, the newest first. Order and repetition of the facts do not matter.
 */
export function decideAccess(
  facts: readonly EntitlementFact[],
  question: AccessQuestion,
  nowMs: number,
): AccessDecision {
  const ranked = facts.toSorted(byWorth);
  const inForce = ranked.filter((fact) => isInForce(fact, nowMs));
  const limit = question.about === 'limit' ? limitOf(inForce, question.name) : null;
  const giving = inForce.find((fact) => gives(fact, question));
  if (giving) {
    const deciding = question.about === 'limit' ? (largestPlan(inForce, question.name) ?? giving) : giving;
    const allowed = limit === null || limit > 0;
    return {
      ...{ allowed, reason: allowed ? deciding.reason : 'limit_is_zero', limit },
      ...{ ...sourceOf(deciding), periodStartMs: deciding.periodStartMs, resetsAtMs: deciding.periodEndMs },
    };
  }
  const refused = { allowed: false, limit, periodStartMs: null, resetsAtMs: null };
  const former = ranked.find((fact) => gives(fact, question));
  if (former) return { ...refused, reason: reasonAfter(former), ...sourceOf(former) };
  const [nearest] = [...inForce, ...ranked];
  if (!nearest) return { ...refused, reason: 'no_subscription', plan: null, subscriptionId: null };
  if (question.about === 'any' || inForce.length === 0)
    return { ...refused, reason: reasonAfter(nearest), ...sourceOf(nearest) };
  return { ...refused, reason: `${question.about}_not_included`, ...sourceOf(nearest) };
}

function isInForce(fact: EntitlementFact, nowMs: number): boolean {
  return fact.isAllowed && (fact.untilMs === null || nowMs < fact.untilMs);
}

/** Of a source that gives nothing now. */
function reasonAfter(fact: EntitlementFact): string {
  return fact.isAllowed ? 'grace_ended' : fact.reason;
}

function gives(fact: EntitlementFact, question: AccessQuestion): boolean {
  switch (question.about) {
    case 'any':
      return true;
    case 'plan':
      return fact.plan !== null && (fact.plan.key === question.name || fact.plan.id === question.name);
    case 'feature':
      return fact.feature === question.name || (fact.plan?.features.includes(question.name) ?? false);
    case 'limit':
      return planLimit(fact, question.name) !== null || Object.hasOwn(fact.limits, question.name);
  }
}

/** The largest of the plans, and every credit on top of it. */
function limitOf(inForce: readonly EntitlementFact[], name: string): number {
  const plans = inForce.map((fact) => planLimit(fact, name) ?? 0);
  const credits = inForce.map((fact) => ownLimit(fact.limits, name) ?? 0);
  return Math.max(0, ...plans) + credits.reduce((sum, units) => sum + units, 0);
}

function largestPlan(inForce: readonly EntitlementFact[], name: string): EntitlementFact | undefined {
  const having = inForce.filter((fact) => planLimit(fact, name) !== null);
  return having.toSorted((a, b) => (planLimit(b, name) ?? 0) - (planLimit(a, name) ?? 0))[0];
}

function planLimit(fact: EntitlementFact, name: string): number | null {
  return fact.plan === null ? null : ownLimit(fact.plan.limits, name);
}

/** Names come from callers: `constructor` is no limit. */
function ownLimit(limits: Readonly<Record<string, number>>, name: string): number | null {
  return Object.hasOwn(limits, name) ? (limits[name] ?? null) : null;
}

const rank = { subscription: 0, order: 1, grant: 2 } as const;

/** Without an end before with one, subscriptions before what was bought once, newest first (ids rise with time). */
function byWorth(a: EntitlementFact, b: EntitlementFact): number {
  return (
    Number(b.isAllowed) - Number(a.isAllowed) ||
    Number(a.untilMs !== null) - Number(b.untilMs !== null) ||
    rank[a.sourceKind] - rank[b.sourceKind] ||
    (a.sourceId < b.sourceId ? 1 : -1)
  );
}

function sourceOf(fact: EntitlementFact): Pick<AccessDecision, 'plan' | 'subscriptionId'> {
  return {
    plan: fact.plan?.key ?? null,
    subscriptionId: fact.sourceKind === 'subscription' ? fact.sourceId : null,
  };
}

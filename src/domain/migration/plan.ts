import type { BillingInterval } from '../catalogue.ts';
import { times, type Money } from '../money.ts';
import { attemptsOf } from '../routing/attempts.ts';
import type { CompiledPolicy } from '../routing/compile-policy.ts';
import { findBlock, type BlockedCountry } from '../routing/country.ts';
import { route, type ProviderFacts, type RouteRequest, type RoutingDecision } from '../routing/route.ts';
import type { ExclusionCode, LegacySubscription, MigrationPlan } from './migration.ts';

/** One subscription of the old provider, with all that decides what shall become of it. */
export interface MigrationSubject {
  readonly itemId: string;
  readonly legacy: LegacySubscription;
  /** null: nobody of ours is known to be this customer. */
  readonly organization: MigratingOrganization | null;
  /** Our price for what they pay there; null: none is known. */
  readonly price: MigratingPrice | null;
  /** What another migration has done with it; null: nothing, or nothing that holds. */
  readonly elsewhere: { readonly code: 'already_moved' | 'in_other_migration'; readonly migrationId: string } | null;
  /** A live subscription of theirs to the same plan at another provider; null: none. */
  readonly second: { readonly id: string; readonly provider: string | null } | null;
}

export interface MigratingOrganization {
  readonly id: string;
  readonly hasEmail: boolean;
  /** Theirs, or their last checkout's. */
  readonly country: string | null;
  readonly preferredProvider: string | null;
}

export interface MigratingPrice {
  readonly planId: string;
  readonly priceId: string;
  readonly digital: boolean;
  readonly billingInterval: BillingInterval;
  readonly unitAmount: Money;
  /** Where it can be sold. */
  readonly pushedTo: readonly string[];
}

/** What is the same for all subscriptions of a migration. */
export interface MigrationGround {
  readonly projectId: string;
  readonly fromProvider: string;
  /** Preferred where it can serve; null: routing alone decides. */
  readonly toProvider: string | null;
  readonly policy: CompiledPolicy;
  readonly blockedCountries: readonly BlockedCountry[];
  readonly providers: Readonly<Record<string, Omit<ProviderFacts, 'isSellable'>>>;
}

type Exclusion = Extract<MigrationPlan, { readonly action: 'exclude' }>;

/**
 * What shall become of each subscription, with its money: exactly one verdict each. Of those that one customer has of one
 * plan at most one moves: a paid one before a trial, then the one paid for longest.
 *
 * @param subjects Either all subscriptions of an organization or none: duplicates are found among these alone.
 * @returns by `itemId`.
 */
export function planMigration(
  subjects: readonly MigrationSubject[],
  ground: MigrationGround,
): ReadonlyMap<string, MigrationPlan> {
  const plans = new Map(subjects.map((subject) => [subject.itemId, planOne(subject, ground)] as const));
  for (const group of groupsOf(subjects, plans)) {
    const [first, ...rest] = group.toSorted(byPrecedence);
    for (const other of first ? rest : [])
      plans.set(
        other.itemId,
        exclude(
          'duplicate',
          `${first?.legacy.providerSubscriptionId} of the same customer and plan is the one that moves`,
        ),
      );
  }
  return plans;
}

function planOne(subject: MigrationSubject, ground: MigrationGround): MigrationPlan {
  const { legacy, price, organization, second } = subject;
  const refused = refusedByItself(subject);
  if (refused) return refused;
  if (organization === null)
    return exclude('organization_unknown', 'no organization of the project is known to be this customer');
  if (!organization.hasEmail) return exclude('no_email', 'neither we nor the provider know an e-mail to tell them by');
  if (price === null)
    return exclude(
      'price_unmapped',
      `no price is known for offer ${legacy.offerId ?? '(none)'}: map it, or name it in prices`,
    );
  if (second)
    return exclude(
      'duplicate',
      `they have a live subscription to the same plan already: ${second.id} at ${second.provider ?? 'no provider'}`,
    );
  const { paidThrough } = legacy;
  if (paidThrough === null) return exclude('past_due', 'nobody says until when it is paid');
  return moveOf({ legacy, price, organization, paidThrough }, ground);
}

/** What its own state, or another migration, forbids. */
function refusedByItself({ legacy, elsewhere }: MigrationSubject): Exclusion | null {
  if (elsewhere)
    return exclude(
      elsewhere.code,
      elsewhere.code === 'already_moved'
        ? `migration ${elsewhere.migrationId} has moved it`
        : `migration ${elsewhere.migrationId} is at it`,
    );
  if (legacy.status === 'canceled' || legacy.status === 'expired') return exclude('canceled', 'it has ended');
  if (legacy.cancelAtPeriodEnd) return exclude('canceled', 'it ends with its period: its customer has left');
  if (legacy.status === 'paused') return exclude('past_due', 'it is paused: nobody pays for it now');
  if (legacy.status !== 'active' && legacy.status !== 'trialing')
    return exclude('past_due', `it is ${legacy.status.replace('_', ' ')}: a person settles that first`);
  if (legacy.isRefunded === true) return exclude('refunded', 'its last payment went back');
  return null;
}

function moveOf(
  subject: {
    readonly legacy: LegacySubscription;
    readonly price: MigratingPrice;
    readonly organization: MigratingOrganization;
    readonly paidThrough: string;
  },
  ground: MigrationGround,
): MigrationPlan {
  const { legacy, price, organization, paidThrough } = subject;
  const block = findBlock(ground.blockedCountries, organization.country, null);
  if (block) return exclude('no_provider', `sales to ${block.country} are blocked`);
  const amount = times(price.unitAmount, legacy.quantity);
  const chosen = chooseProvider({ ...{ price, organization, amount }, quantity: legacy.quantity }, ground);
  if ('because' in chosen) return exclude('no_provider', chosen.because);
  return {
    ...{ action: 'move', planId: price.planId, priceId: price.priceId, interval: intervalOf(price) },
    ...{ provider: chosen.provider, rule: chosen.rule, quantity: legacy.quantity },
    ...{ amountMinor: amount.amountMinor, currency: amount.currency, firstChargeAt: paidThrough },
    differenceMinor: differenceOf(legacy, price, amount),
  };
}

/** Only what is paid in the same rhythm and currency can be compared. */
function differenceOf(legacy: LegacySubscription, price: MigratingPrice, amount: Money): number | null {
  if (legacy.amountMinor === null || legacy.currency !== amount.currency) return null;
  return legacy.interval === null || legacy.interval === intervalOf(price)
    ? amount.amountMinor - legacy.amountMinor
    : null;
}

function intervalOf({ billingInterval }: MigratingPrice): 'month' | 'year' {
  return billingInterval === 'monthly' ? 'month' : 'year';
}

interface Wish {
  readonly price: MigratingPrice;
  readonly organization: MigratingOrganization;
  readonly amount: Money;
  readonly quantity: number;
}

/**
 * As a checkout with a trial would be routed, with whom the migration leads to preferred, and never back. The first charge
 * must fall on the paid-through date, so only who can move a trial's end will do.
 */
function chooseProvider(
  wish: Wish,
  ground: MigrationGround,
): { readonly provider: string; readonly rule: string } | { readonly because: string } {
  const { organization } = wish;
  const providers = factsFor(wish.price, ground);
  const own = organization.preferredProvider === ground.fromProvider ? null : organization.preferredProvider;
  const wishes = [...new Set([ground.toProvider, own, null])];
  const reasons: string[] = [];
  for (const preferredProvider of wishes) {
    const decision = route(requestOf(wish, ground, preferredProvider), ground.policy, providers);
    for (const provider of attemptsOf(decision)) {
      if (providers[provider]?.abilities.subscriptions?.moveTrialEnd === true)
        return { provider, rule: ruleOf(decision, provider) };
      reasons.push(`${provider}: it cannot move the end of a trial`);
    }
    reasons.push(...decision.skipped.map(({ provider, because }) => `${provider}: ${because}`));
  }
  return { because: [...new Set(reasons)].join('; ') };
}

function ruleOf(decision: RoutingDecision, provider: string): string {
  return decision.provider === provider ? decision.rule : `${decision.rule}:fallback`;
}

/** Whoever fails just now is well again by the time the customer acts; whom they leave is nobody to go to. */
function factsFor(price: MigratingPrice, ground: MigrationGround): Readonly<Record<string, ProviderFacts>> {
  return Object.fromEntries(
    Object.entries(ground.providers)
      .filter(([id]) => id !== ground.fromProvider)
      .map(([id, facts]) => {
        const needsPush = facts.abilities.needsProviderPrice.includes('subscription');
        return [id, { ...facts, isSellable: !needsPush || price.pushedTo.includes(id) }];
      }),
  );
}

function requestOf(
  { price, organization, amount, quantity }: Wish,
  ground: MigrationGround,
  preferredProvider: string | null,
): RouteRequest {
  const { country } = organization;
  return {
    ...{ projectId: ground.projectId, organizationId: organization.id, mode: 'subscription' },
    ...{ digital: price.digital, quantity, amount, cardCountry: null },
    evidence: { country, source: country === null ? 'none' : 'profile' },
    ...{ wishedPaymentMethods: null, hasDiscountCode: false, hasTrial: true },
    ...{ hasVoucherExpiry: false, hasEmbedOrigin: false },
    ...{ forcedProvider: null, liveProvider: null, preferredProvider },
  };
}

/** Those that would move and are of the same customer and plan. */
function groupsOf(
  subjects: readonly MigrationSubject[],
  plans: ReadonlyMap<string, MigrationPlan>,
): readonly (readonly MigrationSubject[])[] {
  const groups = new Map<string, MigrationSubject[]>();
  for (const subject of subjects) {
    const plan = plans.get(subject.itemId);
    if (plan?.action !== 'move' || subject.organization === null) continue;
    const key = `${subject.organization.id}/${plan.planId}`;
    groups.set(key, [...(groups.get(key) ?? []), subject]);
  }
  return [...groups.values()];
}

/** By its id at last, so that everybody decides the same. */
function byPrecedence(a: MigrationSubject, b: MigrationSubject): number {
  const paid = ({ legacy }: MigrationSubject): number => (legacy.status === 'active' ? 0 : 1);
  const until = ({ legacy }: MigrationSubject): number => Date.parse(legacy.paidThrough ?? '') || 0;
  const [one, other] = [a.legacy.providerSubscriptionId, b.legacy.providerSubscriptionId];
  return paid(a) - paid(b) || until(b) - until(a) || (one < other ? -1 : 1);
}

function exclude(code: ExclusionCode, because: string): Exclusion {
  return { action: 'exclude', code, because };
}

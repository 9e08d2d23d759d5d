import { defineEntity, p, type InferEntity } from '@mikro-orm/core';
import type { CountrySource } from '../../domain/routing/country.ts';
import type { RoutingPolicy } from '../../domain/routing/policy.ts';
import type { FallbackReason, RouteQuestion, RoutingDecision } from '../../domain/routing/route.ts';
import { owned } from './owned.ts';

/** One version of a project's own policy. The shipped ones are files. */
export const RoutingPolicyEntity = defineEntity({
  name: 'RoutingPolicyVersion',
  tableName: 'routing_policies',
  properties: {
    id: p.text().primary(),
    name: p.text(),
    version: p.integer(),
    document: p.json().$type<RoutingPolicy>(),
    /** At most one version of a name is `active`. */
    status: p.text().$type<'draft' | 'active' | 'retired'>(),
    note: p.text().strictNullable(),
    createdBy: p.text(),
    activatedAt: p.datetime().strictNullable(),
    activatedBy: p.text().strictNullable(),
    ...owned,
  },
});
export type RoutingPolicyVersion = InferEntity<typeof RoutingPolicyEntity>;

/** What a project says of a country, over the shipped list. */
export const BlockedCountryEntity = defineEntity({
  name: 'BlockedCountryEntry',
  tableName: 'blocked_countries',
  properties: {
    ...owned,
    projectId: p.text().primary(),
    live: p.boolean().primary(),
    country: p.text().primary(),
    /** null: the whole country. */
    regions: p.array().strictNullable(),
    /** false: the shipped entry does not hold for this project. */
    isBlocked: p.boolean(),
    /** ISO date. */
    since: p.date(),
    reason: p.text(),
    changedBy: p.text(),
  },
});
export type BlockedCountryEntry = InferEntity<typeof BlockedCountryEntity>;

/** One per checkout: what was asked, what was decided, and why. */
export const RoutingDecisionEntity = defineEntity({
  name: 'RoutingDecisionRow',
  tableName: 'routing_decisions',
  properties: {
    checkoutId: p.text().primary(),
    policy: p.text(),
    policyVersion: p.integer(),
    rule: p.text(),
    provider: p.text().strictNullable(),
    country: p.text().strictNullable(),
    countrySource: p.text().$type<CountrySource>(),
    bucket: p.integer(),
    decision: p.json().$type<RoutingDecision>(),
    /** null: nothing was asked, for nothing was due. */
    asked: p.json().$type<RouteQuestion>().strictNullable(),
    ...owned,
  },
});

/** A provider that did not serve, and who was asked next. */
export const FallbackEntity = defineEntity({
  name: 'Fallback',
  tableName: 'fallbacks',
  properties: {
    id: p.text().primary(),
    /** Either this or the subscription that was to begin without a page. */
    checkoutId: p.text().strictNullable(),
    subscriptionId: p.text().strictNullable(),
    attemptedProvider: p.text(),
    /** null: nobody was left to try. */
    fallbackProvider: p.text().strictNullable(),
    reason: p.text().$type<FallbackReason>(),
    providerCode: p.text().strictNullable(),
    ...owned,
  },
});

/** A session that a provider may have opened for a checkout before its answer was lost. Nobody was given its URL. */
export const StraySessionEntity = defineEntity({
  name: 'StraySession',
  tableName: 'stray_sessions',
  properties: {
    id: p.text().primary(),
    checkoutId: p.text(),
    provider: p.text(),
    /** null: not found (yet). */
    providerCheckoutId: p.text().strictNullable(),
    /** `lapsed`: the provider can neither be searched nor told to end it, and its time is over. */
    status: p.text().$type<'unknown' | 'absent' | 'ended' | 'lapsed' | 'paid' | 'refunded'>(),
    askedAt: p.datetime(),
    /** Looks that found nothing, one after another. */
    emptyLooks: p.integer(),
    resolvedAt: p.datetime().strictNullable(),
    why: p.text().strictNullable(),
    version: p.integer().version(),
    ...owned,
  },
});
export type StraySession = InferEntity<typeof StraySessionEntity>;

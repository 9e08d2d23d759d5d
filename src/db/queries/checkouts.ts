import { UniqueConstraintViolationException } from '@mikro-orm/core';
import type { RouteQuestion, RoutingDecision } from '../../domain/routing/route.ts';
import { CheckoutEntity, type Checkout } from '../entities/checkout.ts';
import { FallbackEntity, RoutingDecisionEntity } from '../entities/routing.ts';
import { PaymentEntity, type Payment } from '../entities/payment.ts';
import { AuditEntryEntity, type AuditEntry } from '../entities/records.ts';
import type { Db } from '../orm.ts';
import { insertStatement } from '../insert-statement.ts';
import { executePrepared } from '../prepared.ts';
import { auditEntry } from './audit.ts';
import { insertPlaced, type NewAssignment } from './insert-placed-checkout.ts';
import type { Scope } from './subscriptions.ts';

/** Columns that only workflows fill. */
const lateColumns = {
  fallback: null,
  provider: null,
  providerCheckoutId: null,
  expiresAt: null,
  voucher: null,
  subscriptionId: null,
  failureCode: null,
};

export type NewCheckout = Omit<Checkout, 'createdAt' | 'updatedAt' | 'version' | keyof typeof lateColumns>;

/**
 * Writes a checkout, the decision that routes it, and its audit entry, at once.
 *
 * @param input.routedTo The first provider to be asked; null: nobody is.
 * @param input.asked What `route()` was asked; null: it was not.
 * @param input.assignment Written with it, or nothing is; null: none is to be written.
 * @returns the row as stored; null when the same id or the same request is there already, `undecided` when the assignment
 *   could not be written as it was drawn: in both cases nothing was written.
 */
export async function insertCheckout(
  em: Db,
  input: {
    readonly checkout: NewCheckout;
    readonly routedTo: string | null;
    readonly asked: RouteQuestion | null;
    readonly assignment: NewAssignment | null;
    readonly actor: string;
  },
): Promise<Checkout | 'undecided' | null> {
  const now = new Date();
  const row: Checkout = { ...lateColumns, ...input.checkout, version: 1, createdAt: now, updatedAt: now };
  const checkout = insertStatement(em, CheckoutEntity, row);
  const decision = insertStatement(em, RoutingDecisionEntity, decisionRow(input));
  const audit = insertStatement(em, AuditEntryEntity, {
    ...auditEntry({
      projectId: row.projectId,
      live: row.live,
      actor: input.actor,
      action: 'checkout.created',
      entityKind: 'checkout',
      entityId: row.id,
      detail: describeDecision(row.routing, input.routedTo),
      after: { status: 'creating' },
    }),
  });
  try {
    if (input.assignment !== null)
      return (await insertPlaced(em, input.assignment, [checkout, decision, audit])) ? row : 'undecided';
    await executePrepared(em, {
      sql: `with checkout as (${checkout.sql}), decision as (${decision.sql}) ${audit.sql}`,
      params: [...checkout.params, ...decision.params, ...audit.params],
    });
    return row;
  } catch (error) {
    if (error instanceof UniqueConstraintViolationException) return null;
    throw error;
  }
}

export async function findCheckout(em: Db, scope: Scope, id: string): Promise<Checkout | null> {
  return em.findOne(CheckoutEntity, { projectId: scope.projectId, live: scope.live, id }, { refresh: true });
}

/** A checkout of the very same request that can still be used. */
export async function findSameRequest(em: Db, scope: Scope, requestFingerprint: string): Promise<Checkout | null> {
  return em.findOne(
    CheckoutEntity,
    { projectId: scope.projectId, live: scope.live, requestFingerprint, status: { $in: ['creating', 'open'] } },
    { refresh: true },
  );
}

/** Newest first, one more than `limit`. */
export async function listCheckouts(
  em: Db,
  scope: Scope,
  input: { readonly organizationIds: readonly string[] | null; readonly before: string | null; readonly limit: number },
): Promise<readonly Checkout[]> {
  return em.find(
    CheckoutEntity,
    {
      projectId: scope.projectId,
      live: scope.live,
      ...(input.organizationIds && { organizationId: { $in: [...input.organizationIds] } }),
      ...(input.before !== null && { id: { $lt: input.before } }),
    },
    { orderBy: { id: 'desc' }, limit: input.limit + 1 },
  );
}

/** The payment that tells most: one that succeeded where the checkout stands, else the newest there, else any. */
export async function findCheckoutPayment(em: Db, checkout: Checkout): Promise<Payment | null> {
  const payments = await em.find(
    PaymentEntity,
    { projectId: checkout.projectId, checkoutId: checkout.id },
    { orderBy: { id: 'desc' }, limit: 20 },
  );
  const own = payments.filter(({ provider }) => provider === checkout.provider);
  return own.find(({ status }) => status === 'succeeded') ?? own[0] ?? payments[0] ?? null;
}

/** What happened to one object, oldest first. */
export async function listTimeline(em: Db, projectId: string, entityId: string): Promise<readonly AuditEntry[]> {
  return em.find(AuditEntryEntity, { projectId, entityId }, { orderBy: { id: 'asc' }, limit: 200 });
}

/** Fallbacks, newest first, one more than `limit`. */
export async function listFallbacks(
  em: Db,
  scope: Scope,
  input: { readonly before: string | null; readonly limit: number },
) {
  return em.find(
    FallbackEntity,
    { projectId: scope.projectId, live: scope.live, ...(input.before !== null && { id: { $lt: input.before } }) },
    { orderBy: { id: 'desc' }, limit: input.limit + 1 },
  );
}

function decisionRow(input: {
  readonly checkout: NewCheckout;
  readonly routedTo: string | null;
  readonly asked: RouteQuestion | null;
}) {
  const { asked, checkout, routedTo } = input;
  const { routing } = checkout;
  return {
    checkoutId: checkout.id,
    policy: routing.policy,
    policyVersion: routing.policy_version,
    rule: routing.rule,
    provider: routedTo,
    country: routing.country,
    countrySource: routing.country_source,
    bucket: routing.bucket,
    decision: routing,
    asked,
    projectId: checkout.projectId,
    live: checkout.live,
  };
}

function describeDecision(routing: RoutingDecision, routedTo: string | null): string {
  const where = routing.country === null ? 'country unknown' : `${routing.country} by ${routing.country_source}`;
  return `rule ${routing.rule} of ${routing.policy} v${routing.policy_version}: ${routedTo ?? 'no provider'} (${where})`;
}

import type { Checkout, CheckoutFallback } from '../entities/checkout.ts';
import { AuditEntryEntity } from '../entities/records.ts';
import { FallbackEntity, StraySessionEntity } from '../entities/routing.ts';
import { insertStatement, type Statement } from '../insert-statement.ts';
import { newId } from '../new-id.ts';
import type { Db } from '../orm.ts';
import { executePrepared } from '../prepared.ts';
import type { FallbackReason } from '../../domain/routing/route.ts';
import { auditEntry } from './audit.ts';
import { providerCustomerStatement, providerObjectsStatement } from './provider-objects.ts';

export interface OpenedPage {
  readonly provider: string;
  readonly providerCheckoutId: string;
  readonly url: string;
  readonly expiresAt: string;
  readonly paymentMethods: readonly string[];
  readonly providerCustomerId: string | null;
  readonly objects: readonly { readonly kind: string; readonly id: string }[];
}

/** A provider that did not serve, and who was asked next. */
export interface FallbackStep {
  readonly attempted: string;
  readonly next: string | null;
  readonly reason: FallbackReason;
  readonly providerCode: string | null;
}

/** A provider where a session that nobody was given may exist. */
export interface StrayStep {
  readonly provider: string;
  /** When its answer was lost, ISO. */
  readonly askedAt: string;
}

/**
 * Makes a checkout `open`, or `failed` when nobody serves it, together with its audit entries, its fallback rows, the
 * sessions that may be left behind and the provider's ids: one statement, one commit, for the caller waits for it.
 *
 * @param input.page null: nobody could serve.
 * @returns false when the checkout was no longer `creating`; then only the provider's ids were noted.
 */
export async function storeOpening(
  em: Db,
  input: {
    readonly checkout: Checkout;
    readonly page: OpenedPage | null;
    /** Why nobody could serve. */
    readonly failureCode: string | null;
    readonly steps: readonly FallbackStep[];
    readonly strays: readonly StrayStep[];
    readonly fallback: CheckoutFallback | null;
    readonly detail: string;
    /** What the app's endpoints hear; written only where the project has one. */
    readonly event: { readonly type: string; readonly data: object };
  },
): Promise<boolean> {
  const { checkout, page } = input;
  const update: Statement = {
    sql: `update checkouts set status = ?, failure_code = ?, provider = ?, provider_checkout_id = ?,
        checkout_url = coalesce(?, checkout_url), expires_at = ?::timestamptz,
        payment_methods = coalesce(?::text[], payment_methods), fallback = ?::jsonb,
        version = version + 1, updated_at = now()
      where id = ? and status = 'creating' returning id`,
    params: [
      page ? 'open' : 'failed',
      input.failureCode,
      page?.provider ?? null,
      page?.providerCheckoutId ?? null,
      page?.url ?? null,
      page?.expiresAt ?? null,
      page ? em.getPlatform().marshallArray([...page.paymentMethods]) : null,
      input.fallback === null ? null : JSON.stringify(input.fallback),
      checkout.id,
    ],
  };
  const inserts = [
    ...input.steps.flatMap((step) => stepRows(em, checkout, step)),
    ...input.strays.map((stray) => strayRow(em, checkout, stray)),
    openingEntry(em, checkout, input),
  ];
  const parts = [...inserts.map(whenUpdated), ...(page ? linkStatements(checkout, page) : [])];
  const named = parts.map(({ sql }, index) => `part_${index} as (${sql})`);
  const event = eventStatement(checkout, input.event);
  const rows = await executePrepared(em, {
    sql: `with updated as (${update.sql}), ${named.join(', ')}, ${event.sql} select id from updated`,
    params: [...update.params, ...parts.flatMap(({ params }) => params), ...event.params],
  });
  return rows.length === 1;
}

/** The same row, but only beside a checkout that was really updated. */
function whenUpdated({ sql, params }: Statement): Statement {
  return { sql: sql.replace(/ values \((.*)\)$/, ' select $1 from updated'), params };
}

function linkStatements(checkout: Checkout, page: OpenedPage): readonly Statement[] {
  const { provider, providerCustomerId: customerId } = page;
  const objects = [{ kind: 'checkout', id: page.providerCheckoutId }, ...page.objects];
  const links = [providerObjectsStatement(checkout, provider, { kind: 'checkout', id: checkout.id }, objects)];
  return customerId === null ? links : [...links, providerCustomerStatement(checkout, provider, customerId)];
}

/** The event and its deliveries, as `recordEvent` writes them, once: only with the update. */
function eventStatement(
  { projectId, live, organizationId }: Checkout,
  { type, data }: { readonly type: string; readonly data: object },
): Statement {
  return {
    sql: `endpoint as (
        select id from outbound_endpoints where project_id = ? and live = ?::boolean and status = 'enabled'
          and (event_types = '{}' or ? = any (event_types))),
      told as (
        insert into outbound_events (id, project_id, live, organization_id, type, object_kind, object_id, data)
        select ?, ?, ?::boolean, ?, ?, 'checkout', updated.id, ?::jsonb from updated where exists (select from endpoint)
        returning id, sequence, object_id),
      delivery as (
        insert into outbound_deliveries (event_id, endpoint_id, sequence, object_id, status)
        select told.id, endpoint.id, told.sequence, told.object_id, 'waiting' from told, endpoint)`,
    params: [
      ...[projectId, live, type],
      ...[newId('evt'), projectId, live, organizationId, type, JSON.stringify(data)],
    ],
  };
}

function openingEntry(
  em: Db,
  checkout: Checkout,
  { page, detail }: { readonly page: OpenedPage | null; readonly detail: string },
): Statement {
  const told = { before: { status: 'creating' }, after: { status: page ? 'open' : 'failed' } };
  return entry(em, checkout, page ? 'checkout.opened' : 'checkout.failed', detail, told);
}

function stepRows(em: Db, checkout: Checkout, step: FallbackStep): readonly Statement[] {
  const { projectId, live, id: checkoutId } = checkout;
  const row = insertStatement(em, FallbackEntity, {
    id: newId('fb'),
    projectId,
    live,
    checkoutId,
    attemptedProvider: step.attempted,
    fallbackProvider: step.next,
    reason: step.reason,
    providerCode: step.providerCode,
  });
  const told = `${step.attempted} did not serve (${step.reason}); next: ${step.next ?? 'nobody'}`;
  return [row, entry(em, checkout, 'checkout.fell_back', told)];
}

function strayRow(em: Db, checkout: Checkout, { provider, askedAt }: StrayStep): Statement {
  const { projectId, live, id: checkoutId } = checkout;
  return insertStatement(em, StraySessionEntity, {
    ...{ id: newId('stray'), projectId, live, checkoutId, provider, providerCheckoutId: null, status: 'unknown' },
    ...{ askedAt: new Date(askedAt), emptyLooks: 0, resolvedAt: null, why: null },
  });
}

function entry(
  em: Db,
  { projectId, live, id }: Checkout,
  action: string,
  detail: string,
  told: { readonly before?: object; readonly after?: object } = {},
): Statement {
  const actor = `checkout/${id}`;
  return insertStatement(em, AuditEntryEntity, {
    ...auditEntry({ projectId, live, actor, action, entityKind: 'checkout', entityId: id, detail, ...told }),
  });
}

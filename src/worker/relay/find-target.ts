import { InvoiceEntity, PaymentEntity } from '../../db/entities/payment.ts';
import type { Db } from '../../db/orm.ts';
import { executePrepared } from '../../db/prepared.ts';
import { checkoutWorkflowId, subscriptionWorkflowId } from '../../workflows/messages.ts';
import type { ClaimedEvent } from './claim-events.ts';

/** The entity an event is about, and the workflow that must hear of it. */
export interface Target {
  readonly kind: 'checkout' | 'subscription';
  readonly id: string;
  readonly workflowId: string;
  readonly organizationId: string;
  readonly country: string | null;
  /** Its workflow may not have been started yet: wait for it instead of taking it for ended. */
  readonly isStarting: boolean;
}

/** Ours, by its id. */
interface Entity {
  readonly kind: 'checkout' | 'subscription';
  readonly id: string;
}

/**
 * Finds whom each event concerns: the object itself, then the ids it mentions (a subscription before its checkout), then
 * our own id in its metadata, then payments and invoices of ours that it mentions (a renewal's refund or dispute).
 * Absent: nothing of ours, or nothing of ours yet. Two statements for a whole batch: thousands may come at once.
 */
export async function findTargets(em: Db, events: readonly ClaimedEvent[]): Promise<ReadonlyMap<string, Target>> {
  if (events.length === 0) return new Map();
  const known = await findKnown(em, events);
  const concerned = await Promise.all(
    events.map(async (event) => ({ event, entity: known.get(event.id) ?? (await unknownTo(em, event)) })),
  );
  const entities = concerned.flatMap(({ entity }) => entity ?? []);
  const rows = entities.length === 0 ? [] : await readEntities(em, entities);
  const targets = new Map<string, Target>();
  for (const { event, entity } of concerned) {
    const row = entity && rows.find(({ kind, id }) => kind === entity.kind && id === entity.id);
    if (row && (row.kind === 'subscription' || isIn(row, event))) targets.set(event.id, targetOf(row));
  }
  return targets;
}

/** What the objects that the events name are to us: a subscription, else what the first known of them belongs to. */
async function findKnown(em: Db, events: readonly ClaimedEvent[]): Promise<ReadonlyMap<string, Entity>> {
  const named = events.flatMap((event) =>
    [{ kind: event.objectKind, id: event.objectId }, ...event.related].map((object, place) => ({
      ...{ event, object, place },
    })),
  );
  const rows = await executePrepared<{ event_id: string; entity_kind: Entity['kind']; entity_id: string }>(em, {
    sql: `select distinct on (named.event_id) named.event_id, object.entity_kind, object.entity_id
      from unnest(?::text[], ?::text[], ?::boolean[], ?::text[], ?::text[], ?::text[], ?::int[])
        as named (event_id, project_id, live, provider, kind, object_id, place)
      join provider_objects object on object.project_id = named.project_id and object.live = named.live
        and object.provider = named.provider and object.kind = named.kind and object.provider_object_id = named.object_id
      order by named.event_id, (object.entity_kind = 'subscription') desc, named.place`,
    params: [
      named.map(({ event }) => event.id),
      named.map(({ event }) => event.projectId),
      named.map(({ event }) => event.live),
      named.map(({ event }) => event.provider),
      named.map(({ object }) => object.kind),
      named.map(({ object }) => object.id),
      named.map(({ place }) => place),
    ],
  });
  return new Map(rows.map((row) => [row.event_id, { kind: row.entity_kind, id: row.entity_id }]));
}

/** Of an event that names no object of ours by itself. */
async function unknownTo(em: Db, event: ClaimedEvent): Promise<Entity | null> {
  if (event.checkoutId !== null) return { kind: 'checkout', id: event.checkoutId };
  const { projectId, live, provider } = event;
  const ids = [event.objectId, ...event.related.map(({ id }) => id)];
  const own = em.fork();
  const row =
    (await own.findOne(PaymentEntity, { projectId, live, provider, providerPaymentId: { $in: ids } })) ??
    (await own.findOne(InvoiceEntity, { projectId, live, provider, providerInvoiceId: { $in: ids } }));
  if (row?.subscriptionId) return { kind: 'subscription', id: row.subscriptionId };
  return row?.checkoutId ? { kind: 'checkout', id: row.checkoutId } : null;
}

interface EntityRow extends Entity {
  readonly project_id: string;
  readonly live: boolean;
  readonly organization_id: string;
  readonly country: string | null;
  readonly is_creating: boolean;
  readonly age_ms: number;
}

function readEntities(em: Db, entities: readonly Entity[]): Promise<readonly EntityRow[]> {
  const idsOf = (wanted: Entity['kind']) => entities.filter(({ kind }) => kind === wanted).map(({ id }) => id);
  return executePrepared<EntityRow & Record<string, unknown>>(em, {
    sql: `select 'subscription' as kind, id, project_id, live, organization_id, country, false as is_creating,
        (extract(epoch from now() - created_at) * 1000)::float8 as age_ms
      from subscriptions where id = any (?::text[])
      union all
      select 'checkout', id, project_id, live, organization_id, country, status = 'creating',
        (extract(epoch from now() - created_at) * 1000)::float8
      from checkouts where id = any (?::text[])`,
    params: [idsOf('subscription'), idsOf('checkout')],
  });
}

/** A checkout's id in metadata is what somebody wrote there. */
function isIn(row: EntityRow, event: ClaimedEvent): boolean {
  return row.project_id === event.projectId && row.live === event.live;
}

function targetOf(row: EntityRow): Target {
  const { kind, id, organization_id: organizationId, country } = row;
  const isYoung = row.age_ms < 60_000;
  return {
    ...{ kind, id, organizationId, country },
    workflowId: kind === 'subscription' ? subscriptionWorkflowId(id) : checkoutWorkflowId(id),
    isStarting: kind === 'subscription' ? isYoung : row.is_creating,
  };
}

import { hash } from 'node:crypto';
import type { MikroORM } from '@mikro-orm/postgresql';
import { newId } from '../../db/new-id.ts';
import {
  eventKey,
  insertCorrectedEvents,
  type CorrectionFault,
  type UsageRow,
  type UsageScope,
} from '../../db/queries/usage-events.ts';
import type { UsageEvent } from '../../domain/usage/event.ts';
import { authorizeFor, type Caller, type Need } from '../caller.ts';
import { canonicalJson } from '../../domain/canonical-json.ts';
import type { Metrics } from '../metrics.ts';
import { isFault, type EventFault } from './event-fault.ts';
import { createEventWriter } from './event-writer.ts';
import { createKnownNames } from './known-names.ts';
import { readEvent } from './read-event.ts';
import type { SentEvents } from './read-request.ts';

export const writeUsage: Need = { scope: 'usage:write', permission: 'usage' };

export interface TakeInInput {
  readonly caller: Caller;
  readonly sent: Pick<SentEvents, 'events' | 'isSuspect' | 'translate' | 'tell'>;
  /** Whose the events are that do not say; null: they must. */
  readonly organizationId: string | null;
  /** The request's `Idempotency-Key`. */
  readonly idempotencyKey: string | null;
  /** Of a request that is taken in part by part: where this part begins. */
  readonly firstIndex?: number;
}

export interface RejectedEvent extends EventFault {
  readonly index: number;
}

export interface TakenIn {
  /** By index; null: rejected. */
  readonly events: readonly (UsageEvent | null)[];
  readonly accepted: number;
  readonly duplicates: number;
  /** In the order of the events. */
  readonly rejected: readonly RejectedEvent[];
  /** Ids that were made for events without one, rejected ones left out. */
  readonly made: readonly { readonly index: number; readonly event_id: string }[];
}

export type TakeIn = (input: TakeInInput) => Promise<TakenIn>;

/**
 * Takes events in: what is right is stored and committed when it answers, what is not is told by index. Safe to repeat
 * with the same events.
 */
export function createTakeIn(deps: { readonly orm: MikroORM; readonly metrics: Metrics }): TakeIn {
  const names = createKnownNames(deps);
  const writer = createEventWriter(deps);

  async function refuseUnknown(caller: Caller, events: (UsageEvent | null)[], refuse: Refuse): Promise<void> {
    const organizations = new Set<string>();
    const eventNames = new Set<string>();
    for (const event of events)
      if (event !== null) {
        organizations.add(event.organizationId);
        eventNames.add(event.eventName);
      }
    const foreign = foreignOrganizations(caller, organizations);
    for (const id of foreign) organizations.delete(id);
    const [missing, unknown] = await Promise.all([
      names.missingOrganizations(caller, organizations),
      names.missingEventNames(caller, eventNames),
    ]);
    if (foreign.size + missing.size + unknown.size === 0) return;
    for (const [index, event] of events.entries())
      if (event !== null && (foreign.has(event.organizationId) || missing.has(event.organizationId)))
        refuse(index, noOrganization);
      else if (event !== null && unknown.has(event.eventName)) refuse(index, noEventName);
  }

  return async ({ caller, sent, organizationId, idempotencyKey, firstIndex = 0 }) => {
    const nowMs = Date.now();
    const withoutId: number[] = [];
    const makeId = idempotencyKey === null ? () => newId('ue') : idsOf(caller, idempotencyKey, firstIndex);
    const context = {
      nowMs,
      organizationId,
      makeId: (raw: unknown, index: number) => {
        withoutId.push(index);
        return makeId(raw, index);
      },
      isSuspect: sent.isSuspect,
    };
    const rejected = new Map<number, EventFault>();
    const events = sent.events.map((one, index) => {
      const translated = sent.translate(one);
      const event = 'fault' in translated ? translated.fault : readEvent(translated.event, index, context);
      if (!isFault(event)) return event;
      rejected.set(index, sent.tell(event));
      return null;
    });
    const refuse: Refuse = (index, fault) => {
      events[index] = null;
      rejected.set(index, sent.tell(fault));
    };
    await refuseUnknown(caller, events, refuse);
    const accepted = await storeAll(deps.orm, writer, caller, events, refuse);
    const duplicates = events.length - accepted - rejected.size;
    count(deps.metrics, { accepted, duplicates, rejected: rejected.size });
    const made = withoutId.flatMap((index) => {
      const event = events[index];
      return event ? [{ index, event_id: event.eventId }] : [];
    });
    return { events, accepted, duplicates, rejected: inOrder(rejected), made };
  };
}

type Refuse = (index: number, fault: EventFault) => void;

/** @returns how many are new. */
async function storeAll(
  orm: MikroORM,
  writer: ReturnType<typeof createEventWriter>,
  { projectId, live }: Caller,
  events: readonly (UsageEvent | null)[],
  refuse: Refuse,
): Promise<number> {
  const scope: UsageScope = { projectId, live };
  const rows: UsageRow[] = [];
  let hasCorrections = false;
  for (const event of events)
    if (event !== null) {
      rows.push({ key: eventKey(scope, event.organizationId, event.eventId), scope, event });
      hasCorrections ||= event.corrects !== null;
    }
  if (!hasCorrections) return writer.store(rows);
  const first = new Map<string, UsageRow>();
  for (const row of rows) if (!first.has(row.key)) first.set(row.key, row);
  const { fresh, faults } = await insertCorrectedEvents(orm.em, [...first.values()]);
  for (const [index, event] of events.entries()) {
    const fault = event && faults.get(eventKey(scope, event.organizationId, event.eventId));
    if (fault) refuse(index, { ...notCorrectable, detail: correctionFaults[fault] });
  }
  return fresh.size;
}

/** Without a key each event is another one; with it the same event at the same place is the same. */
function idsOf(caller: Caller, idempotencyKey: string, firstIndex: number): (raw: unknown, index: number) => string {
  const whose = [caller.projectId, caller.live, caller.actor, idempotencyKey];
  return (raw, index) => `ue_${hash('sha256', canonicalJson([...whose, firstIndex + index, raw]), 'hex').slice(0, 32)}`;
}

/**
 * Those that the caller may not see.
 *
 * @throws {BillingError} `insufficient_scope` where it may see them and not write
 */
function foreignOrganizations(caller: Caller, asked: ReadonlySet<string>): ReadonlySet<string> {
  const foreign = new Set<string>();
  if (caller.organizations === null) return foreign;
  for (const id of asked)
    if (caller.organizations.has(id)) authorizeFor(caller, writeUsage, id, 'organization_not_found');
    else foreign.add(id);
  return foreign;
}

function inOrder(rejected: ReadonlyMap<number, EventFault>): readonly RejectedEvent[] {
  return [...rejected].map(([index, fault]) => ({ index, ...fault })).sort((a, b) => a.index - b.index);
}

function count(metrics: Metrics, results: Readonly<Record<'accepted' | 'duplicates' | 'rejected', number>>): void {
  for (const [result, events] of Object.entries(results)) if (events > 0) metrics.usageEvents.inc({ result }, events);
}

const noOrganization: EventFault = {
  code: 'organization_not_found',
  pointer: '/organization_id',
  detail: 'organization_id names no organization of this key.',
};

const noEventName: EventFault = {
  code: 'event_name_unknown',
  pointer: '/event_name',
  detail: 'event_name is that of no meter: make one first.',
};

const notCorrectable = { code: 'corrected_event_not_found', pointer: '/corrects' } as const;
const correctionFaults = {
  unknown: 'corrects names no event of this organization.',
  other_name: 'corrects names an event with another event_name.',
  is_correction: 'corrects names a correction: name the event that it corrects.',
} as const satisfies Record<CorrectionFault, string>;

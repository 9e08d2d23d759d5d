import { markSending, type ItemOutcome, type SendItem } from '../db/queries/usage-items.ts';
import { BillingError } from '../domain/errors.ts';
import { nameThere } from '../domain/usage/item-step.ts';
import type { UsageBatchResult, UsageEventInput } from '../providers/port-catalog.ts';
import { providerMeterOf } from './provider-meter.ts';
import { nothingMoved, refusalCode, settle, sumOf, type Moved, type UsageDesk } from './usage-desk.ts';

/** Our own budget refills within this; a provider that asks for a pause says how long. */
const budgetPauseMs = 150;

/** Sums that came to nothing: there is nothing to tell. */
export async function settleZeros(desk: UsageDesk, items: readonly SendItem[]): Promise<Moved> {
  return settle(
    desk,
    items.map((item) => ({ item, status: 'reported' })),
  );
}

/**
 * Tells the provider of items, each as one event under a name of its own that counts once. They are `sending` before the
 * call; an unclear outcome leaves them so.
 *
 * @throws {BillingError} `unavailable`, `rate_limited`: the same again
 */
export async function tellUsage(desk: UsageDesk, items: readonly SendItem[]): Promise<Moved> {
  if (items.length === 0) return nothingMoved;
  const unmetered = await refuseUnmetered(desk, items);
  const metered = items.filter(({ meterId }) => !unmetered.meters.has(meterId));
  const sending = await markSending(desk.em(), metered);
  const byName = new Map(
    metered
      .filter(({ id }) => sending.has(id))
      .map((item) => [nameThere(item), { ...item, status: 'sending' as const }]),
  );
  let all = unmetered.moved;
  for (let left = [...byName].map(([name, item]) => eventOf(name, item)); left.length > 0;) {
    const told = await ingest(desk, left);
    const unsent = new Set(told.unsent?.eventIds);
    const refused = new Map(told.rejected.map(({ eventId, code }) => [eventId, code]));
    const outcomes = left.flatMap(({ eventId }): ItemOutcome[] => {
      const item = byName.get(eventId);
      if (!item || unsent.has(eventId)) return [];
      const code = refused.get(eventId);
      return [code === undefined ? { item, status: 'reported' } : { item, status: 'rejected', code }];
    });
    all = sumOf(all, await settle(desk, outcomes));
    left = left.filter(({ eventId }) => unsent.has(eventId));
    if (left.length > 0) await desk.sleep(told.unsent?.retryAfterMs ?? budgetPauseMs);
  }
  return all;
}

function eventOf(eventId: string, item: SendItem): UsageEventInput {
  return {
    eventId,
    eventName: item.meterKey,
    organizationId: item.organizationId,
    providerCustomerId: item.providerCustomerId,
    quantity: item.quantity,
    timestamp: new Date(item.occurredAtMs).toISOString(),
    properties: item.value === null ? {} : { value: item.value },
  };
}

/** A provider that refuses a batch as a whole takes its good half: one bad item must not hold up the others. */
async function ingest(desk: UsageDesk, events: readonly UsageEventInput[]): Promise<UsageBatchResult> {
  try {
    return await desk.usage.ingest(events);
  } catch (error) {
    const code = refusalCode(error);
    const [only] = events;
    if (code === null || only === undefined) throw error;
    if (events.length === 1) return { accepted: 0, duplicates: 0, rejected: [{ eventId: only.eventId, code }] };
    const middle = Math.ceil(events.length / 2);
    return joined(await ingest(desk, events.slice(0, middle)), events.slice(middle), desk);
  }
}

async function joined(
  first: UsageBatchResult,
  others: readonly UsageEventInput[],
  desk: UsageDesk,
): Promise<UsageBatchResult> {
  const second = await ingest(desk, others);
  const unsent = [...(first.unsent?.eventIds ?? []), ...(second.unsent?.eventIds ?? [])];
  return {
    accepted: first.accepted + second.accepted,
    duplicates: first.duplicates + second.duplicates,
    rejected: [...first.rejected, ...second.rejected],
    ...(unsent.length > 0 && {
      unsent: {
        eventIds: unsent,
        retryAfterMs: Math.max(first.unsent?.retryAfterMs ?? 0, second.unsent?.retryAfterMs ?? 0),
      },
    }),
  };
}

/** Makes the meters that the provider lacks; items of one that it will not have are rejected. */
async function refuseUnmetered(
  desk: UsageDesk,
  items: readonly SendItem[],
): Promise<{ readonly meters: ReadonlySet<string>; readonly moved: Moved }> {
  const meters = new Set<string>();
  const outcomes: ItemOutcome[] = [];
  for (const [meterId, of] of Map.groupBy(items, (item) => item.meterId)) {
    try {
      await providerMeterOf(desk.em(), desk.usage, { ...desk.scope, meterId });
    } catch (error) {
      const code = error instanceof BillingError && refusalCode(error) !== null ? error.code : null;
      if (code === null) throw error;
      meters.add(meterId);
      outcomes.push(...of.map((item): ItemOutcome => ({ item, status: 'rejected', code })));
    }
  }
  return { meters, moved: await settle(desk, outcomes) };
}

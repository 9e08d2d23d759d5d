import type { JsonApi } from '../json-api.ts';
import type { ChangeFact, ChangeOperations } from '../port-records.ts';
import { isoFromUnix } from '../wire-time.ts';
import { nextCursorOf, pageParams } from './paging.ts';
import { readCharge } from './read-charge.ts';
import { factOf } from './webhook.ts';
import { conektaEventPage, type ConektaEvent } from './wire.ts';

const DAY_MS = 86_400_000;

/** `GET /events` has no time filter: newest first, so pages are read until one ends before `since`. */
export function createConektaChanges(api: JsonApi): ChangeOperations {
  return {
    // How long events are kept is unpublished; samples reach back three months.
    horizonMs: 30 * DAY_MS,
    async list(query) {
      const page = await api.call({
        operation: 'changes.list',
        method: 'GET',
        path: '/events',
        query: pageParams(query),
        reply: conektaEventPage,
      });
      const [since, until] = [Date.parse(query.since), Date.parse(query.until)];
      const items = page.data
        .filter((event) => timeOf(event) >= since && timeOf(event) < until)
        .flatMap((event) => changeOf(event) ?? []);
      return { items, nextCursor: isOver(page.data, since) ? null : nextCursorOf(page) };
    },
    charge: (id) => readCharge(api, id),
  };
}

/** Only a page that is in order proves that nothing younger follows. Events have whole seconds: one of slack. */
function isOver(events: readonly ConektaEvent[], sinceMs: number): boolean {
  const times = events.map(timeOf);
  const isOrdered = times.every((time, index) => index === 0 || time <= (times[index - 1] ?? time));
  return isOrdered && (times.at(-1) ?? sinceMs) < sinceMs - 1000;
}

function timeOf(event: ConektaEvent): number {
  return (event.created_at ?? 0) * 1000;
}

/** An order is a checkout, an invoice and a charge at once; what was charged is what counts. */
const ABOUT: Readonly<Record<string, ChangeFact['about']>> = {
  order: 'charge',
  subscription: 'subscription',
  dispute: 'dispute',
};

function changeOf(event: ConektaEvent): ChangeFact | null {
  const { objectKind, objectId, checkoutId, related } = factOf(event);
  const changedAt = isoFromUnix(event.created_at);
  const about = ABOUT[objectKind];
  if (changedAt === null || about === undefined) return null;
  const [orderId = objectId] = objectId.split('/'); // a dispute is named inside its order
  const charge = about === 'subscription' ? null : orderId;
  return { about, charge, objectKind, objectId, checkoutId, related, changedAt };
}

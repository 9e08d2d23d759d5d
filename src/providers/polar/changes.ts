import { z } from 'zod';
import type { JsonApi } from '../json-api.ts';
import type { ChangeFact, ChangeOperations } from '../port-records.ts';
import type { ProviderObjectRef } from '../port.ts';
import { isoFromText } from '../wire-time.ts';
import { after, readCursor, STAGES, writeCursor, type Position } from './changes-cursor.ts';
import { readCharge } from './read-charge.ts';
import { metadata, pageOf, text } from './wire.ts';

const DAY_MS = 86_400_000;

/** Lists go back to the beginning; a year is what anybody should reconcile in one walk. */
const HORIZON_MS = 366 * DAY_MS;

type Stage = (typeof STAGES)[number];

interface Window {
  readonly since: string;
  readonly until: string;
}

interface Walk {
  readonly kind: 'order' | 'refund' | 'subscription' | 'checkout' | 'dispute';
  readonly path: string;
  readonly query: (window: Window) => Readonly<Record<string, string | readonly string[]>>;
  /** Newest first: what began (or ended) this long before `since` cannot have changed in the window. null: no end. */
  readonly reachMs: number | null;
  readonly startOf: (item: Changed) => string | null | undefined;
}

const createdAt = (item: Changed) => item.created_at;

/**
 * No list of Polar's filters or sorts by when something changed, but everything carries `modified_at`. So each list is
 * read back as far as its objects can still change, and what changed is picked out here:
 *
 * - orders by `created_after`, 60 days: dunning gives up after 21, and later refunds have a list of their own;
 * - refunds and disputes newest first, 60 and 180 days back;
 * - subscriptions: all that live, for they change whenever; of the ended, newest end first, those since `since`;
 * - checkouts newest first, two days: they lapse after one.
 *
 * @see OpenAPI 2026-10, the `…SortProperty` enums
 */
const WALKS: Readonly<Record<Stage, Walk>> = {
  orders: {
    kind: 'order',
    path: '/v1/orders/',
    query: ({ since, until }) => ({
      created_after: before(since, 60 * DAY_MS),
      created_before: until,
      sorting: 'created_at',
    }),
    reachMs: null,
    startOf: createdAt,
  },
  refunds: {
    kind: 'refund',
    path: '/v1/refunds/',
    query: () => ({ sorting: '-created_at' }),
    reachMs: 60 * DAY_MS,
    startOf: createdAt,
  },
  subscriptions: {
    kind: 'subscription',
    path: '/v1/subscriptions/',
    query: () => ({
      status: ['incomplete', 'incomplete_expired', 'trialing', 'active', 'past_due', 'unpaid', 'paused'],
      sorting: '-started_at',
    }),
    reachMs: null,
    startOf: createdAt,
  },
  ended: {
    kind: 'subscription',
    path: '/v1/subscriptions/',
    query: () => ({ status: 'canceled', sorting: '-ended_at' }),
    reachMs: 0,
    startOf: (item) => item.ended_at,
  },
  checkouts: {
    kind: 'checkout',
    path: '/v1/checkouts/',
    query: () => ({ sorting: '-created_at' }),
    reachMs: 2 * DAY_MS,
    startOf: createdAt,
  },
  disputes: {
    kind: 'dispute',
    path: '/v1/disputes/',
    query: () => ({ sorting: '-created_at' }),
    reachMs: 180 * DAY_MS,
    startOf: createdAt,
  },
};

/** What all of these objects have of what we need here. */
const changed = z.object({
  id: z.string(),
  created_at: z.string(),
  modified_at: text,
  ended_at: text,
  customer_id: text,
  checkout_id: text,
  subscription_id: text,
  order_id: text,
  payment_id: text,
  metadata,
});

type Changed = z.output<typeof changed>;

export function createPolarChanges(api: JsonApi): ChangeOperations {
  return {
    horizonMs: HORIZON_MS,
    async list({ since, until, cursor, limit }) {
      const at = readCursor({ cursor, limit });
      const walk = WALKS[at.stage];
      const page = await readWalk(api, walk, { since, until }, at);
      const edge = walk.reachMs === null ? null : Date.parse(since) - walk.reachMs;
      const isPast = (item: Changed) => edge !== null && Date.parse(walk.startOf(item) ?? '') < edge;
      const isLast = at.page >= page.pagination.max_page || (page.items.length > 0 && page.items.every(isPast));
      return {
        items: page.items.filter((item) => isWithin(item, { since, until })).map((item) => changeFact(walk.kind, item)),
        nextCursor: writeCursor(after(at, { isLast, total: page.pagination.total_count })),
      };
    },
    charge: (id) => readCharge(api, id),
  };
}

async function readWalk(api: JsonApi, walk: Walk, window: Window, at: Position) {
  return api.call({
    operation: `changes.${at.stage}`,
    method: 'GET',
    path: walk.path,
    query: { ...walk.query(window), page: at.page, limit: at.limit },
    reply: pageOf(changed),
  });
}

/** Changed in the window, or again after it: `modified_at` keeps only the last time. */
function isWithin(item: Changed, { since, until }: Window): boolean {
  return (
    Date.parse(item.modified_at ?? item.created_at) >= Date.parse(since) &&
    Date.parse(item.created_at) < Date.parse(until)
  );
}

function changeFact(kind: Walk['kind'], item: Changed): ChangeFact {
  const { checkout_id: checkoutId } = item.metadata;
  const refs: readonly (readonly [string, string | null | undefined])[] = [
    ['order', item.order_id],
    ['payment', item.payment_id],
    ['checkout', item.checkout_id],
    ['subscription', item.subscription_id],
    ['customer', item.customer_id],
  ];
  const at = item.modified_at ?? item.created_at;
  return {
    about: kind === 'order' ? 'charge' : kind,
    charge: kind === 'order' ? item.id : (item.order_id ?? item.payment_id ?? null),
    objectKind: kind,
    objectId: item.id,
    checkoutId: typeof checkoutId === 'string' ? checkoutId : null,
    related: refs.flatMap(([kind, id]): readonly ProviderObjectRef[] => (id == null ? [] : [{ kind, id }])),
    changedAt: isoFromText(at) ?? at,
  };
}

function before(iso: string, ms: number): string {
  return new Date(Date.parse(iso) - ms).toISOString();
}

import type { Followed } from './oracle.ts';
import type { CustomerPlan } from './plan.ts';

/** The old provider's offers by rhythm, and one that our catalogue does not know. */
export interface LegacyOffers {
  readonly month: string;
  readonly year: string;
  readonly unmapped: string;
}

type ImportRecord = Readonly<Record<string, unknown>>;

/** As the simulator's import takes them. */
export interface LegacyRecords {
  readonly users: readonly ImportRecord[];
  readonly subscriptions: readonly ImportRecord[];
  readonly payments: readonly ImportRecord[];
}

const dayMs = 86_400_000;

/** One customer's records at the old provider: a history of payments up to now, in the form the kind asks for. */
export function legacyRecordsOf(customer: CustomerPlan, offers: LegacyOffers, nowMs: number): LegacyRecords {
  const user = userOf(customer);
  const all = subscriptionsOf(customer, nowMs).map((each) => recordsOf(customer, each, offers, user.id));
  return {
    users: [user],
    subscriptions: all.map(({ subscription }) => subscription),
    payments: all.flatMap(({ payments }) => payments),
  };
}

interface LegacyTimes {
  readonly id: string;
  readonly startMs: number;
  readonly endMs: number;
}

function subscriptionsOf(customer: CustomerPlan, nowMs: number): readonly LegacyTimes[] {
  const { kind, interval, paidForMs } = customer;
  const toSecond = (ms: number) => Math.floor(ms / 1_000) * 1_000;
  const endMs = toSecond(nowMs) + (kind === 'canceled' ? -5 * dayMs : paidForMs);
  const startMs = kind === 'trial' ? endMs - 14 * dayMs : before(endMs, interval);
  const times = { id: legacyId(customer, 0), startMs, endMs };
  if (kind !== 'duplicate') return [times];
  const laterMs = endMs + 10_000;
  return [times, { id: legacyId(customer, 1), startMs: before(laterMs, interval), endMs: laterMs }];
}

export function legacyIdsOf(customer: CustomerPlan): readonly string[] {
  return (customer.kind === 'duplicate' ? [0, 1] : [0]).map((which) => legacyId(customer, which));
}

/** An order's number, such as the vendor makes them: 16 letters and digits. */
function legacyId({ index, organizationId }: CustomerPlan, which: number): string {
  const seed = Number(organizationId.split('_')[1] ?? 0);
  return `L${which}S${seed.toString(36).padStart(5, '0')}N${String(index).padStart(7, '0')}`;
}

function before(ms: number, interval: 'month' | 'year'): number {
  const date = new Date(ms);
  const day = date.getUTCDate();
  date.setUTCMonth(date.getUTCMonth() - (interval === 'month' ? 1 : 12), 1);
  const lastDay = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  date.setUTCDate(Math.min(day, lastDay));
  return date.getTime();
}

function userOf(customer: CustomerPlan) {
  const { kind, organizationId, index, country } = customer;
  const isStranger = kind === 'a stranger’s';
  const noEmail = kind === 'without e-mail';
  return {
    id: `${String(index).padStart(8, '0')}-0000-4000-8000-${seedOf(organizationId)}`,
    email: emailOf(customer) ?? `${organizationId}@nowhere.example`,
    internalId: isStranger ? null : organizationId,
    details: { type: 'individual', countryCode: country, postalCode: '10115' },
    card: '4242424242424242',
    ...(noEmail && { overrides: { email: null } }),
  };
}

export function emailOf({ kind, organizationId }: CustomerPlan): string | null {
  return kind === 'without e-mail' ? null : `${organizationId}@example.com`;
}

function seedOf(organizationId: string): string {
  return (organizationId.split('_')[1] ?? '').padStart(12, '0').slice(-12);
}

function recordsOf(
  customer: CustomerPlan,
  times: LegacyTimes,
  offers: LegacyOffers,
  userId: string,
): { readonly subscription: ImportRecord; readonly payments: readonly ImportRecord[] } {
  const { kind, interval, quantity } = customer;
  const { id, startMs, endMs } = times;
  const subscription = {
    ...{ id, userId, quantity, offerId: kind === 'unmapped' ? offers.unmapped : offers[interval] },
    ...{ status: statusOf(kind), createdAt: kind === 'trial' ? startMs : before(startMs, interval) },
    ...{ currentIntervalStart: startMs, currentIntervalEnd: endMs, cancelAtIntervalEnd: kind === 'ends' },
    canceledAt: kind === 'canceled' || kind === 'ends' ? startMs + dayMs : null,
  };
  const earlier = before(startMs, interval);
  const paid = (fromMs: number, toMs: number, more: object) => ({
    ...{ subscriptionId: id, createdAt: fromMs, intervalStart: fromMs, intervalEnd: toMs, ...more },
  });
  const payments =
    kind === 'trial'
      ? [{ subscriptionId: id, type: 'subscription_initial', value: 0, createdAt: startMs }]
      : [
          paid(earlier, startMs, { type: 'subscription_initial' }),
          paid(startMs, endMs, { type: 'subscription_interval', status: paymentStatusOf(kind) }),
        ];
  return { subscription, payments };
}

function statusOf(kind: CustomerPlan['kind']): string {
  if (kind === 'trial') return 'trialing';
  if (kind === 'past due') return 'past_due';
  return kind === 'canceled' ? 'canceled' : 'active';
}

function paymentStatusOf(kind: CustomerPlan['kind']): string {
  if (kind === 'past due') return 'FAILED';
  return kind === 'refunded' ? 'REFUNDED' : 'PAID';
}

/** What must become of a customer's subscriptions, once it is known what they did. */
export function followedOf(customer: CustomerPlan, did: Did, nowMs: number): readonly Followed[] {
  const { kind } = customer;
  return subscriptionsOf(customer, nowMs).map(({ id, startMs, endMs }) => ({
    organizationId: kind === 'a stranger’s' ? null : customer.organizationId,
    legacyId: id,
    what: `${kind}, ${isMovable(kind) ? `${customer.behaviour}: ${did}` : 'not to be moved'}`,
    fate: fateOf(customer, did),
    cover: coverOf(customer, did, { startMs, endMs }),
    free: kind === 'trial' ? { fromMs: startMs, toMs: endMs } : null,
  }));
}

/** What a customer really did. `canceled`: at the old provider, on their own. */
export type Did = 'paid' | 'nothing' | 'canceled';

export function isMovable(kind: CustomerPlan['kind']): boolean {
  return kind === 'monthly' || kind === 'yearly' || kind === 'trial' || kind === 'duplicate';
}

function fateOf({ kind }: CustomerPlan, did: Did): Followed['fate'] {
  if (kind === 'canceled' || kind === 'ends') return 'ends';
  if (!isMovable(kind)) return 'stays';
  if (did === 'canceled') return 'ends';
  if (did === 'nothing') return 'stays';
  return kind === 'duplicate' ? 'twin' : 'moves';
}

function coverOf(
  { kind }: CustomerPlan,
  did: Did,
  { startMs, endMs }: { readonly startMs: number; readonly endMs: number },
): Followed['cover'] {
  if (kind === 'canceled' || kind === 'past due') return null;
  // What was given back covers nothing; the next period is due again.
  if (kind === 'refunded') return { fromMs: endMs, toMs: null };
  const hasLeft = kind === 'ends' || (isMovable(kind) && did === 'canceled');
  return { fromMs: startMs, toMs: hasLeft ? endMs : null };
}

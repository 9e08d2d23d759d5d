import { monthsAfter } from '../../../src/domain/calendar/calendar.ts';
import type { PaymentTruth } from '../../../src/domain/checkout/truth.ts';
import { BillingError } from '../../../src/domain/errors.ts';
import type { SubscriptionTruth } from '../../../src/domain/subscription/truth.ts';
import type { ProviderClient } from '../../../src/providers/port.ts';

const iso = (ms: number) => new Date(ms).toISOString();

/** One period that somebody has paid for. */
export interface Charge {
  readonly provider: string;
  readonly from: string;
  readonly to: string;
}

/** What goes wrong with the next call of an operation: `call_lost` never arrived, `answer_lost` was done all the same. */
export type Fault = 'call_lost' | 'answer_lost' | 'refused';

/** A provider that renews what it has by the world's clock, and keeps every charge. */
export interface Side {
  readonly name: string;
  readonly all: Map<string, SubscriptionTruth>;
  /** What it was told, in order. */
  readonly calls: string[];
  /** Strikes once. */
  readonly faults: Map<string, Fault>;
  readonly ledger: Charge[];
  isAway: boolean;
  /** Charges and ends what is due by then. */
  tick(nowMs: number): void;
  readonly client: ProviderClient;
}

export function createSide(name: string, now: () => number): Side {
  const never = () => Promise.reject(new Error('not part of this test'));
  const side: Omit<Side, 'client'> = {
    ...{ name, all: new Map(), calls: [], faults: new Map(), ledger: [], isAway: false },
    tick(nowMs) {
      for (const [id, truth] of side.all) side.all.set(id, upTo(side, truth, nowMs));
    },
  };
  const change = async (what: string, id: string, to: (truth: SubscriptionTruth) => SubscriptionTruth) => {
    const fault = side.faults.get(what.split(' ')[0] ?? '');
    if (side.isAway) throw away();
    side.faults.delete(what.split(' ')[0] ?? '');
    if (fault === 'refused') throw new BillingError({ code: 'provider_rejected', kind: 'invalid', message: 'No.' });
    if (fault === 'call_lost') throw away();
    side.calls.push(what);
    const truth = to(mustHave(side, id));
    side.all.set(id, truth);
    if (fault === 'answer_lost') throw away();
    return truth;
  };
  const subscriptions: NonNullable<ProviderClient['subscriptions']> = {
    get: async ({ providerSubscriptionId: id }) => {
      if (side.isAway) throw away();
      return side.all.get(id) ?? null;
    },
    list: never,
    cancel: ({ providerSubscriptionId: id, when }) =>
      change(`cancel ${when}`, id, (truth) => {
        if (truth.status === 'canceled' || (when === 'period_end' && truth.cancelAtPeriodEnd)) return truth;
        const canceledAt = iso(now());
        return when === 'now'
          ? { ...truth, status: 'canceled', canceledAt, endedAt: canceledAt }
          : { ...truth, cancelAtPeriodEnd: true, cancelAt: truth.currentPeriodEnd, canceledAt };
      }),
    setTrialEnd: ({ providerSubscriptionId: id, trialEnd }) =>
      change(`trial ${trialEnd}`, id, (truth) => ({
        ...truth,
        status: 'trialing',
        trialEnd,
        currentPeriodEnd: trialEnd,
      })),
  };
  return {
    ...side,
    get isAway() {
      return side.isAway;
    },
    set isAway(value) {
      side.isAway = value;
    },
    client: {
      ...{ account: { check: never }, customerData: { export: never, erase: never }, subscriptions },
      customers: { create: never, get: never, update: never, remove: never, find: never },
      checkouts: { create: never, get: never },
    },
  };
}

/** A subscription in a paid period that ends then, or, with no charge, in a trial up to then. */
export function running(id: string, endMs: number, isTrial: boolean, startMs = monthsAfter(endMs, -1, 'UTC')) {
  const end = iso(endMs);
  const truth: SubscriptionTruth = {
    ...{ providerSubscriptionId: id, providerCustomerId: 'cus', status: isTrial ? 'trialing' : 'active', quantity: 1 },
    ...{ amount: { amountMinor: 900, currency: 'USD' }, price: null, currentPeriodStart: iso(startMs) },
    ...{ currentPeriodEnd: end, trialStart: null, trialEnd: isTrial ? end : null, cancelAtPeriodEnd: false },
    ...{ cancelAt: null, canceledAt: null, endedAt: null, pausedAt: null, resumesAt: null, invoices: [] },
    payments: isTrial ? [] : [paid(`${id}/${iso(startMs)}`, startMs)],
  };
  return truth;
}

function upTo(side: Pick<Side, 'ledger' | 'name'>, truth: SubscriptionTruth, nowMs: number): SubscriptionTruth {
  let now = truth;
  for (;;) {
    const endMs = Date.parse(now.currentPeriodEnd ?? '');
    if (now.status === 'canceled' || !(endMs <= nowMs)) return now;
    if (now.cancelAtPeriodEnd) return { ...now, status: 'canceled', endedAt: iso(endMs) };
    const nextMs = monthsAfter(endMs, 1, 'UTC');
    side.ledger.push({ provider: side.name, from: iso(endMs), to: iso(nextMs) });
    const payment = paid(`${now.providerSubscriptionId}/${iso(endMs)}`, endMs);
    now = {
      ...now,
      ...{ status: 'active', currentPeriodStart: iso(endMs), currentPeriodEnd: iso(nextMs) },
      payments: [...now.payments, payment],
    };
  }
}

function paid(id: string, atMs: number): PaymentTruth {
  return {
    ...{ providerPaymentId: id, status: 'succeeded', amount: { amountMinor: 900, currency: 'USD' }, taxMinor: null },
    ...{ refundedMinor: 0, method: 'card', declineCode: null, paidAt: iso(atMs), providerInvoiceId: null },
  };
}

function mustHave(side: Pick<Side, 'all' | 'name'>, id: string): SubscriptionTruth {
  const truth = side.all.get(id);
  if (truth) return truth;
  throw new BillingError({ code: 'provider_object_missing', kind: 'not_found', message: `${side.name} has no ${id}` });
}

function away(): BillingError {
  return new BillingError({ code: 'provider_timeout', kind: 'unavailable', message: 'Late.' });
}

import { BillingError, type ErrorKind } from '../../../src/domain/errors.ts';
import type { RefundTruth } from '../../../src/domain/payment/truth.ts';
import type { SubscriptionTruth } from '../../../src/domain/subscription/truth.ts';
import type { ProviderClient } from '../../../src/providers/port.ts';
import type { MoneyResult } from '../../../src/providers/port-money.ts';
import type { CreateSubscriptionInput } from '../../../src/providers/port-subscriptions.ts';
import { anAcme, aTruth } from './direct-world.ts';

/** What becomes of one call that begins a subscription. `late`, `too_late`: done this long after it was sent. */
export type Fate =
  | 'done'
  | 'waits'
  | 'declined'
  | 'rejected'
  | 'unreachable'
  | 'rate_limited'
  | 'lost'
  | 'lost_done'
  | 'late'
  | 'too_late'
  | 'crash'
  | 'crash_done';

const lateMs = { late: 12_000, too_late: 45_000 } as const;
const priceMinor = 2_900;

interface Begun {
  readonly id: string;
  readonly key: string;
  atMs: number;
  readonly isPaid: boolean;
  status: SubscriptionTruth['status'];
  refundedMinor: number;
}

interface Sent {
  readonly atMs: number;
  isUnclear: boolean;
  looks: number;
}

/**
 * A provider with books: what it began, charged and paid back. The same key begins nothing twice; what is done late is
 * not seen before.
 */
export function aBank(name: string, now: () => number, beforeCreate: () => void = () => undefined) {
  const begun: Begun[] = [];
  const sent: Sent[] = [];
  const fates: Fate[] = [];
  const deaf: ('before' | 'after')[] = [];
  const refunds: RefundTruth[] = [];
  const acme = anAcme();
  const seen = () => begun.filter(({ atMs }) => atMs <= now());

  function begin(input: CreateSubscriptionInput, atMs: number, status: Begun['status'] = 'active'): Begun {
    const known = begun.find(({ key }) => key === input.idempotencyKey);
    if (known) {
      known.atMs = Math.min(known.atMs, atMs);
      return known;
    }
    const id = `${name}_${begun.length + 1}`;
    const isPaid = status === 'active' && input.trialEnd === null;
    const made = { id, key: input.idempotencyKey, atMs, isPaid, status, refundedMinor: 0 };
    begun.push(made);
    return made;
  }

  function truthOf(each: Begun): SubscriptionTruth {
    const { id, status, isPaid, refundedMinor, atMs } = each;
    const money = { amountMinor: priceMinor, currency: 'USD' };
    const at = new Date(atMs).toISOString();
    const payment = {
      ...{ providerPaymentId: `${id}_pay`, status: 'succeeded' as const, amount: money, taxMinor: null, refundedMinor },
      ...{ method: 'card', declineCode: null, paidAt: at, providerInvoiceId: null },
    };
    return {
      ...{ ...aTruth(id, status), providerSubscriptionId: id, providerCustomerId: `${name}_cus` },
      payments: isPaid ? [payment] : [],
    };
  }

  async function create(input: CreateSubscriptionInput): Promise<MoneyResult<SubscriptionTruth>> {
    beforeCreate();
    const call: Sent = { atMs: now(), isUnclear: false, looks: 0 };
    sent.push(call);
    const fate = fates.shift() ?? 'done';
    switch (fate) {
      case 'done':
        return { outcome: 'succeeded', value: truthOf(begin(input, now())) };
      case 'waits':
        return {
          ...{ outcome: 'pending', value: truthOf(begin(input, now(), 'incomplete')) },
          nextAction: { kind: 'redirect', url: 'https://bank.example' },
        };
      case 'declined':
        return { outcome: 'declined', declineCode: 'generic_decline', providerCode: null, value: null };
      case 'rejected':
        throw anError('provider_rejected', 'invalid');
      case 'unreachable':
        throw anError('provider_unreachable', 'unavailable');
      case 'rate_limited':
        throw anError('provider_rate_limited', 'rate_limited');
      case 'lost_done':
      case 'crash_done':
        begin(input, now());
        break;
      case 'late':
      case 'too_late':
        begin(input, now() + lateMs[fate]);
        break;
      case 'lost':
      case 'crash':
    }
    call.isUnclear = true;
    if (fate.startsWith('crash')) throw new Error('the worker dies');
    return { outcome: 'unknown', reason: 'timeout', providerCode: null };
  }

  const client: ProviderClient = {
    ...acme.client,
    customers: {
      ...acme.client.customers,
      create: async ({ organizationId, email }) => ({ providerCustomerId: `${name}_cus`, organizationId, email }),
    },
    subscriptions: {
      list: () => Promise.reject(new Error('not for these tests')),
      create,
      find: async () => {
        for (const call of sent) call.looks += 1;
        const found = seen().toSorted((a, b) => Number(isLive(b)) - Number(isLive(a)))[0];
        return found === undefined ? null : truthOf(found);
      },
      get: async ({ providerSubscriptionId }) => {
        const found = seen().find(({ id }) => id === providerSubscriptionId);
        return found === undefined ? null : truthOf(found);
      },
      async cancel({ providerSubscriptionId }) {
        const found = begun.find(({ id }) => id === providerSubscriptionId);
        if (!found) throw anError('provider_rejected', 'not_found');
        const fault = deaf.shift();
        if (fault === 'before') throw anError('provider_unreachable', 'unavailable');
        found.status = 'canceled';
        if (fault === 'after') throw new Error('the worker dies');
        return truthOf(found);
      },
    },
    refunds: {
      list: async () => refunds,
      async create({ providerPaymentId, amount, refundId }) {
        const found = begun.find(({ id }) => `${id}_pay` === providerPaymentId);
        if (!found || found.refundedMinor + amount.amountMinor > priceMinor)
          throw anError('refund_exceeds_payment', 'conflict');
        found.refundedMinor += amount.amountMinor;
        const truth: RefundTruth = {
          ...{ providerRefundId: `${providerPaymentId}_re`, providerPaymentId, refundId, status: 'succeeded', amount },
          ...{ taxMinor: null, createdAt: new Date(now()).toISOString() },
        };
        refunds.push(truth);
        return { outcome: 'succeeded', value: truth };
      },
    },
  };
  const isLive = ({ status }: Begun) => status === 'active' || status === 'incomplete';
  return {
    name,
    client,
    fates,
    /** Calls that end one, of which nothing is heard. */
    deaf,
    sent,
    begun,
    live: () => begun.filter(({ status }) => status === 'active').map(({ id }) => id),
    /** What it has of the customer's money. */
    netMinor: () =>
      begun.reduce((sum, { isPaid, refundedMinor }) => sum + (isPaid ? priceMinor - refundedMinor : 0), 0),
  };
}

export type Bank = ReturnType<typeof aBank>;

function anError(code: string, kind: ErrorKind): BillingError {
  return new BillingError({ code, kind, message: code });
}

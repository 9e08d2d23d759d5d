import { createCallGate } from '../../../src/activities/call-gate.ts';
import type { ActivityDeps } from '../../../src/activities/deps.ts';
import { createEndCheckout } from '../../../src/activities/end-checkout.ts';
import { createGiveUpStray } from '../../../src/activities/give-up-stray.ts';
import { createOpenCheckout } from '../../../src/activities/open-checkout.ts';
import { createRefundPayment } from '../../../src/activities/refund-payment.ts';
import { createResolveStray } from '../../../src/activities/resolve-stray.ts';
import type { ResolvedStray } from '../../../src/activities/stray-look.ts';
import { createSettleCheckout } from '../../../src/activities/settle-checkout.ts';
import type { CheckoutTruth } from '../../../src/domain/checkout/truth.ts';
import { BillingError } from '../../../src/domain/errors.ts';
import type { RefundTruth } from '../../../src/domain/payment/truth.ts';
import type { CreateCheckoutInput, CreateCheckoutResult, ProviderClient } from '../../../src/providers/port.ts';
import { fakeProviders } from '../api/fake-providers.ts';
import { aClient, aPayment, aRefundTruth, aTruth, openMoneyWorld } from './money-support.ts';

/** A provider of the fakes' with its sessions; a test says how it answers. */
export interface FakeProvider {
  readonly id: string;
  readonly sessions: Map<string, { truth: CheckoutTruth; checkoutId: string }>;
  readonly calls: string[];
  /** What `create` was called with. */
  readonly asked: CreateCheckoutInput[];
  /** What `create` answers; a session is made all the same where it says so. */
  answers: (CreateCheckoutResult | BillingError | 'lose')[];
  canFind: boolean;
  canEnd: boolean;
  /** Runs before each call: throw to be away. */
  before: (call: string) => void;
  refundStatus: RefundTruth['status'] | 'refuse';
  canceled: string[];
  /** Money taken and not returned, in minor units. */
  net(): number;
  open(checkoutId: string, id?: string): string;
  pay(id: string, changes?: Partial<CheckoutTruth>): void;
}

export const scope = { projectId: 'p', live: false };

let count = 0;

function aProvider(id: string): { fake: FakeProvider; client: ProviderClient } {
  const refunds: RefundTruth[] = [];
  const fake: FakeProvider = {
    ...{ id, sessions: new Map(), calls: [], asked: [], answers: [], canFind: true, canEnd: true },
    ...{ before: () => undefined, refundStatus: 'succeeded', canceled: [] },
    net: () =>
      [...fake.sessions.values()].reduce((sum, { truth }) => sum + (truth.payment?.amount.amountMinor ?? 0), 0) -
      refunds.reduce((sum, { amount }) => sum + amount.amountMinor, 0),
    open(checkoutId, sessionId = `${id}_session_${(count += 1)}`) {
      const truth = aTruth({ providerCheckoutId: sessionId, state: 'open', payment: null });
      fake.sessions.set(sessionId, { truth, checkoutId });
      return sessionId;
    },
    pay(sessionId, changes = {}) {
      const session = fake.sessions.get(sessionId);
      if (!session) throw new Error(`no session ${sessionId}`);
      const objects = [{ kind: 'order', id: `order_of_${sessionId}` }];
      session.truth = { ...session.truth, state: 'paid', payment: aPayment(), objects, ...changes };
    },
  };
  const called = (call: string) => {
    fake.calls.push(call);
    fake.before(call);
  };
  const client = aClient({
    checkouts: {
      async create(input) {
        const { checkoutId } = input;
        called('create');
        fake.asked.push(input);
        const answer = fake.answers.shift();
        if (answer instanceof BillingError) throw answer;
        if (answer === 'lose') {
          fake.open(checkoutId);
          return { outcome: 'unknown', reason: 'timeout', providerCode: 'timeout' };
        }
        if (answer) return answer;
        const providerCheckoutId = fake.open(checkoutId);
        return {
          ...{ outcome: 'opened', providerCheckoutId, url: `https://pay.example/${providerCheckoutId}` },
          ...{ expiresAt: new Date(Date.now() + 86_400_000).toISOString(), providerCustomerId: null },
          ...{ paymentMethods: ['card'], amount: null, objects: [] },
        };
      },
      async get(sessionId) {
        called('get');
        return fake.sessions.get(sessionId)?.truth ?? null;
      },
      async find(query) {
        called('find');
        const mine = [...fake.sessions].filter(([, { checkoutId }]) => checkoutId === query.checkoutId);
        return mine.map(([providerCheckoutId]) => ({ providerCheckoutId }));
      },
      async end({ providerCheckoutId }) {
        called('end');
        const session = fake.sessions.get(providerCheckoutId);
        if (session?.truth.state !== 'open') return 'already_settled';
        session.truth = { ...session.truth, state: 'expired' };
        return 'ended';
      },
    },
    refunds: {
      async create(input) {
        called('refund');
        if (fake.refundStatus === 'refuse')
          throw new BillingError({ code: 'payment_not_refundable', kind: 'conflict', message: 'no' });
        const { providerPaymentId, refundId, amount } = input;
        const truth = aRefundTruth({ providerPaymentId, refundId, amount, status: fake.refundStatus });
        refunds.push(truth);
        return { outcome: 'succeeded', value: truth };
      },
      list: async ({ providerPaymentId }) => refunds.filter((each) => each.providerPaymentId === providerPaymentId),
    },
    subscriptions: {
      get: async () => null,
      list: async () => ({ items: [], nextCursor: null }),
      async cancel({ providerSubscriptionId }) {
        called('cancel');
        fake.canceled.push(providerSubscriptionId);
        return aSubscription(providerSubscriptionId, 'canceled');
      },
    },
  });
  return { fake, client };
}

export function aSubscription(
  providerSubscriptionId: string,
  status: 'active' | 'canceled' = 'active',
): NonNullable<CheckoutTruth['subscription']> {
  return {
    ...{ providerSubscriptionId, providerCustomerId: 'cus_1', status, amount: null, price: null, quantity: 1 },
    ...{ currentPeriodStart: '2026-11-21T10:00:00.000Z', currentPeriodEnd: '2026-12-21T10:00:00.000Z' },
    ...{ trialStart: null, trialEnd: null, cancelAtPeriodEnd: false, cancelAt: null, canceledAt: null, endedAt: null },
    ...{ pausedAt: null, resumesAt: null, invoices: [], payments: [] },
  };
}

/** Two providers, `merchant` and `world`, and the activities of a checkout's life over a real database. */
export async function openStrayWorld() {
  const money = await openMoneyWorld();
  const fakes = () => {
    const [first, second] = [aProvider('merchant'), aProvider('world')];
    const clients = new Map([first, second].map(({ fake, client }) => [fake.id, { fake, client }]));
    const account: ActivityDeps['providers']['account'] = async (_project, _live, id) => {
      const found = clients.get(id);
      if (!found) return null;
      const { canFind, canEnd } = found.fake;
      const able: ProviderClient['checkouts'] = { ...found.client.checkouts };
      if (!canFind) Reflect.deleteProperty(able, 'find');
      if (!canEnd) Reflect.deleteProperty(able, 'end');
      return { live: false, webhookSecrets: [], client: { ...found.client, checkouts: able } };
    };
    const providers = { ...fakeProviders(['merchant', 'world']), account };
    const deps: ActivityDeps = { ...money.deps(first.client), providers, background: providers };
    const resolve = createResolveStray(deps);
    const refund = createRefundPayment(deps);
    return {
      ...{ merchant: first.fake, world: second.fake, deps },
      open: createOpenCheckout(deps, createCallGate(10)),
      settle: createSettleCheckout(deps),
      end: createEndCheckout(deps),
      giveUp: createGiveUpStray(deps),
      look: (checkoutId: string, provider = 'merchant', looks = 0): Promise<ResolvedStray> =>
        resolve({ ...scope, checkoutId, provider, looks }),
      /** Looks until nothing is left to do, carrying out what the workflow would. */
      async untilDone(checkoutId: string, provider = 'merchant'): Promise<ResolvedStray> {
        for (let looks = 0; ; looks += 1) {
          const seen = await resolve({ ...scope, checkoutId, provider, looks });
          if (seen.refundId !== null) await refund({ ...scope, refundId: seen.refundId });
          for (const other of seen.others) await this.untilDone(checkoutId, other);
          if (seen.lookAgainMs === null || looks > 5) return seen;
        }
      },
    };
  };
  return {
    ...money,
    fakes,
    /** A checkout whose first provider's answer was lost, and which the second has opened. */
    async aFallenBack(world: ReturnType<typeof fakes>, changes: { mode?: string } = {}) {
      const checkoutId = await money.aCheckout({ status: 'creating', ...changes });
      world.merchant.answers.push('lose');
      const { left } = await world.open({ ...scope, checkoutId, provider: 'merchant', left: [] });
      await world.open({ ...scope, checkoutId, provider: 'world', left });
      const [stray = ''] = [...world.merchant.sessions].flatMap(([id, each]) =>
        each.checkoutId === checkoutId ? id : [],
      );
      const [own = ''] = [...world.world.sessions].flatMap(([id, each]) => (each.checkoutId === checkoutId ? id : []));
      return { checkoutId, stray, own };
    },
    /** As if the first call had been lost this long ago. */
    age: (checkoutId: string, ms: number) =>
      money.query(
        `update stray_sessions set asked_at = now() - make_interval(secs => ?), version = version + 1
         where checkout_id = ?`,
        [ms / 1_000, checkoutId],
      ),
    strayOf: async (checkoutId: string, provider = 'merchant') =>
      (
        await money.query('select * from stray_sessions where checkout_id = ? and provider = ?', [checkoutId, provider])
      )[0],
    rowOf: async (checkoutId: string) => (await money.query('select * from checkouts where id = ?', [checkoutId]))[0],
    reviewsOf: (checkoutId: string) =>
      money.query(
        'select kind, status, provider, summary, evidence from review_items where entity_id = ? order by id',
        [checkoutId],
      ),
    fallbacksOf: (checkoutId: string) =>
      money.query(
        'select attempted_provider, fallback_provider, reason, provider_code from fallbacks where checkout_id = ?',
        [checkoutId],
      ),
  };
}

export type StrayWorld = Awaited<ReturnType<typeof openStrayWorld>>;

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyCheckoutTruth } from '../../../src/activities/apply-checkout-truth.ts';
import { createRefundPayment } from '../../../src/activities/refund-payment.ts';
import { CheckoutEntity } from '../../../src/db/entities/checkout.ts';
import { RefundEntity } from '../../../src/db/entities/payment.ts';
import { newId } from '../../../src/db/new-id.ts';
import { reserveRefund, type Reservation } from '../../../src/db/queries/refunds.ts';
import { BillingError } from '../../../src/domain/errors.ts';
import type { RefundTruth } from '../../../src/domain/payment/truth.ts';
import type { CreateRefundInput, MoneyResult, RefundOperations } from '../../../src/providers/port-money.ts';
import { aClient, aPayment, aRefundTruth, aTruth, openMoneyWorld, type MoneyWorld } from './money-support.ts';

let world: MoneyWorld;
beforeAll(async () => {
  world = await openMoneyWorld();
});
afterAll(() => world?.close());

const scope = { projectId: 'p', live: false };

interface Sale {
  readonly checkoutId: string;
  readonly providerPaymentId: string;
}

/** A checkout that was paid with 4900. */
async function aSale(): Promise<Sale> {
  const checkoutId = await world.aCheckout();
  const payment = aPayment();
  const em = world.orm.em.fork();
  const row = await em.findOneOrFail(CheckoutEntity, { id: checkoutId });
  await applyCheckoutTruth(em.fork(), row, aTruth({ payment }));
  return { checkoutId, providerPaymentId: payment.providerPaymentId };
}

function reserve(sale: Sale, amountMinor: number | null, id = newId('re')): Promise<Reservation> {
  return reserveRefund(world.orm.em.fork(), scope, {
    ...{ id, amountMinor, reason: 'requested_by_customer', actor: 'key_1', canRefund: () => true },
    target: { organizationId: 'org_1', checkoutId: sale.checkoutId, invoiceId: null },
  });
}

async function aRefund(sale: Sale, amountMinor: number | null = null): Promise<string> {
  const reservation = await reserve(sale, amountMinor);
  if (reservation.outcome !== 'reserved') throw new Error(reservation.outcome);
  return reservation.refund.id;
}

type Answer = MoneyResult<RefundTruth> | BillingError;

/** A provider that carries our id or, as some, nothing of ours; `answers` are what it says, then it just works. */
function aProvider(options: { readonly answers?: Answer[]; readonly carriesId?: boolean } = {}) {
  const { answers = [], carriesId = true } = options;
  const calls: CreateRefundInput[] = [];
  const made: RefundTruth[] = [];
  const make = (input: CreateRefundInput): RefundTruth => {
    const { providerPaymentId, refundId, amount } = input;
    const refund = aRefundTruth({ providerPaymentId, amount, refundId: carriesId ? refundId : null });
    made.push(refund);
    return refund;
  };
  const operations: RefundOperations = {
    async create(input) {
      calls.push(input);
      const answer = answers.shift();
      if (answer instanceof Error) throw answer;
      return answer ?? { outcome: 'succeeded', value: make(input) };
    },
    list: async ({ providerPaymentId }) => made.filter((each) => each.providerPaymentId === providerPaymentId),
  };
  const run = createRefundPayment(world.deps(aClient({ refunds: operations })));
  return { calls, made, make, run: (refundId: string) => run({ ...scope, refundId }) };
}

const rowOf = async (id: string) => (await world.query('select * from refunds where id = ?', [id]))[0] ?? {};
const refundsOf = (sale: Sale) =>
  world.query(
    `select refunds.status, refunds.amount_minor::int as amount from refunds join payments on payments.id = payment_id
     where payments.provider_payment_id = ? order by refunds.id`,
    [sale.providerPaymentId],
  );
const sumsOf = async (sale: Sale) =>
  (
    await world.query(
      `select payments.refunded_minor::int as payment, orders.refunded_minor::int as order, orders.status,
         invoices.amount_refunded_minor::int as invoice, invoices.status as paper
       from payments join orders on orders.payment_id = payments.id join invoices on invoices.id = payments.invoice_id
       where payments.provider_payment_id = ?`,
      [sale.providerPaymentId],
    )
  )[0];
/** As if the request had been sent, and looked for, a minute earlier. */
async function age(id: string): Promise<void> {
  const earlier = (at: string) => new Date(Date.parse(at) - 60_000).toISOString();
  const em = world.orm.em.fork();
  const row = await em.findOneOrFail(RefundEntity, { id });
  const { sending } = row;
  if (sending?.sentAt == null) throw new Error('it was not sent');
  row.sending = { ...sending, sentAt: earlier(sending.sentAt), emptyLooks: sending.emptyLooks.map(earlier) };
  await em.flush();
}

const unknown = { outcome: 'unknown', reason: 'timeout', providerCode: null } as const satisfies Answer;
const refusal = (code: string, kind: BillingError['kind'], details = {}) =>
  new BillingError({ code, kind, message: 'no', details });

describe('a refund', () => {
  it('in two parts pays back all, and payment, invoice and order say so', async () => {
    const sale = await aSale();
    const provider = aProvider();
    expect(await provider.run(await aRefund(sale, 1900))).toMatchObject({ status: 'succeeded' });
    expect(await sumsOf(sale)).toEqual({
      ...{ payment: 1900, order: 1900, status: 'partially_refunded', invoice: 1900, paper: 'partially_refunded' },
    });
    const rest = await aRefund(sale);
    await provider.run(rest);
    expect(provider.calls.map(({ amount, refundedMinor }) => [amount.amountMinor, refundedMinor])).toEqual([
      [1900, 0],
      [3000, 1900],
    ]);
    expect(await sumsOf(sale)).toEqual({
      ...{ payment: 4900, order: 4900, status: 'refunded', invoice: 4900, paper: 'refunded' },
    });
    expect(await world.events(rest)).toEqual(['refund.created', 'refund.succeeded']);
    const audit = await world.query('select action, actor from audit_log where entity_id = ? order by id', [rest]);
    expect(audit[0]).toEqual({ action: 'refund.requested', actor: 'key_1' });
    expect(audit.map(({ action }) => action)).toEqual(['refund.requested', 'refund.sent', 'refund.succeeded']);
  });

  it('is sent once, however often it is run', async () => {
    const sale = await aSale();
    const provider = aProvider();
    const id = await aRefund(sale);
    for (const _ of [1, 2, 3]) expect(await provider.run(id)).toMatchObject({ status: 'succeeded' });
    expect(provider.calls).toHaveLength(1);
  });

  it('that the bank declines has failed, and frees what it reserved', async () => {
    const sale = await aSale();
    const declined: Answer = {
      ...{ outcome: 'declined', declineCode: 'generic_decline', providerCode: 'expired_account', value: null },
    };
    const id = await aRefund(sale);
    expect(await aProvider({ answers: [declined] }).run(id)).toMatchObject({ status: 'failed' });
    expect(await rowOf(id)).toMatchObject({
      failure_code: 'refund_declined',
      failure_detail: { provider_code: 'expired_account' },
    });
    expect(await world.events(id)).toEqual(['refund.created', 'refund.failed']);
    expect(await aProvider().run(await aRefund(sale))).toMatchObject({ status: 'succeeded' });
  });

  it('that waits is followed until it is settled', async () => {
    const sale = await aSale();
    const provider = aProvider();
    const id = await aRefund(sale, 1000);
    const value = aRefundTruth({ providerPaymentId: sale.providerPaymentId, refundId: id, status: 'pending' });
    const waiting = aProvider({ answers: [{ outcome: 'pending', value, nextAction: null }] });
    expect(await waiting.run(id)).toMatchObject({ status: 'pending' });
    expect(await sumsOf(sale)).toMatchObject({ payment: 0, status: 'paid' });
    expect(await reserve(sale, 4900)).toEqual({ outcome: 'too_much', refundableMinor: 3900 });
    provider.made.push({ ...value, status: 'succeeded' });
    expect(await provider.run(id)).toMatchObject({ status: 'succeeded' });
    expect(provider.calls).toEqual([]);
    expect(await sumsOf(sale)).toMatchObject({ payment: 1000, status: 'partially_refunded' });
  });

  it.each([true, false])('whose answer was lost is found, with our id carried: %s', async (carriesId) => {
    const sale = await aSale();
    const provider = aProvider({ answers: [unknown], carriesId });
    const id = await aRefund(sale, 1000);
    expect(await provider.run(id)).toMatchObject({ status: 'unknown' });
    expect(await reserve(sale, 1)).toEqual({ outcome: 'in_progress', refundId: id });
    const [call] = provider.calls;
    if (call) provider.make(call);
    expect(await provider.run(id)).toMatchObject({ status: 'succeeded' });
    expect(provider.calls).toHaveLength(1);
    expect(await refundsOf(sale)).toEqual([{ status: 'succeeded', amount: 1000 }]);
  });

  it.each([
    { reason: 'timeout', keys: 1 },
    { reason: 'api_error', keys: 2 },
  ] as const)('that is not there after a $reason on two looks is sent again, by one of $keys keys', async (case_) => {
    const { reason, keys } = case_;
    const sale = await aSale();
    const provider = aProvider({ answers: [{ ...unknown, reason }] });
    const id = await aRefund(sale);
    await provider.run(id);
    for (const _ of [1, 2]) expect(await provider.run(id)).toMatchObject({ status: 'unknown' });
    await age(id);
    expect(await provider.run(id)).toMatchObject({ status: 'unknown' });
    expect(provider.calls).toHaveLength(1);
    await age(id);
    expect(await provider.run(id)).toMatchObject({ status: 'succeeded' });
    expect(provider.calls).toHaveLength(2);
    expect(new Set(provider.calls.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(keys);
    expect(provider.made).toHaveLength(1);
  });

  it('answered with a failure that is kept under its key is out within minutes, not a day', async () => {
    const sale = await aSale();
    const kept = new Set<string>();
    const made = aProvider();
    const refunds: RefundOperations = {
      list: async () => made.made,
      async create(input) {
        if (kept.has(input.idempotencyKey) || kept.size < 2) {
          kept.add(input.idempotencyKey);
          return { ...unknown, reason: 'api_error' };
        }
        return { outcome: 'succeeded', value: made.make(input) };
      },
    };
    const run = createRefundPayment(world.deps(aClient({ refunds })));
    const id = await aRefund(sale);
    await run({ ...scope, refundId: id });
    for (let looks = 0; looks < 4; looks += 1) {
      await age(id);
      await run({ ...scope, refundId: id });
    }
    expect(await refundsOf(sale)).toEqual([{ status: 'succeeded', amount: 4900 }]);
    expect(made.made).toHaveLength(1);
    expect(kept.size).toBe(2);
  });

  it('is looked for first by whoever follows a worker that died after sending', async () => {
    const sale = await aSale();
    const provider = aProvider({ answers: [refusal('lost', 'bug')] });
    const id = await aRefund(sale);
    await expect(provider.run(id)).rejects.toThrow();
    const [call] = provider.calls;
    if (call) provider.make(call);
    expect(await provider.run(id)).toMatchObject({ status: 'succeeded' });
    expect(provider.calls).toHaveLength(1);
  });

  it('that surely was not made is asked for again without waiting', async () => {
    const sale = await aSale();
    const provider = aProvider({ answers: [refusal('provider_unreachable', 'unavailable')] });
    const id = await aRefund(sale);
    await expect(provider.run(id)).rejects.toThrow();
    expect(await rowOf(id)).toMatchObject({ status: 'requested' });
    expect(await provider.run(id)).toMatchObject({ status: 'succeeded' });
    expect(await world.events(id)).toEqual(['refund.created', 'refund.succeeded']);
  });

  it('that the provider cannot hit exactly fails with the nearest amount', async () => {
    const sale = await aSale();
    const id = await aRefund(sale, 3);
    const answers = [refusal('refund_amount_not_exact', 'invalid', { nearest_minor: 4 })];
    expect(await aProvider({ answers }).run(id)).toMatchObject({ status: 'failed' });
    expect(await rowOf(id)).toMatchObject({
      failure_code: 'refund_amount_not_exact',
      failure_detail: { nearest_minor: 4 },
    });
  });

  it('that meets another sum at the provider fails, and our rows learn of the other', async () => {
    const sale = await aSale();
    const provider = aProvider({ answers: [refusal('refund_state_differs', 'conflict')], carriesId: false });
    const { providerPaymentId } = sale;
    provider.made.push(aRefundTruth({ providerPaymentId, amount: { amountMinor: 500, currency: 'USD' } }));
    await provider.run(await aRefund(sale, 1000));
    expect(await refundsOf(sale)).toEqual([
      { status: 'failed', amount: 1000 },
      { status: 'succeeded', amount: 500 },
    ]);
    expect(await sumsOf(sale)).toMatchObject({ payment: 500, order: 500 });
  });

  it('heard of by webhook before its own answer stays one row', async () => {
    const sale = await aSale();
    const id = await aRefund(sale, 1000);
    const provider = aProvider({ carriesId: false });
    const settled = createRefundPayment(
      world.deps(
        aClient({
          refunds: {
            list: async () => provider.made,
            async create(input) {
              const value = provider.make(input);
              const em = world.orm.em.fork();
              const row = await em.findOneOrFail(CheckoutEntity, { id: sale.checkoutId });
              const payment = aPayment({ providerPaymentId: sale.providerPaymentId, refundedMinor: 1000 });
              await applyCheckoutTruth(em, row, aTruth({ payment }), { back: { refunds: [value], disputes: [] } });
              return { outcome: 'succeeded', value };
            },
          },
        }),
      ),
    );
    expect(await settled({ ...scope, refundId: id })).toMatchObject({ status: 'succeeded' });
    expect(await refundsOf(sale)).toEqual([{ status: 'succeeded', amount: 1000 }]);
    expect(await sumsOf(sale)).toMatchObject({ payment: 1000, order: 1000, invoice: 1000 });
  });
});

it('a refund that waits for an invoice does not hold its payment meanwhile', async () => {
  const sale = await aSale();
  const id = await aRefund(sale, 1000);
  const of = [sale.providerPaymentId];
  let running: Promise<unknown> = Promise.resolve();
  await world.orm.em.fork().transactional(async (tx) => {
    const [payment] = await tx.execute('select invoice_id from payments where provider_payment_id = ?', of);
    await tx.execute('select 1 from invoices where id = ? for update', [payment?.invoice_id]);
    running = aProvider().run(id);
    const waiting = `select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    await expect.poll(() => world.query(waiting), { timeout: 30_000 }).toHaveLength(1);
    await tx.execute('select 1 from payments where provider_payment_id = ? for update nowait', of);
  });
  expect(await running).toMatchObject({ status: 'succeeded' });
});

/** Asks again while another is in flight, as an impatient app would. */
async function reserveInTurn(sale: Sale, amountMinor: number): Promise<Reservation> {
  let answer = await reserve(sale, amountMinor);
  for (let tries = 0; answer.outcome === 'in_progress' && tries < 10; tries += 1) {
    answer = await reserve(sale, amountMinor);
  }
  return answer;
}

describe('refunds asked for at the same time', () => {
  it('never add up to more than was captured', async () => {
    const amounts = fc.array(fc.integer({ min: 1, max: 4900 }), { minLength: 2, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(amounts, fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }), async (asked, lost) => {
        const sale = await aSale();
        const provider = aProvider();
        const shaky = aProvider({ answers: [unknown] });
        await Promise.all(
          asked.map(async (amount, index) => {
            const reservation = await reserveInTurn(sale, amount);
            if (reservation.outcome !== 'reserved') return;
            const { id } = reservation.refund;
            await (lost[index] ? shaky : provider).run(id);
          }),
        );
        const paidBack = [...provider.made, ...shaky.made].reduce((sum, { amount }) => sum + amount.amountMinor, 0);
        const rows = await refundsOf(sale);
        const held = rows
          .filter(({ status }) => status !== 'failed')
          .reduce((sum, row) => sum + Number(row['amount']), 0);
        expect(held).toBeLessThanOrEqual(4900);
        expect(paidBack).toBe((await sumsOf(sale))?.['payment']);
        expect(rows.filter(({ status }) => status === 'requested' || status === 'unknown').length).toBeLessThanOrEqual(
          1,
        );
      }),
      { numRuns: 6 },
    );
  }, 90_000);

  it('are refused but one, which the others hear the id of', async () => {
    const sale = await aSale();
    const answers = await Promise.all(Array.from({ length: 10 }, () => reserve(sale, 100)));
    const reserved = answers.flatMap((answer) => (answer.outcome === 'reserved' ? [answer.refund.id] : []));
    expect(reserved).toHaveLength(1);
    expect(answers.filter(({ outcome }) => outcome === 'in_progress')).toEqual(
      Array.from({ length: 9 }, () => ({ outcome: 'in_progress', refundId: reserved[0] })),
    );
  });
});

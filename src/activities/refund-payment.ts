import { LockMode } from '@mikro-orm/core';
import { InvoiceEntity, PaymentEntity, RefundEntity, type Payment, type Refund } from '../db/entities/payment.ts';
import type { Db } from '../db/orm.ts';
import { lockInvoice } from '../db/queries/lock-invoice.ts';
import { BillingError } from '../domain/errors.ts';
import { isRefundSettled, refundSums, type RefundStatus } from '../domain/payment/refund.ts';
import { firstSending, foundNothing, sendingNow, type Sending, type UnclearReason } from '../domain/payment/sending.ts';
import type { ProviderClient } from '../providers/port.ts';
import { callKey } from './call-key.ts';
import type { ActivityDeps } from './deps.ts';
import { keepInStep, RowMoved } from './keep-in-step.ts';
import { noteRefund } from './note-refund.ts';
import { accountOf } from './provider-account.ts';
import { recordMoneyBack } from './record-money.ts';
import { recordRefund } from './record-refund.ts';

type RefundOperations = NonNullable<ProviderClient['refunds']>;
type RefundAnswer = Awaited<ReturnType<RefundOperations['create']>>;

export interface RefundRef {
  readonly projectId: string;
  readonly live: boolean;
  readonly refundId: string;
}

export interface RefundedPayment {
  readonly status: RefundStatus;
  /** One clause for the story: what the provider said. */
  readonly because: string;
}

/** What one call at the provider is about. */
interface Asked {
  readonly ref: RefundRef;
  readonly refund: Refund;
  readonly payment: Payment;
  /** The order or invoice that was paid, as the provider calls it. */
  readonly providerInvoiceId: string | null;
  readonly operations: RefundOperations;
}

/**
 * Pays back what a refund's row asks for, or learns what became of it. The row says `unknown` before anything is sent:
 * whoever comes later, this activity again or another worker, asks the provider first and sends only what is surely not
 * there: with the same key where nothing was answered, with the next where a failure was, which the key may keep.
 */
export function createRefundPayment(deps: ActivityDeps) {
  return function refundPayment(ref: RefundRef): Promise<RefundedPayment> {
    return keepInStep(async () => {
      const em = deps.orm.em.fork();
      const { refundId: id, projectId, live } = ref;
      const refund = await em.findOneOrFail(RefundEntity, { id, projectId, live });
      if (isRefundSettled(refund.status)) return { status: refund.status, because: 'it had ended before' };
      const payment = await em.findOneOrFail(PaymentEntity, { id: refund.paymentId, projectId, live });
      const invoice = payment.invoiceId === null ? null : await em.findOne(InvoiceEntity, { id: payment.invoiceId });
      const { client } = await accountOf(deps, projectId, live, refund.provider);
      const providerInvoiceId = invoice?.providerInvoiceId ?? null;
      const { refunds: operations } = client;
      if (!operations) return fail(em, ref, { code: 'not_supported_by_provider', details: {} });
      const asked: Asked = { ref, refund, payment, providerInvoiceId, operations };
      return refund.status === 'requested' ? send(em, asked) : look(em, asked);
    });
  };
}

/** Asks the provider what became of it, and sends once more what is surely not there. */
async function look(em: Db, asked: Asked): Promise<RefundedPayment> {
  const { ref, refund, operations } = asked;
  const listed = await operations.list(paymentRef(asked));
  const now = await within(em, ref, async (tx, row, payment) => {
    await recordMoneyBack(tx, ownerOf(payment), { refunds: listed, disputes: [] });
    if (row.status === 'unknown') row.sending = foundNothing(row.sending ?? sentBefore(row), Date.now());
    return row;
  });
  const { status, sending } = now;
  if (status !== 'unknown') return { status, because: `${refund.provider} lists it as ${status}` };
  if (sending?.sentAt != null) return { status, because: `${refund.provider} does not list it yet` };
  return send(em, { ...asked, refund: now });
}

/** Sent by a version of ours that did not write down how far it was. */
function sentBefore({ updatedAt }: Refund): Sending {
  return sendingNow(firstSending, updatedAt.getTime());
}

async function send(em: Db, asked: Asked): Promise<RefundedPayment> {
  const { ref, refund, operations } = asked;
  const before = refund.status;
  const refundedMinor = await within(em, ref, async (tx, row, payment) => {
    if (row.version !== refund.version) throw new RowMoved();
    row.status = 'unknown';
    row.sending = sendingNow(row.sending ?? firstSending, Date.now());
    row.updatedAt = new Date();
    await noteRefund(tx, row, payment, before, actorOf(row));
    return refundSums(payment, await tx.find(RefundEntity, { paymentId: payment.id }), row.id).refundedMinor;
  });
  try {
    const result = await operations.create({ ...callOf(asked), refundedMinor });
    return await keep(em, asked, result);
  } catch (error) {
    if (!(error instanceof BillingError)) throw error;
    return refused(em, asked, error);
  }
}

function callOf(asked: Asked): Omit<Parameters<RefundOperations['create']>[0], 'refundedMinor'> {
  const { refund } = asked;
  const { id, projectId, provider, amountMinor, currency, reason } = refund;
  const { generation } = refund.sending ?? firstSending;
  return {
    ...paymentRef(asked),
    refundId: id,
    amount: { amountMinor, currency },
    reason: reason ?? 'other',
    idempotencyKey: callKey({ projectId, operation: 'refunds.create', businessId: id, provider, generation }),
  };
}

async function keep(em: Db, asked: Asked, result: RefundAnswer): Promise<RefundedPayment> {
  const { ref, refund } = asked;
  switch (result.outcome) {
    case 'succeeded':
    case 'pending': {
      const truth = { ...result.value, refundId: refund.id };
      const status = await within(em, ref, async (tx, _row, locked) => (await recordRefund(tx, locked, truth)).status);
      return { status, because: `${refund.provider} says ${result.value.status}` };
    }
    case 'declined': {
      const { declineCode: decline_code, providerCode: provider_code, value } = result;
      const details = { decline_code, provider_code };
      return fail(em, ref, { code: 'refund_declined', details, providerRefundId: value?.providerRefundId });
    }
    case 'unknown':
      await noteUnclear(em, ref, result.reason);
      return { status: 'unknown', because: `no clear answer of ${refund.provider}: ${result.reason}` };
  }
}

/** What was answered decides which key goes out next, should it turn out not to have been done. */
async function noteUnclear(em: Db, ref: RefundRef, unclear: UnclearReason): Promise<void> {
  await within(em, ref, async (_tx, row) => {
    if (row.status === 'unknown' && row.sending !== null) row.sending = { ...row.sending, unclear };
  });
}

/**
 * What the provider surely did not do. Where it may be asked again, the row goes back to `requested` and the error to
 * Temporal; where it never will, the refund has failed, and our rows learn what the provider has instead.
 */
async function refused(em: Db, asked: Asked, error: BillingError): Promise<RefundedPayment> {
  const { ref, operations } = asked;
  const mayHaveHappened = error.details['outcome'] === 'unknown';
  if (mayHaveHappened) await noteUnclear(em, ref, error.code === 'provider_timeout' ? 'timeout' : 'api_error');
  if (mayHaveHappened || error.kind === 'bug') throw error;
  if (error.kind === 'unavailable' || error.kind === 'rate_limited') {
    await within(em, ref, async (_tx, row) => {
      if (row.status === 'unknown') row.status = 'requested';
    });
    throw error;
  }
  const failed = await fail(em, ref, error);
  if (error.kind === 'conflict') {
    const refunds = await operations.list(paymentRef(asked));
    await within(em, ref, (tx, _row, locked) => recordMoneyBack(tx, ownerOf(locked), { refunds, disputes: [] }));
  }
  return failed;
}

async function fail(
  em: Db,
  ref: RefundRef,
  why: {
    readonly code: string;
    readonly details: Readonly<Record<string, unknown>>;
    readonly providerRefundId?: string | undefined;
  },
): Promise<RefundedPayment> {
  const status = await within(em, ref, async (tx, row, payment) => {
    if (isRefundSettled(row.status)) return row.status;
    const before = row.status;
    const { code: failureCode, details, providerRefundId = null } = why;
    tx.assign(row, { status: 'failed', failureCode, failureDetail: { ...details }, providerRefundId });
    await noteRefund(tx, row, payment, before, actorOf(row));
    return row.status;
  });
  return { status, because: why.code };
}

/** One transaction that holds payment and invoice, as all do who move their sums, with the rows as they are now. */
function within<T>(em: Db, ref: RefundRef, work: (tx: Db, row: Refund, payment: Payment) => Promise<T>): Promise<T> {
  const { refundId: id, projectId } = ref;
  return em.fork().transactional(async (tx) => {
    const { paymentId } = await tx.findOneOrFail(RefundEntity, { id, projectId });
    await lockInvoice(tx, (await tx.findOneOrFail(PaymentEntity, { id: paymentId, projectId })).invoiceId);
    const lock = { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true } as const;
    const payment = await tx.findOneOrFail(PaymentEntity, { id: paymentId, projectId }, lock);
    return work(tx, await tx.findOneOrFail(RefundEntity, { id, projectId }, { refresh: true }), payment);
  });
}

function paymentRef({ payment, providerInvoiceId }: Asked) {
  return { providerPaymentId: payment.providerPaymentId, providerInvoiceId };
}

function ownerOf({ projectId, live, organizationId, provider, checkoutId, subscriptionId }: Payment) {
  return { projectId, live, organizationId, provider, checkoutId, subscriptionId };
}

function actorOf(refund: Refund): string {
  return `refund/${refund.id}`;
}

import { LockMode } from '@mikro-orm/core';
import type { RefundReason } from '../../domain/payment/truth.ts';
import { refundSums } from '../../domain/payment/refund.ts';
import { CheckoutEntity } from '../entities/checkout.ts';
import { InvoiceEntity, PaymentEntity, RefundEntity, type Payment, type Refund } from '../entities/payment.ts';
import type { Db } from '../orm.ts';
import { recordAudit } from './audit.ts';
import type { Scope } from './subscriptions.ts';

/** What a refund is asked of: an invoice or a checkout, never both. */
export interface RefundTarget {
  readonly organizationId: string;
  readonly invoiceId: string | null;
  readonly checkoutId: string | null;
}

export type Reservation =
  | { readonly outcome: 'reserved'; readonly refund: Refund; readonly payment: Payment }
  /** No payment of it has succeeded. */
  | { readonly outcome: 'not_refundable' }
  | { readonly outcome: 'not_supported'; readonly provider: string }
  | { readonly outcome: 'in_progress'; readonly refundId: string }
  | { readonly outcome: 'too_much'; readonly refundableMinor: number };

/**
 * Reserves a refund in one transaction that holds the payment: whoever asks at the same time waits, and sees it. So the
 * refunds of a payment, asked and done, never add up to more than was captured.
 *
 * @param input.amountMinor null: all that is left.
 * @param input.canRefund Whether a provider pays back at all.
 */
export async function reserveRefund(
  em: Db,
  scope: Scope,
  input: {
    readonly id: string;
    readonly target: RefundTarget;
    readonly amountMinor: number | null;
    readonly reason: RefundReason;
    readonly actor: string;
    readonly canRefund: (provider: string) => boolean;
  },
): Promise<Reservation> {
  return em.fork().transactional(async (tx): Promise<Reservation> => {
    const payment = await lockPayment(tx, scope, input.target);
    if (payment === null) return { outcome: 'not_refundable' };
    if (!input.canRefund(payment.provider)) return { outcome: 'not_supported', provider: payment.provider };
    const refunds = await tx.find(RefundEntity, { projectId: scope.projectId, paymentId: payment.id });
    const inFlight = refunds.find(({ status }) => status === 'requested' || status === 'unknown');
    if (inFlight) return { outcome: 'in_progress', refundId: inFlight.id };
    const { refundableMinor } = refundSums(payment, refunds);
    const amountMinor = input.amountMinor ?? refundableMinor;
    if (amountMinor <= 0 || amountMinor > refundableMinor) return { outcome: 'too_much', refundableMinor };
    return { outcome: 'reserved', payment, refund: createRefund(tx, payment, { ...input, amountMinor }) };
  });
}

/** The newest payment that succeeded, held until the transaction ends. */
async function lockPayment(tx: Db, scope: Scope, target: RefundTarget): Promise<Payment | null> {
  const { projectId, live } = scope;
  const of = target.invoiceId === null ? await ofCheckout(tx, scope, target) : { invoiceId: target.invoiceId };
  return tx.findOne(
    PaymentEntity,
    { projectId, live, organizationId: target.organizationId, ...of, status: 'succeeded' },
    { orderBy: { id: 'desc' }, lockMode: LockMode.PESSIMISTIC_WRITE },
  );
}

/** What was paid twice has another payment, at another provider, which goes back by itself. */
async function ofCheckout(tx: Db, { projectId, live }: Scope, { checkoutId }: RefundTarget) {
  const checkout = checkoutId === null ? null : await tx.findOne(CheckoutEntity, { id: checkoutId, projectId, live });
  return { checkoutId, ...(checkout?.provider != null && { provider: checkout.provider }) };
}

/** A refund that is asked for, in the transaction that holds its payment. */
function createRefund(
  tx: Db,
  payment: Payment,
  input: Pick<Parameters<typeof reserveRefund>[2], 'id' | 'target' | 'reason' | 'actor'> & {
    readonly amountMinor: number;
  },
): Refund {
  const { projectId, live, organizationId, provider, currency } = payment;
  const { id, actor, reason, amountMinor, target } = input;
  recordAudit(tx, {
    ...{ projectId, live, actor, action: 'refund.requested', entityKind: 'refund', entityId: id },
    detail: `${amountMinor} ${currency} minor units of ${payment.id}: ${reason}`,
    after: { status: 'requested' },
  });
  return tx.create(
    RefundEntity,
    {
      ...{ id, projectId, live, organizationId, provider, paymentId: payment.id, status: 'requested' },
      ...{ amountMinor, currency, reason, actor, taxMinor: null, providerRefundId: null, refundedAt: null },
      ...{ invoiceId: target.invoiceId ?? payment.invoiceId, checkoutId: target.checkoutId ?? payment.checkoutId },
      ...{ failureCode: null, failureDetail: null, sending: null },
    },
    { persist: true },
  );
}

/**
 * A refund of all that is left of a payment that was taken twice, in the transaction that holds it. null: nothing is left.
 *
 * @param input.checkoutId null: the payment's own.
 */
export async function refundRest(
  tx: Db,
  payment: Payment,
  input: {
    readonly id: string;
    readonly organizationId: string;
    readonly checkoutId: string | null;
    readonly actor: string;
  },
): Promise<Refund | null> {
  const { id, organizationId, checkoutId, actor } = input;
  const refunds = await tx.find(RefundEntity, { projectId: payment.projectId, paymentId: payment.id });
  const { refundableMinor: amountMinor } = refundSums(payment, refunds);
  if (amountMinor <= 0) return null;
  const target = { organizationId, invoiceId: payment.invoiceId, checkoutId };
  return createRefund(tx, payment, { id, target, reason: 'duplicate', actor, amountMinor });
}

/** What an id names that can be paid back; null: nothing of this project and mode. */
export async function findRefundTarget(
  em: Db,
  { projectId, live }: Scope,
  named: { readonly invoiceId: string } | { readonly checkoutId: string },
): Promise<RefundTarget | null> {
  if ('invoiceId' in named) {
    const row = await em.findOne(InvoiceEntity, { projectId, live, id: named.invoiceId });
    return row && { organizationId: row.organizationId, invoiceId: row.id, checkoutId: null };
  }
  const row = await em.findOne(CheckoutEntity, { projectId, live, id: named.checkoutId });
  return row && { organizationId: row.organizationId, invoiceId: null, checkoutId: row.id };
}

export async function findRefund(em: Db, { projectId, live }: Scope, id: string): Promise<Refund | null> {
  return em.findOne(RefundEntity, { projectId, live, id }, { refresh: true });
}

/** Newest first, one more than `limit`. */
export async function listRefunds(
  em: Db,
  { projectId, live }: Scope,
  input: { readonly organizationIds: readonly string[] | null; readonly before: string | null; readonly limit: number },
): Promise<readonly Refund[]> {
  return em.find(
    RefundEntity,
    {
      ...{ projectId, live },
      ...(input.organizationIds && { organizationId: { $in: [...input.organizationIds] } }),
      ...(input.before !== null && { id: { $lt: input.before } }),
    },
    { orderBy: { id: 'desc' }, limit: input.limit + 1 },
  );
}

/** The payments that refunds and disputes are about, by id. */
export async function listPaymentsById(
  em: Db,
  { projectId, live }: Scope,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Payment>> {
  if (ids.length === 0) return new Map();
  const rows = await em.find(PaymentEntity, { projectId, live, id: { $in: [...new Set(ids)] } });
  return new Map(rows.map((row) => [row.id, row]));
}

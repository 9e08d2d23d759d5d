import type { Refund } from '../db/entities/payment.ts';
import { isId } from '../db/new-id.ts';
import type { Db } from '../db/orm.ts';
import { findRefund, findRefundTarget, reserveRefund, type RefundTarget } from '../db/queries/refunds.ts';
import { refundStart } from '../workflows/start-options.ts';
import { askWorkflow } from './ask-workflow.ts';
import type { Caller } from './caller.ts';
import type { ApiDeps } from './deps.ts';
import { fieldRefusal, refusal } from './error-codes.ts';
import type { CreateRefundBody } from './schemas/refund.ts';

interface RefundRequest {
  readonly caller: Caller;
  readonly body: CreateRefundBody;
  readonly refundId: string;
}

/**
 * Reserves a refund, has a workflow carry it out, and waits a while. Safe to repeat with the same `refundId`.
 *
 * @returns the row as it is then; `requested` or `unknown` when the provider's answer is not known yet.
 * @throws {BillingError} what `reserveRefund` or the provider refuses; `failure` of the row tells a decline.
 */
export async function makeRefund(em: Db, deps: ApiDeps, request: RefundRequest): Promise<Refund> {
  const { caller, refundId } = request;
  const reserved = (await findRefund(em, caller, refundId)) ?? (await reserve(em, deps, request));
  await askWorkflow(deps.logger, { refund_id: reserved.id }, (deadline) =>
    deps.temporal.refundPayment(refundStart(reserved), deadline),
  );
  const row = (await findRefund(em.fork(), caller, refundId)) ?? reserved;
  const refused = refusalOf(row);
  if (refused) throw refused;
  return row;
}

async function reserve(em: Db, deps: ApiDeps, { caller, body, refundId }: RefundRequest): Promise<Refund> {
  const reservation = await reserveRefund(em, caller, {
    id: refundId,
    target: await targetOf(em, caller, body),
    amountMinor: body.amount_minor ?? null,
    reason: body.reason,
    actor: caller.actor,
    canRefund: (provider) => deps.providers.operations(provider).includes('refunds.create'),
  });
  switch (reservation.outcome) {
    case 'reserved':
      return reservation.refund;
    case 'not_refundable':
      throw refusal('payment_not_refundable', 'Nothing was captured for it.');
    case 'not_supported':
      throw refusal('not_supported_by_provider', `${reservation.provider} takes refunds only on its own site.`);
    case 'in_progress':
      throw refusal('refund_in_progress', 'Another refund of this payment is being made.', {
        details: { refund_id: reservation.refundId },
      });
    case 'too_much':
      throw tooMuch(reservation.refundableMinor);
  }
}

async function targetOf(em: Db, caller: Caller, body: CreateRefundBody): Promise<RefundTarget> {
  const { invoice_id: invoiceId = '', checkout_id: checkoutId = '' } = body;
  if (body.invoice_id !== undefined) {
    const target = isId('inv', invoiceId) ? await findRefundTarget(em, caller, { invoiceId }) : null;
    if (target) return target;
    throw refusal('invoice_not_found', 'No invoice has this id.');
  }
  const target = isId('chk', checkoutId) ? await findRefundTarget(em, caller, { checkoutId }) : null;
  if (target) return target;
  throw refusal('checkout_not_found', 'No checkout has this id.');
}

/** What the provider will not do, as the caller can mend it; a bank's no is no refusal but the row's `failure`. */
function refusalOf(row: Refund) {
  const detail = row.failureDetail ?? {};
  switch (row.failureCode) {
    case 'refund_amount_not_exact': {
      const nearest = detail['nearest_minor'];
      const told = `The provider cannot refund exactly this amount; the nearest is ${String(nearest)}.`;
      return fieldRefusal('refund_amount_not_exact', '/amount_minor', told, { nearest_minor: nearest });
    }
    case 'refund_exceeds_payment': {
      const left = detail['refundable_minor'];
      return tooMuch(typeof left === 'number' ? left : null);
    }
    case 'payment_not_refundable':
      return refusal('payment_not_refundable', 'The provider does not pay it back as it stands.');
    case 'refund_state_differs':
      return refusal('refund_state_differs', 'This payment was refunded at the provider itself; nothing was sent.');
    case 'not_supported_by_provider':
      return refusal('not_supported_by_provider', 'The provider takes refunds only on its own site.');
    default:
      return null;
  }
}

function tooMuch(refundableMinor: number | null) {
  const left = refundableMinor === null ? '' : ` ${refundableMinor} minor units are left.`;
  return fieldRefusal('refund_exceeds_payment', '/amount_minor', `It is more than what is left.${left}`, {
    refundable_minor: refundableMinor,
  });
}

import { uuid } from '../core/ids.ts';
import type { Route } from '../http/answer.ts';
import { byPathId } from '../http/path-id.ts';
import type { PolarContext } from './context.ts';
import { failed, notFound } from './errors.ts';
import { listPage, oneOf } from './listing.ts';
import type { Dispute, Order, Payment } from './objects.ts';

const EVIDENCE_MS = 7 * 86_400_000;

/** The cardholder's bank takes money back. No event tells of it: Polar has none of that name. */
export function openDispute(
  polar: PolarContext,
  input: { payment: Payment; order: Order; amount: number; reason: string },
): Dispute {
  const { payment, order, amount } = input;
  const tax = payment.amount === 0 ? 0 : Math.round((order.tax_amount * amount) / payment.amount);
  const dispute = polar.disputes.put({
    id: uuid(),
    created_at: polar.now(),
    modified_at: null,
    status: 'needs_response',
    resolved: false,
    closed: false,
    amount: amount - tax,
    tax_amount: tax,
    currency: order.currency,
    reason: input.reason,
    evidence_due_by: new Date(polar.sandbox.clock.nowMs() + EVIDENCE_MS).toISOString(),
    past_due: false,
    order_id: order.id,
    payment_id: payment.id,
    case_id: null,
  });
  book(polar, dispute);
  return dispute;
}

const BOOKED: Record<string, 'pending' | 'canceled' | 'succeeded'> = { won: 'canceled', lost: 'succeeded' };

/** The money goes back to the cardholder when the dispute is lost, and only then. */
function book(polar: PolarContext, dispute: Dispute): void {
  const order = polar.orders.get(dispute.order_id);
  polar.sandbox.ledger.record({
    provider: 'polar',
    kind: 'dispute',
    id: dispute.id,
    amount_minor: dispute.amount + dispute.tax_amount,
    currency: String(dispute.currency),
    status: BOOKED[dispute.status] ?? 'pending',
    customer: order?.customer_id ?? null,
    metadata: order?.metadata ?? {},
  });
}

export function settleDispute(polar: PolarContext, dispute: Dispute, status: 'won' | 'lost'): Dispute {
  Object.assign(dispute, { status, resolved: true, closed: true, evidence_due_by: null, modified_at: polar.now() });
  book(polar, dispute);
  return polar.disputes.put(dispute);
}

function shown(polar: PolarContext, dispute: Dispute): object {
  const due = dispute['evidence_due_by'];
  const order = polar.orders.get(dispute.order_id);
  return {
    ...dispute,
    past_due: typeof due === 'string' && Date.parse(due) < polar.sandbox.clock.nowMs(),
    customer: polar.customers.get(order?.customer_id ?? '') ?? null,
  };
}

export function disputeRoutes(polar: PolarContext): Route[] {
  const found = byPathId(polar.disputes, notFound);
  return [
    {
      method: 'get',
      path: '/v1/disputes/',
      operations: ['disputes.list'],
      handle(request) {
        const keep = (doc: Dispute): boolean =>
          oneOf(request, 'order_id', doc.order_id) && oneOf(request, 'status', doc.status);
        return {
          status: 200,
          body: listPage(request, polar.disputes.newestFirst(), keep, (doc) => shown(polar, doc)),
        };
      },
    },
    {
      method: 'get',
      path: '/v1/disputes/:id',
      operations: ['disputes.get'],
      handle: (request) => ({ status: 200, body: shown(polar, found(request)) }),
    },
    {
      method: 'post',
      path: '/v1/disputes/:id/accept',
      operations: ['disputes.accept'],
      handle(request) {
        const dispute = found(request);
        if (dispute.status !== 'needs_response')
          throw failed(409, 'DisputeNotOpenError', 'This dispute is not open for a response.');
        return { status: 200, body: shown(polar, settleDispute(polar, dispute, 'lost')) };
      },
    },
  ];
}

import { z } from 'zod';
import { base62 } from '../core/ids.ts';
import type { Route } from '../http/answer.ts';
import { byPathId } from '../http/path-id.ts';
import type { StripeContext } from './context.ts';
import { invalid, noSuch } from './errors.ts';
import { expanded } from './expand.ts';
import { inRange, listPage } from './listing.ts';
import type { Charge, Dispute } from './objects.ts';
import { bool, expand, formOf, mergeMetadata, metadata, page, parse, range, text } from './params.ts';
import { AFTERMATH } from './payments/charges.ts';

const DAY_S = 86_400;
const FEE_MINOR = 1500;

const updateParams = z.strictObject({
  evidence: z.record(z.string(), z.union([z.string(), z.record(z.string(), z.unknown())])).optional(),
  expand,
  intended_submission_method: z.unknown().optional(),
  metadata: metadata.optional(),
  submit: bool.optional(),
});
const listParams = z.strictObject({
  ...page,
  charge: text.optional(),
  created: range.optional(),
  payment_intent: text.optional(),
});

function balanceEntry(stripe: StripeContext, dispute: Dispute, amount: number, fee: number): object {
  return {
    id: `txn_1${base62(23)}`,
    object: 'balance_transaction',
    amount,
    created: stripe.now(),
    currency: dispute.currency,
    fee,
    net: amount - fee,
    source: dispute.id,
    status: 'available',
    type: 'adjustment',
  };
}

/** The money leaves with the dispute, and comes back when it is won. */
function book(stripe: StripeContext, dispute: Dispute, kind: 'dispute' | 'dispute_reversal'): void {
  const charge = stripe.charges.get(dispute.charge);
  stripe.sandbox.ledger.record({
    provider: 'stripe',
    kind,
    id: dispute.id,
    amount_minor: dispute.amount,
    currency: dispute.currency,
    status: 'succeeded',
    customer: charge?.customer ?? null,
    charge: dispute.charge,
    metadata: charge?.metadata ?? {},
  });
}

/** `inquiry` starts as a warning: no money moves until it escalates. */
export function openDispute(
  stripe: StripeContext,
  charge: Charge,
  input: { amount: number | null; reason: string; isInquiry: boolean },
): Dispute {
  const now = stripe.now();
  const dispute: Dispute = {
    id: `du_1${base62(23)}`,
    object: 'dispute',
    amount: input.amount ?? charge.amount,
    balance_transactions: [],
    charge: charge.id,
    created: now,
    currency: charge.currency,
    enhanced_eligibility_types: [],
    evidence: {},
    evidence_details: {
      due_by: now + 9 * DAY_S,
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
    },
    intended_submission_method: null,
    is_charge_refundable: input.isInquiry,
    livemode: false,
    metadata: {},
    network_reason_code: '10.4',
    payment_intent: charge.payment_intent,
    payment_method_details: {
      card: { brand: 'visa', case_type: input.isInquiry ? 'inquiry' : 'chargeback', network_reason_code: '10.4' },
      type: 'card',
    },
    reason: input.reason,
    status: input.isInquiry ? 'warning_needs_response' : 'needs_response',
  };
  if (!input.isInquiry) dispute['balance_transactions'] = [balanceEntry(stripe, dispute, -dispute.amount, FEE_MINOR)];
  stripe.disputes.put(dispute);
  stripe.charges.put({ ...charge, disputed: true });
  if (!input.isInquiry) book(stripe, dispute, 'dispute');
  stripe.emit('charge.dispute.created', dispute);
  if (!input.isInquiry) stripe.emit('charge.dispute.funds_withdrawn', dispute);
  return dispute;
}

export function closeDispute(stripe: StripeContext, dispute: Dispute, outcome: 'won' | 'lost'): Dispute {
  const isWarning = dispute.status.startsWith('warning_');
  dispute.status = isWarning ? 'warning_closed' : outcome;
  if (outcome === 'won' && !isWarning) {
    const entries: unknown = dispute['balance_transactions'];
    const before: unknown[] = Array.isArray(entries) ? entries : [];
    dispute['balance_transactions'] = [...before, balanceEntry(stripe, dispute, dispute.amount, -FEE_MINOR)];
    book(stripe, dispute, 'dispute_reversal');
  }
  stripe.disputes.put(dispute);
  stripe.emit('charge.dispute.closed', dispute);
  if (outcome === 'won' && !isWarning) stripe.emit('charge.dispute.funds_reinstated', dispute);
  return dispute;
}

export const isClosed = (dispute: Dispute): boolean => ['won', 'lost', 'warning_closed'].includes(dispute.status);

function warnOfFraud(stripe: StripeContext, charge: Charge): void {
  const warning = stripe.fraudWarnings.put({
    id: `issfr_1${base62(23)}`,
    object: 'radar.early_fraud_warning',
    actionable: true,
    charge: charge.id,
    created: stripe.now(),
    fraud_type: 'made_with_stolen_card',
    livemode: false,
    payment_intent: charge.payment_intent,
  });
  stripe.emit('radar.early_fraud_warning.created', warning);
}

/** Test cards whose holders complain once the payment is through. `0259` warns first, then disputes. */
export function scheduleAftermath(stripe: StripeContext): void {
  stripe.sandbox.agenda.handle(AFTERMATH, (id) => {
    const charge = stripe.charges.get(id);
    const method = charge?.['payment_method'];
    const instrument = typeof method === 'string' ? stripe.instruments.get(method) : undefined;
    if (!charge || !instrument) return;
    const { aftermath } = instrument.behaviour;
    const isFraud = instrument.card?.last4 !== '2685';
    if (aftermath === 'early_fraud_warning' || (aftermath === 'dispute' && isFraud)) warnOfFraud(stripe, charge);
    if (aftermath !== 'dispute' && aftermath !== 'inquiry') return;
    const reason = isFraud ? 'fraudulent' : 'product_not_received';
    openDispute(stripe, charge, { amount: null, reason, isInquiry: aftermath === 'inquiry' });
  });
}

/** Submitted evidence wins or loses at once when it is one of the published texts, as in test mode. */
function update(stripe: StripeContext, dispute: Dispute, params: z.output<typeof updateParams>): Dispute {
  if (isClosed(dispute) && (params.evidence || params.submit === true))
    throw invalid('This dispute is already closed', { code: 'dispute_already_closed' });
  const evidence = { ...dispute.evidence, ...params.evidence };
  dispute.evidence = Object.fromEntries(Object.entries(evidence).filter(([, value]) => value !== ''));
  dispute.metadata = mergeMetadata(dispute.metadata, params.metadata);
  dispute.evidence_details.has_evidence = Object.keys(dispute.evidence).length > 0;
  const submits = params.submit !== false && params.evidence !== undefined;
  if (submits || params.submit === true) {
    dispute.evidence_details.submission_count += 1;
    dispute.status = dispute.status.startsWith('warning_') ? 'warning_under_review' : 'under_review';
  }
  stripe.disputes.put(dispute);
  stripe.emit('charge.dispute.updated', dispute, {});
  const verdict = params.evidence?.['uncategorized_text'];
  if (verdict === 'winning_evidence') closeDispute(stripe, dispute, 'won');
  if (verdict === 'losing_evidence') closeDispute(stripe, dispute, 'lost');
  return dispute;
}

export function disputeRoutes(stripe: StripeContext): Route[] {
  const found = byPathId(stripe.disputes, (id) => noSuch('dispute', id, 'dispute'));
  const path = '/v1/disputes/:id';
  return [
    {
      method: 'get',
      path: '/v1/disputes',
      operations: ['disputes.list'],
      handle(request) {
        const params = parse(listParams, formOf(request));
        const keep = (doc: Dispute): boolean =>
          inRange(doc.created, params.created) &&
          (params.charge === undefined || doc.charge === params.charge) &&
          (params.payment_intent === undefined || doc.payment_intent === params.payment_intent);
        const list = listPage(stripe.disputes.newestFirst(), '/v1/disputes', params, keep);
        return { status: 200, body: expanded(stripe, list, params.expand) };
      },
    },
    {
      method: 'get',
      path,
      operations: ['disputes.get'],
      handle: (request) => ({
        status: 200,
        body: expanded(stripe, found(request), parse(z.strictObject({ expand }), formOf(request)).expand),
      }),
    },
    {
      method: 'post',
      path,
      operations: ['disputes.update'],
      handle(request) {
        const params = parse(updateParams, formOf(request));
        return { status: 200, body: expanded(stripe, update(stripe, found(request), params), params.expand) };
      },
    },
    {
      method: 'post',
      path: `${path}/close`,
      operations: ['disputes.close'],
      handle(request) {
        const params = parse(z.strictObject({ expand }), formOf(request));
        const dispute = found(request);
        if (isClosed(dispute)) throw invalid('This dispute is already closed', { code: 'dispute_already_closed' });
        return { status: 200, body: expanded(stripe, closeDispute(stripe, dispute, 'lost'), params.expand) };
      },
    },
  ];
}

import { z } from 'zod';
import { base62 } from '../core/ids.ts';
import type { Route } from '../http/answer.ts';
import type { StripeContext } from './context.ts';
import { invalid, noSuch } from './errors.ts';
import { expanded } from './expand.ts';
import { inRange, listPage } from './listing.ts';
import type { Charge, Refund } from './objects.ts';
import { bool, expand, formOf, integer, mergeMetadata, metadata, page, parse, range, text } from './params.ts';

const createParams = z.strictObject({
  amount: integer.optional(),
  charge: text.optional(),
  currency: text.optional(),
  customer: text.optional(),
  expand,
  instructions_email: text.optional(),
  metadata: metadata.optional(),
  origin: text.optional(),
  payment_intent: text.optional(),
  reason: z.enum(['duplicate', 'fraudulent', 'requested_by_customer']).optional(),
  refund_application_fee: bool.optional(),
  reverse_transfer: bool.optional(),
});
const listParams = z.strictObject({
  ...page,
  charge: text.optional(),
  created: range.optional(),
  payment_intent: text.optional(),
});

function chargeOf(stripe: StripeContext, params: z.output<typeof createParams>): Charge {
  if (params.charge !== undefined) {
    const charge = stripe.charges.get(params.charge);
    if (!charge) throw noSuch('charge', params.charge, 'charge', 400);
    return charge;
  }
  if (params.payment_intent === undefined) {
    throw invalid('One of the following params should be provided for this request: payment_intent or charge.');
  }
  const intent = stripe.paymentIntents.get(params.payment_intent);
  if (!intent) throw noSuch('payment_intent', params.payment_intent, 'payment_intent', 400);
  const charge =
    intent.status === 'succeeded' && intent.latest_charge ? stripe.charges.get(intent.latest_charge) : undefined;
  if (charge) return charge;
  throw invalid(`This PaymentIntent (${intent.id}) does not have a successful charge to refund.`, {
    param: 'payment_intent',
  });
}

export function createRefund(stripe: StripeContext, params: z.output<typeof createParams>): Refund {
  const charge = chargeOf(stripe, params);
  if (charge.refunded)
    throw invalid(`Charge ${charge.id} has already been refunded.`, { code: 'charge_already_refunded' });
  const left = charge.amount - charge.amount_refunded;
  const amount = params.amount ?? left;
  if (amount < 1) throw invalid('Invalid positive integer', { code: 'parameter_invalid_integer', param: 'amount' });
  if (amount > left) {
    throw invalid(`Refund amount (${amount}) is greater than unrefunded amount on charge (${left})`, {
      param: 'amount',
    });
  }
  const refund: Refund = {
    id: `re_3${base62(23)}`,
    object: 'refund',
    amount,
    balance_transaction: `txn_3${base62(23)}`,
    charge: charge.id,
    created: stripe.now(),
    currency: charge.currency,
    customer: charge.customer,
    customer_account: null,
    destination_details: {
      card: { reference_status: 'pending', reference_type: 'acquirer_reference_number', type: 'refund' },
      type: 'card',
    },
    metadata: mergeMetadata({}, params.metadata),
    payment_intent: charge.payment_intent,
    payment_method: charge['payment_method'],
    reason: params.reason ?? null,
    receipt_number: null,
    source_transfer_reversal: null,
    status: 'succeeded',
    transfer_reversal: null,
  };
  const previous = { amount_refunded: charge.amount_refunded, refunded: charge.refunded };
  charge.amount_refunded += amount;
  charge.refunded = charge.amount_refunded === charge.amount;
  stripe.refunds.put(refund);
  stripe.charges.put(charge);
  stripe.sandbox.ledger.record({
    provider: 'stripe',
    kind: 'refund',
    id: refund.id,
    amount_minor: amount,
    currency: charge.currency,
    status: 'succeeded',
    customer: charge.customer,
    charge: charge.id,
    metadata: { ...charge.metadata, ...mergeMetadata({}, params.metadata) },
  });
  stripe.emit('charge.refunded', charge, previous);
  stripe.emit('refund.created', refund);
  return refund;
}

export function refundRoutes(stripe: StripeContext): Route[] {
  return [
    {
      method: 'post',
      path: '/v1/refunds',
      operations: ['refunds.create'],
      handle(request) {
        const params = parse(createParams, formOf(request));
        return { status: 200, body: expanded(stripe, createRefund(stripe, params), params.expand) };
      },
    },
    {
      method: 'get',
      path: '/v1/refunds',
      operations: ['refunds.list'],
      handle(request) {
        const params = parse(listParams, formOf(request));
        const keep = (doc: Refund): boolean =>
          inRange(doc.created, params.created) &&
          (params.charge === undefined || doc.charge === params.charge) &&
          (params.payment_intent === undefined || doc.payment_intent === params.payment_intent);
        return {
          status: 200,
          body: expanded(stripe, listPage(stripe.refunds.newestFirst(), '/v1/refunds', params, keep), params.expand),
        };
      },
    },
    {
      method: 'get',
      path: '/v1/refunds/:id',
      operations: ['refunds.get'],
      handle(request) {
        const id = request.params['id'] ?? '';
        const refund = stripe.refunds.get(id);
        if (!refund) throw noSuch('refund', id, 'refund');
        return {
          status: 200,
          body: expanded(stripe, refund, parse(z.strictObject({ expand }), formOf(request)).expand),
        };
      },
    },
  ];
}

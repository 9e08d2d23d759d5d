import { z } from 'zod';
import type { Operation } from './operations.ts';
import { pageOf } from './schemas/common.ts';
import { dispute, listDisputesQuery } from './schemas/dispute.ts';
import { listOrdersQuery, order } from './schemas/order.ts';
import { createRefundBody, listRefundsQuery, refund } from './schemas/refund.ts';

const ok = (schema: z.ZodType) => ({ '200': { description: 'Done.', schema } });

/** The routes of papers, of money that went back, and of what was bought once. */
export const moneyOperations: readonly Operation[] = [
  {
    ...{
      method: 'get',
      path: '/billing/invoices/{id}/pdf',
      tag: 'Invoices',
      summary: 'Load our own PDF of an invoice',
    },
    answers: {
      '200': {
        description: 'An A4 page, in Spanish where `Accept-Language` asks for it.',
        schema: z.string().meta({ format: 'binary' }),
        contentType: 'application/pdf',
      },
    },
    refusals: ['invoice_not_found'],
  },
  {
    ...{ method: 'post', path: '/billing/refunds', tag: 'Refunds', summary: 'Pay back an invoice or a checkout' },
    body: createRefundBody,
    answers: {
      '201': { description: 'The provider has answered: `status` and `failure` say what.', schema: refund },
      '202': { description: 'The provider’s answer is not known yet: read it by its id.', schema: refund },
    },
    refusals: [
      'invoice_not_found',
      'checkout_not_found',
      'refund_exceeds_payment',
      'refund_in_progress',
      'payment_not_refundable',
      'refund_amount_not_exact',
      'refund_state_differs',
      'not_supported_by_provider',
    ],
    isIdempotent: true,
  },
  {
    ...{ method: 'get', path: '/billing/refunds', tag: 'Refunds', summary: 'List refunds' },
    query: listRefundsQuery,
    answers: ok(pageOf(refund)),
    refusals: ['cursor_invalid'],
  },
  {
    ...{ method: 'get', path: '/billing/refunds/{id}', tag: 'Refunds', summary: 'Read a refund' },
    answers: ok(refund),
    refusals: ['refund_not_found'],
  },
  {
    ...{ method: 'get', path: '/billing/disputes', tag: 'Disputes', summary: 'List disputes' },
    query: listDisputesQuery,
    answers: ok(pageOf(dispute)),
    refusals: ['cursor_invalid'],
  },
  {
    ...{ method: 'get', path: '/billing/disputes/{id}', tag: 'Disputes', summary: 'Read a dispute' },
    answers: ok(dispute),
    refusals: ['dispute_not_found'],
  },
  {
    ...{ method: 'get', path: '/billing/orders', tag: 'Orders', summary: 'List what was bought once' },
    query: listOrdersQuery,
    answers: ok(pageOf(order)),
    refusals: ['cursor_invalid'],
  },
  {
    ...{ method: 'get', path: '/billing/orders/{id}', tag: 'Orders', summary: 'Read an order' },
    answers: ok(order),
    refusals: ['order_not_found'],
  },
];

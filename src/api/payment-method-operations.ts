import type { z } from 'zod';
import type { Operation } from './operations.ts';
import {
  attachPaymentMethodBody,
  listPaymentMethodsQuery,
  paymentMethod,
  paymentMethodPage,
  syncPaymentMethodsBody,
} from './schemas/payment-method.ts';

const tag = 'Payment methods';
const path = '/billing/payment-methods';
const ok = (schema: z.ZodType) => ({ '200': { description: 'Done.', schema } });
const later = { '202': { description: 'The outcome is not known yet: read it by its id.', schema: paymentMethod } };

/** The routes of stored payment methods. */
export const paymentMethodOperations: readonly Operation[] = [
  {
    ...{ method: 'post', path, tag, summary: 'Store a payment method', body: attachPaymentMethodBody },
    answers: {
      '201': {
        description: 'Stored, or `requires_action`: the customer does `next_action`, and it becomes active by itself.',
        schema: paymentMethod,
      },
      ...later,
    },
    refusals: [
      ...['organization_not_found', 'card_data_refused', 'provider_required', 'not_supported_by_provider'],
      ...['token_invalid', 'payment_declined', 'payment_method_known', 'provider_refused', 'redirect_not_allowed'],
      ...['email_required', 'name_required', 'phone_required', 'no_provider_available'],
    ],
    isIdempotent: true,
  },
  {
    ...{ method: 'get', path, tag, summary: 'List stored payment methods', query: listPaymentMethodsQuery },
    answers: ok(paymentMethodPage),
    refusals: ['cursor_invalid', 'organization_not_found'],
  },
  {
    ...{ method: 'post', path: `${path}/sync`, tag, body: syncPaymentMethodsBody },
    summary: 'Ask the providers now what is stored, as after a hosted page',
    answers: ok(paymentMethodPage),
    refusals: ['organization_not_found'],
  },
  {
    ...{ method: 'get', path: `${path}/{id}`, tag, summary: 'Read a stored payment method' },
    answers: ok(paymentMethod),
    refusals: ['payment_method_unknown'],
  },
  {
    ...{ method: 'delete', path: `${path}/{id}`, tag, summary: 'Take a stored payment method away' },
    answers: { ...ok(paymentMethod), ...later },
    refusals: ['payment_method_unknown', 'payment_method_in_use', 'payment_method_busy', 'not_supported_by_provider'],
    isIdempotent: true,
  },
  {
    ...{ method: 'post', path: `${path}/{id}/default`, tag, summary: 'Charge renewals to it' },
    answers: { ...ok(paymentMethod), ...later },
    refusals: ['payment_method_unknown', 'payment_method_busy', 'not_supported_by_provider', 'provider_refused'],
    isIdempotent: true,
  },
];

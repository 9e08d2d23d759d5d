import type { z } from 'zod';
import type { Operation } from './operations.ts';
import { subscription } from './schemas/subscription.ts';
import {
  cancelSubscriptionBody,
  cancelSubscriptionQuery,
  changePreview,
  changeSubscriptionBody,
  emptyBody,
  pauseSubscriptionBody,
} from './schemas/subscription-operations.ts';

const one = '/billing/subscriptions/{id}';
const tag = 'Subscriptions';

const stands = (schema: z.ZodType) => ({
  '200': { description: 'Done, or scheduled: the subscription as it stands.', schema },
  '202': { description: 'The outcome is not known yet: read it by its id.', schema },
});

const always = [
  'subscription_not_found',
  'organization_not_found',
  'subscription_ended',
  'subscription_incomplete',
  'not_supported_by_provider',
  'provider_rejected',
];
const ofChange = [
  ...always,
  'product_not_found',
  'price_not_found',
  'contact_sales',
  'checkout_required',
  'nothing_to_change',
  'subscription_ending',
  'subscription_paused',
  'voucher_issued',
];
const changing = { answers: stands(subscription), isIdempotent: true } as const;

/** The routes that do something to a subscription; `{id}` may be an organization's: its current one. */
export const subscriptionOperations: readonly Operation[] = [
  {
    ...{ method: 'patch', path: one, tag, summary: 'Change plan, interval or quantity', body: changeSubscriptionBody },
    ...changing,
    refusals: [...ofChange, 'change_pending', 'payment_declined', 'payment_not_confirmed'],
  },
  {
    ...{
      method: 'post',
      path: `${one}/preview`,
      tag,
      summary: 'What a change will cost',
      body: changeSubscriptionBody,
    },
    answers: { '200': { description: 'Nothing was changed.', schema: changePreview } },
    refusals: [...ofChange, 'unavailable'],
  },
  {
    ...{ method: 'delete', path: `${one}/pending-change`, tag, summary: 'Withdraw a change that waits' },
    ...changing,
    refusals: [...always, 'nothing_to_change', 'change_pending'],
  },
  {
    ...{ method: 'delete', path: one, tag, summary: 'Cancel at the end of the period' },
    ...changing,
    refusals: always,
  },
  {
    ...{ method: 'post', path: `${one}/cancel`, tag, summary: 'Cancel, at once or with the period' },
    ...{ query: cancelSubscriptionQuery, body: cancelSubscriptionBody },
    ...changing,
    refusals: always,
  },
  {
    ...{ method: 'post', path: `${one}/pause`, tag, summary: 'Pause', body: pauseSubscriptionBody },
    ...changing,
    refusals: [...always, 'nothing_to_change', 'subscription_ending'],
  },
  {
    ...{ method: 'post', path: `${one}/resume`, tag, summary: 'Undo a scheduled end, or end a pause', body: emptyBody },
    ...changing,
    refusals: [...always, 'nothing_to_change', 'payment_declined'],
  },
];

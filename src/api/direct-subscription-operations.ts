import type { Operation } from './operations.ts';
import { createSubscriptionBody } from './schemas/direct-subscription.ts';
import { subscription } from './schemas/subscription.ts';

/** The route that begins a subscription without a hosted page. */
export const directSubscriptionOperations: readonly Operation[] = [
  {
    ...{ method: 'post', path: '/billing/subscriptions', tag: 'Subscriptions', body: createSubscriptionBody },
    summary: 'Subscribe with a stored payment method, by voucher, or to a free plan',
    answers: {
      '201': {
        description: 'It has begun; or it is `incomplete` and `next_action` tells what the customer must do.',
        schema: subscription,
      },
      '202': { description: 'The outcome is not known yet: read it by its id.', schema: subscription },
    },
    refusals: [
      ...['organization_not_found', 'product_not_found', 'price_not_found', 'contact_sales', 'country_blocked'],
      ...['already_subscribed', 'subscription_incomplete', 'payment_method_required', 'payment_method_not_found'],
      ...['payment_method_unavailable', 'not_supported_by_provider', 'payment_declined', 'provider_refused'],
      ...['email_required', 'name_required', 'phone_required', 'no_provider_available'],
    ],
    isIdempotent: true,
  },
];

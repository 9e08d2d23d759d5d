import type { SubscriptionTruth } from '../../domain/subscription/truth.ts';
import type { Page, PageQuery } from '../port.ts';
import type { SubscriptionOperations } from '../port-subscriptions.ts';
import { cancelChange, changeSubscription } from './change-subscription.ts';
import type { StripeApi } from './client.ts';
import { createSubscription } from './create-subscription.ts';
import { mapSubscription } from './map-subscription.ts';
import { everyItem, nothing, pageOf, pageParams } from './page.ts';
import { previewChange } from './preview-change.ts';
import { findSubscription } from './read-subscription.ts';
import { createLifecycle } from './subscription-lifecycle.ts';
import { expanded, listOf, stripeSubscription } from './wire.ts';

export function createStripeSubscriptions(
  api: StripeApi,
  settings: { readonly automaticTax: boolean },
): Required<SubscriptionOperations> {
  return {
    get: ({ providerSubscriptionId }) => findSubscription(api, providerSubscriptionId, api.budget()),
    list: ({ providerCustomerId, ...query }) =>
      listSubscriptions(api, 'subscriptions.list', { customer: providerCustomerId }, query),
    listAll: (query) => listSubscriptions(api, 'subscriptions.listAll', {}, query),
    create: (input) => createSubscription(api, input, settings),
    async find({ subscriptionId, providerCustomerId }) {
      const budget = api.budget();
      const listed = await everyItem(api, {
        operation: 'subscriptions.find',
        reply: listOf(stripeSubscription),
        budget,
        send: (stripe, page, options) =>
          stripe.subscriptions.list({ customer: providerCustomerId, status: 'all', ...page }, options),
      });
      const found = listed.find(({ metadata }) => metadata?.subscription_id === subscriptionId);
      return found ? findSubscription(api, found.id, budget) : null;
    },
    preview: (input) => previewChange(api, input),
    change: (input) => changeSubscription(api, input),
    cancelChange: (input) => cancelChange(api, input),
    ...createLifecycle(api),
  };
}

/** Each with its newest invoice alone. */
async function listSubscriptions(
  api: StripeApi,
  operation: string,
  filter: { readonly customer?: string },
  query: PageQuery,
): Promise<Page<SubscriptionTruth>> {
  const found = await api.find({
    operation,
    reply: listOf(stripeSubscription),
    budget: api.budget(),
    send: (stripe, options) =>
      stripe.subscriptions.list(
        {
          ...filter,
          status: 'all',
          expand: ['data.default_payment_method', 'data.latest_invoice.payments'],
          ...pageParams(query),
        },
        options,
      ),
  });
  if (!found) return nothing;
  return pageOf(found, (subscription) => {
    const newest = expanded(subscription.latest_invoice);
    return mapSubscription(subscription, newest ? [newest] : [], null);
  });
}

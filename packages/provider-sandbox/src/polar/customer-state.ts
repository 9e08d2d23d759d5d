import type { PolarContext } from './context.ts';
import { customerMetersOf, ensureCustomerMeter, meteredAmount, standingOf } from './metering.ts';
import type { Customer, Subscription } from './objects.ts';

/** The metered prices of a subscription with what they stand at. */
export function subscriptionMeters(polar: PolarContext, subscription: Subscription): Record<string, unknown>[] {
  return subscription.prices.flatMap((price) => {
    if (price.meter_id === undefined) return [];
    const own = ensureCustomerMeter(polar, subscription.customer_id, price.meter_id);
    const standing = standingOf(polar, own);
    return [
      {
        id: own.id,
        created_at: own.created_at,
        modified_at: own.modified_at,
        consumed_units: standing.consumed_units,
        credited_units: standing.credited_units,
        amount: meteredAmount(price, standing),
        meter_id: price.meter_id,
      },
    ];
  });
}

const STATE_FIELDS = [
  ...['id', 'created_at', 'modified_at', 'custom_field_data', 'metadata', 'status', 'amount', 'currency'],
  ...['recurring_interval', 'current_period_start', 'current_period_end', 'trial_start', 'trial_end'],
  ...['cancel_at_period_end', 'canceled_at', 'started_at', 'ends_at', 'product_id', 'discount_id', 'seats', 'units'],
];

function stateSubscription(polar: PolarContext, subscription: Subscription): object {
  return {
    ...Object.fromEntries(STATE_FIELDS.map((name) => [name, subscription[name]])),
    meters: subscriptionMeters(polar, subscription),
  };
}

/** The customer with what it may use now: a past-due subscription is not in it. */
export function stateOf(polar: PolarContext, customer: Customer): object {
  const live = polar.subscriptions
    .findBy('customer', customer.id)
    .filter(({ status }) => status === 'active' || status === 'trialing');
  const granted = polar.grants.findBy('customer', customer.id).filter((grant) => grant.is_granted);
  return {
    ...customer,
    active_subscriptions: live.map((subscription) => stateSubscription(polar, subscription)),
    granted_benefits: granted.map((grant) => {
      const benefit = polar.benefits.get(grant.benefit_id);
      return {
        id: grant.id,
        created_at: grant.created_at,
        modified_at: grant.modified_at,
        granted_at: grant.granted_at,
        benefit_id: grant.benefit_id,
        benefit_type: benefit?.type ?? 'custom',
        benefit_metadata: benefit?.metadata ?? {},
        properties: grant.properties,
      };
    }),
    active_meters: customerMetersOf(polar, customer).map((own) => ({
      id: own.id,
      created_at: own.created_at,
      modified_at: own.modified_at,
      meter_id: own.meter_id,
      ...standingOf(polar, own),
    })),
  };
}

export function emitState(polar: PolarContext, customerId: string): void {
  // Worked out only for somebody who listens: it adds up the customer's usage.
  if (polar.sandbox.targets.of('polar', 'customer.state_changed').length === 0) return;
  const customer = polar.customers.get(customerId);
  if (customer) polar.emit('customer.state_changed', stateOf(polar, customer));
}

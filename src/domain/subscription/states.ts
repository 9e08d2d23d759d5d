import type { EventType } from '../events.ts';
import type { SubscriptionStatus } from './truth.ts';

export const subscriptionStatuses = [
  'incomplete',
  'trialing',
  'active',
  'past_due',
  'paused',
  'canceled',
  'expired',
] as const satisfies readonly SubscriptionStatus[];

/** `open_grace`, `close_grace`: a late payer's time begins or is over. `withdraw_changes`: nothing asked of it can still be done. */
export type Effect = 'open_grace' | 'close_grace' | 'withdraw_changes';

/** What follows when a subscription in one status is seen in another. */
export interface Transition {
  readonly to: SubscriptionStatus;
  /** What the app is told, in this order. */
  readonly events: readonly EventType[];
  readonly effects: readonly Effect[];
}

const to = (
  status: SubscriptionStatus,
  events: readonly EventType[] = [],
  effects: readonly Effect[] = [],
): Transition => ({ to: status, events, effects });

const activated = to('active', ['subscription.activated']);
const pastDue = to('past_due', ['subscription.past_due'], ['open_grace']);
const paused = to('paused', ['subscription.paused']);
const canceled = to('canceled', ['subscription.canceled'], ['withdraw_changes']);
const expired = to('expired', ['subscription.expired'], ['withdraw_changes']);
const incomplete = to('incomplete', ['subscription.updated']);

const endsGrace = (transition: Transition): Transition => ({
  ...transition,
  effects: ['close_grace', ...transition.effects],
});

/** Nothing reopens what is over, and nothing tells of its end again. */
const absorbing = (status: 'canceled' | 'expired'): Readonly<Record<SubscriptionStatus, Transition>> => {
  const stays = to(status);
  return {
    ...{ incomplete: stays, trialing: stays, active: stays, past_due: stays, paused: stays },
    ...{ canceled: stays, expired: stays },
  };
};

/** Every status × every status that a newer observation may show. */
export const transitions: Readonly<Record<SubscriptionStatus, Readonly<Record<SubscriptionStatus, Transition>>>> = {
  incomplete: {
    incomplete: to('incomplete'),
    trialing: to('trialing', ['subscription.activated']),
    active: activated,
    ...{ past_due: pastDue, paused, canceled, expired },
  },
  trialing: {
    incomplete,
    trialing: to('trialing'),
    active: activated,
    ...{ past_due: pastDue, paused, canceled, expired },
  },
  active: {
    incomplete,
    trialing: to('trialing', ['subscription.updated']),
    active: to('active'),
    ...{ past_due: pastDue, paused, canceled, expired },
  },
  past_due: {
    incomplete: endsGrace(incomplete),
    trialing: endsGrace(to('trialing', ['subscription.recovered'])),
    active: endsGrace(to('active', ['subscription.recovered'])),
    past_due: to('past_due'),
    paused: endsGrace(paused),
    canceled: endsGrace(canceled),
    expired: endsGrace(expired),
  },
  paused: {
    incomplete,
    trialing: to('trialing', ['subscription.resumed']),
    active: to('active', ['subscription.resumed']),
    past_due: pastDue,
    paused: to('paused'),
    ...{ canceled, expired },
  },
  canceled: absorbing('canceled'),
  expired: absorbing('expired'),
};

import { z } from 'zod';
import type { ChangeFact, ChangeOperations } from '../port-records.ts';
import { unixFromIso } from '../wire-time.ts';
import type { StripeApi } from './client.ts';
import { CHANGES } from './event-table.ts';
import { pageOf, pageParams } from './page.ts';
import { readCharge } from './read-charge.ts';
import { checkoutIdOf, relatedOf } from './webhook.ts';
import { stripeEvent, type StripeEventObject } from './wire-event.ts';
import { idOf, listOf } from './wire.ts';

const DAY_MS = 86_400_000;
const listedEvent = stripeEvent.extend({ created: z.number() });

/** By the events themselves, whether or not they were delivered; Stripe keeps them for 30 days. */
export function createStripeChanges(api: StripeApi): ChangeOperations {
  return {
    horizonMs: 30 * DAY_MS,
    async list({ since, until, ...query }) {
      const found = await api.call({
        operation: 'changes.list',
        reply: listOf(listedEvent),
        budget: api.budget(),
        send: (stripe, options) =>
          stripe.events.list(
            {
              // Events have whole seconds.
              created: { gte: unixFromIso(since), lt: Math.ceil(Date.parse(until) / 1000) },
              types: [...CHANGES],
              ...pageParams(query),
            },
            options,
          ),
      });
      return pageOf(found, changeOf);
    },
    charge: (id) => readCharge(api, id),
  };
}

/** What our list of event types is about, by the object they carry: charges tell of nothing but refunds there. */
const ABOUT: Readonly<Record<string, ChangeFact['about']>> = {
  'checkout.session': 'checkout',
  subscription: 'subscription',
  invoice: 'invoice',
  charge: 'refund',
  refund: 'refund',
  dispute: 'dispute',
  payment_intent: 'charge',
};

function changeOf(event: z.output<typeof listedEvent>): ChangeFact {
  const { object } = event.data;
  return {
    about: ABOUT[object.object] ?? 'charge',
    charge: chargeOf(object),
    objectKind: object.object,
    objectId: object.id ?? event.id,
    checkoutId: checkoutIdOf(object),
    related: relatedOf(object),
    changedAt: new Date(event.created * 1000).toISOString(),
  };
}

/** A payment is an intent; only what was charged without one goes by its charge. */
function chargeOf(object: StripeEventObject): string | null {
  const intent = object.object === 'payment_intent' ? object.id : idOf(object.payment_intent);
  return intent ?? (object.object === 'charge' ? object.id : idOf(object.charge)) ?? null;
}

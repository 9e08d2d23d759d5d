import { z } from 'zod';
import type { ChangeFact, ChangeOperations } from '../port-records.ts';
import { unixFromIso } from '../wire-time.ts';
import type { StripeApi } from './client.ts';
import { CHANGES } from './event-table.ts';
import { pageOf, pageParams } from './page.ts';
import { checkoutIdOf, relatedOf } from './webhook.ts';
import { stripeEvent } from './wire-event.ts';
import { listOf } from './wire.ts';

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
  };
}

function changeOf(event: z.output<typeof listedEvent>): ChangeFact {
  const { object } = event.data;
  return {
    objectKind: object.object,
    objectId: object.id ?? event.id,
    checkoutId: checkoutIdOf(object),
    related: relatedOf(object),
    changedAt: new Date(event.created * 1000).toISOString(),
  };
}

import { z } from 'zod';
import { uuid } from '../core/ids.ts';
import type { Route } from '../http/answer.ts';
import type { FungiesContext } from './context.ts';
import { invalid, success } from './errors.ts';
import type { CheckoutElement } from './objects.ts';
import { showOffer } from './offers.ts';
import { customFieldList, parse, toCustomFields } from './validation.ts';

// `offersIds` is the vendor's spelling.
const createBody = z.object({
  offersIds: z.array(z.uuid()).min(1),
  name: z.string().min(1),
  customFields: customFieldList.optional(),
});

function create(fungies: FungiesContext, body: z.output<typeof createBody>): CheckoutElement {
  const offers = body.offersIds.map((id) => {
    const offer = fungies.offers.get(id);
    if (!offer) throw invalid(`offersIds: offer ${id} not found`);
    return offer;
  });
  const recurring = offers.filter(({ recurringInterval }) => recurringInterval !== null);
  if (recurring.length > 0 && offers.length > 1) throw invalid('offersIds: a subscription offer stands alone');
  return fungies.elements.put({
    id: uuid(),
    name: body.name,
    status: 'ACTIVE',
    offerIds: body.offersIds,
    customFields: toCustomFields(body.customFields),
    createdAt: fungies.now(),
  });
}

function showElement(fungies: FungiesContext, element: CheckoutElement): object {
  const offers = element.offerIds.flatMap((id) => fungies.offers.get(id) ?? []);
  const subscription = offers.find(({ recurringInterval }) => recurringInterval !== null);
  return {
    object: 'checkoutElement',
    id: element.id,
    name: element.name,
    status: element.status,
    subscriptionOffer: subscription ? showOffer(subscription) : null,
    offers: offers.filter((offer) => offer !== subscription).map(showOffer),
  };
}

export function elementRoutes(fungies: FungiesContext): Route[] {
  return [
    {
      method: 'post',
      path: '/v0/elements/checkout/create',
      operations: ['checkouts.create'],
      handle: (request) =>
        success({ checkoutElement: showElement(fungies, create(fungies, parse(createBody, request))) }),
    },
  ];
}

import { BillingError } from '../../domain/errors.ts';
import type { JsonApi } from '../json-api.ts';
import type { CatalogPriceInput, ProviderClient } from '../port.ts';
import { conektaPlan } from './wire.ts';

/**
 * A plan per recurring MXN price, under an id that we choose: pushing twice finds the first. One-time prices need
 * nothing (null), other currencies and free prices cannot be sold here (null).
 */
export function createConektaCatalog(api: JsonApi): NonNullable<ProviderClient['catalog']> {
  return {
    async ensurePrice(input) {
      const { unitAmount, billingInterval } = input;
      if (unitAmount.currency !== 'MXN' || unitAmount.amountMinor === 0 || billingInterval === null) return null;
      const budget = api.budget();
      const id = `plinto-${input.priceId}`;
      const read = {
        operation: 'plans.get',
        method: 'GET',
        path: `/plans/${encodeURIComponent(id)}`,
        reply: conektaPlan,
        budget,
      } as const;
      const found =
        (await api.find(read)) ??
        (await create(api, id, input).catch(async (error: unknown) => {
          // Somebody pushed it in the meantime: then it is there now.
          const raced = error instanceof BillingError && error.kind === 'invalid' ? await api.find(read) : null;
          if (!raced) throw error;
          return raced;
        }));
      return { providerProductId: found.id, providerPriceId: found.id };
    },
  };
}

async function create(api: JsonApi, id: string, input: CatalogPriceInput) {
  return api.call({
    operation: 'plans.create',
    method: 'POST',
    path: '/plans',
    body: {
      id,
      name: input.name,
      amount: input.unitAmount.amountMinor,
      currency: 'MXN',
      interval: input.billingInterval === 'monthly' ? 'month' : 'year',
      frequency: 1,
      ...(input.trialDays === null || input.trialDays === 0 ? {} : { trial_period_days: input.trialDays }),
    },
    reply: conektaPlan,
  });
}

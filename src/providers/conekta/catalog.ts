import type { BillingInterval } from '../../domain/catalogue.ts';
import { BillingError } from '../../domain/errors.ts';
import { notSupported } from '../failures.ts';
import type { JsonApi } from '../json-api.ts';
import type { CatalogItem, CatalogOperations, CatalogPriceInput } from '../port-catalog.ts';
import type { ProviderPrice } from '../port.ts';
import { pageParams, toPage } from './paging.ts';
import { conektaPlan, conektaPlanPage, type ConektaPlan } from './wire.ts';

const PREFIX = 'plinto-';

/**
 * A plan per recurring MXN price, under an id that we choose: pushing twice finds the first. One-time prices need
 * nothing (null), other currencies and free prices cannot be sold here (null).
 */
export function createConektaCatalog(api: JsonApi): CatalogOperations & Required<Pick<CatalogOperations, 'update'>> {
  return {
    async ensurePrice(input) {
      const { unitAmount, billingInterval } = input;
      if (unitAmount.currency !== 'MXN' || unitAmount.amountMinor === 0 || billingInterval === null) return null;
      const id = `${PREFIX}${input.priceId}`;
      const found =
        (await read(api, id)) ??
        (await create(api, id, input).catch(async (error: unknown) => {
          // Somebody pushed it in the meantime: then it is there now.
          const raced = error instanceof BillingError && error.kind === 'invalid' ? await read(api, id) : null;
          if (!raced) throw error;
          return raced;
        }));
      assertSame(found, input);
      return { providerProductId: found.id, providerPriceId: found.id };
    },
    async get(price) {
      const plan = await read(api, planIdOf(price));
      return plan && mapPlan(plan);
    },
    async list(query) {
      const page = await api.call({
        operation: 'plans.list',
        method: 'GET',
        path: '/plans',
        query: pageParams(query),
        reply: conektaPlanPage,
      });
      return toPage(
        page,
        page.data.flatMap((plan) => mapPlan(plan) ?? []),
      );
    },
    /** Plans have a name only. Whether deleting one spares its subscriptions is undocumented, so none is retired. */
    async update(price, input) {
      if (!input.isActive) throw notSupported('conekta', 'retire a plan');
      const plan = await api.call({
        operation: 'plans.update',
        method: 'PUT',
        path: `/plans/${encodeURIComponent(planIdOf(price))}`,
        body: { name: input.name },
        reply: conektaPlan,
      });
      const item = mapPlan(plan);
      if (item) return item;
      throw notSupported('conekta', 'tell this plan’s interval in our terms');
    },
  };
}

function read(api: JsonApi, id: string): Promise<ConektaPlan | null> {
  return api.find({
    operation: 'plans.get',
    method: 'GET',
    path: `/plans/${encodeURIComponent(id)}`,
    reply: conektaPlan,
  });
}

async function create(api: JsonApi, id: string, input: CatalogPriceInput): Promise<ConektaPlan> {
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

/** Weekly and half-monthly plans have no interval of ours: null. */
export function mapPlan(plan: ConektaPlan): CatalogItem | null {
  const billingInterval = intervalOf(plan);
  if (billingInterval === null) return null;
  return {
    providerProductId: plan.id,
    providerPriceId: plan.id,
    priceId: plan.id.startsWith(PREFIX) ? plan.id.slice(PREFIX.length) : null,
    name: plan.name ?? plan.id,
    description: null,
    unitAmount: { amountMinor: plan.amount, currency: plan.currency.toUpperCase() },
    billingInterval,
    isActive: true,
  };
}

function intervalOf(plan: ConektaPlan): BillingInterval | null {
  const every = `${plan.frequency ?? 1} ${plan.interval ?? ''}`;
  if (every === '1 month') return 'monthly';
  return every === '1 year' || every === '12 month' ? 'yearly' : null;
}

/** Somebody may have changed a plan in Conekta's panel: selling at another price than ours is worse than not selling. */
function assertSame(plan: ConektaPlan, input: CatalogPriceInput): void {
  const isSame =
    plan.amount === input.unitAmount.amountMinor &&
    plan.currency.toUpperCase() === input.unitAmount.currency &&
    (plan.interval == null || intervalOf(plan) === input.billingInterval);
  if (isSame) return;
  throw new BillingError({
    code: 'provider_price_mismatch',
    kind: 'conflict',
    message: 'The provider has this plan with another amount or interval.',
    details: { provider: 'conekta' },
  });
}

function planIdOf(price: ProviderPrice): string {
  return price.providerPriceId ?? price.providerProductId;
}

import { createHash } from 'node:crypto';
import { z } from 'zod';
import { PlanEntity, PriceEntity, ProviderPriceEntity, type Plan, type PriceRow } from '../db/entities/plan.ts';
import { ProviderMeterEntity, type Meter } from '../db/entities/usage.ts';
import { addMeter, findMeter } from '../db/queries/meters.ts';
import { ensureProviderMeter } from '../activities/push-meter.ts';
import { newId } from '../db/new-id.ts';
import type { Db } from '../db/orm.ts';
import type { ProviderDirectory } from '../providers/port.ts';
import catalogueFile from './catalogue.json' with { type: 'json' };

const planSchema = z.object({
  key: z.string(),
  name: z.string(),
  description: z.string(),
  kind: z.enum(['subscription', 'one_time']),
  digital: z.boolean(),
  features: z.array(z.string()),
  limits: z.record(z.string(), z.number()),
  contact_url: z.string().nullable().default(null),
  is_popular: z.boolean().default(false),
  sort_order: z.number(),
  prices: z.array(
    z.object({
      billing_interval: z.enum(['monthly', 'yearly']).nullable(),
      amount_minor: z.number().int(),
      currency: z.string().length(3),
    }),
  ),
});
type PlanInput = z.output<typeof planSchema>;

/**
 * Makes the meter, the plans and prices that are missing, and pushes the meter to every provider that has meters and each
 * paid price to every one that can sell it.
 */
export async function seedCatalogue(em: Db, providers: ProviderDirectory, projectId: string): Promise<void> {
  await seedMeter(em, providers, projectId);
  for (const input of z.array(planSchema).parse(catalogueFile)) {
    const plan = await keepPlan(em, projectId, input);
    for (const wanted of input.prices) {
      const price = await keepPrice(em, plan, wanted);
      if (price.amountMinor > 0) await pushPrice(em, providers, plan, price);
    }
  }
}

/** What the plans' limits are named by. */
async function seedMeter(em: Db, providers: ProviderDirectory, projectId: string): Promise<void> {
  const meter = await keepMeter(em, projectId);
  await Promise.all(
    providers.ids().map(async (provider) => {
      const account = await providers.account(projectId, false, provider);
      const usage = account?.client.usage;
      const fork = em.fork();
      if (!usage || (await fork.findOne(ProviderMeterEntity, { meterId: meter.id, provider }))) return;
      await ensureProviderMeter(fork, usage, meter, provider);
    }),
  );
}

async function keepMeter(em: Db, projectId: string): Promise<Meter> {
  const key = 'api_calls';
  const known = await findMeter(em, { projectId, live: false }, key);
  const made =
    known ??
    (await addMeter(
      em,
      {
        ...{ id: newId('mtr'), projectId, live: false, key, name: 'API calls', eventName: 'api_call', filter: [] },
        ...{ aggregation: 'sum', property: null, unit: 'call', limitBehavior: 'soft', whenUnreadable: 'open' },
      },
      () => undefined,
    ));
  if (!made) throw new Error(`the meter ${key} was made by somebody else at the same time`);
  return made;
}

async function keepPlan(em: Db, projectId: string, input: PlanInput): Promise<Plan> {
  const known = await em.findOne(PlanEntity, { projectId, key: input.key });
  if (known) return known;
  const plan = em.create(
    PlanEntity,
    {
      id: newId('plan'),
      projectId,
      key: input.key,
      name: input.name,
      description: input.description,
      kind: input.kind,
      digital: input.digital,
      features: input.features,
      limits: input.limits,
      contactUrl: input.contact_url,
      trialDays: null,
      isActive: true,
      isPopular: input.is_popular,
      sortOrder: input.sort_order,
    },
    { persist: true },
  );
  await em.flush();
  return plan;
}

async function keepPrice(em: Db, plan: Plan, wanted: PlanInput['prices'][number]): Promise<PriceRow> {
  const { billing_interval: billingInterval, amount_minor: amountMinor, currency } = wanted;
  const known = await em.findOne(PriceEntity, { planId: plan.id, billingInterval, currency });
  if (known) return known;
  const price = em.create(
    PriceEntity,
    { id: newId('price'), projectId: plan.projectId, planId: plan.id, billingInterval, amountMinor, currency },
    { persist: true },
  );
  await em.flush();
  return price;
}

async function pushPrice(em: Db, providers: ProviderDirectory, plan: Plan, price: PriceRow): Promise<void> {
  await Promise.all(
    providers.ids().map(async (provider) => {
      const owner = { projectId: plan.projectId, live: false, priceId: price.id, provider };
      const account = await providers.account(plan.projectId, false, provider);
      const catalog = account?.client.catalog;
      if (!catalog || (await em.fork().findOne(ProviderPriceEntity, owner))) return;
      const pushed = await catalog.ensurePrice({
        idempotencyKey: createHash('sha256').update(`catalog/${price.id}/${provider}`).digest('base64url'),
        planId: plan.id,
        planKey: plan.key,
        name: plan.name,
        description: plan.description,
        digital: plan.digital,
        priceId: price.id,
        unitAmount: { amountMinor: price.amountMinor, currency: price.currency },
        billingInterval: price.billingInterval,
        trialDays: plan.trialDays,
      });
      if (pushed === null) return;
      const fork = em.fork();
      fork.create(ProviderPriceEntity, { ...owner, ...pushed, pushedFingerprint: null }, { persist: true });
      await fork.flush();
    }),
  );
}

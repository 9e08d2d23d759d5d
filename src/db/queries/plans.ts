import { PlanEntity, PriceEntity, ProviderPriceEntity } from '../entities/plan.ts';
import type { Plan, PriceRow, ProviderPriceRow } from '../entities/plan.ts';
import type { Db } from '../orm.ts';
import { columnsOf, executePrepared } from '../prepared.ts';

export interface PricedPlan {
  readonly plan: Plan;
  readonly prices: readonly PriceRow[];
}

/** As it is sold in one mode, with the providers that its prices were pushed to. */
export interface PushedPlan {
  readonly plan: Plan;
  readonly prices: readonly Pick<PriceRow, 'id' | 'billingInterval' | 'amountMinor' | 'currency'>[];
  readonly pushed: readonly { readonly priceId: string; readonly provider: string }[];
}

/**
 * Finds a plan by our id, its key, or any provider's id for it.
 *
 * @returns `mapped` is the price that a provider's id stands for.
 */
export async function findProduct(
  em: Db,
  input: { readonly projectId: string; readonly live: boolean; readonly productId: string },
): Promise<(PushedPlan & { readonly mapped: PriceRow | null }) | null> {
  const { projectId, productId } = input;
  const product = await readPushedPlan(em, input, productId);
  if (product) return { ...product, mapped: null };
  const mapping = await em.findOne(
    ProviderPriceEntity,
    { projectId, live: input.live, $or: [{ providerProductId: productId }, { providerPriceId: productId }] },
    { orderBy: { provider: 'asc', priceId: 'asc' } },
  );
  const mapped = mapping && (await em.findOne(PriceEntity, { projectId, id: mapping.priceId }));
  const owner = mapped && (await readPushedPlan(em, input, mapped.planId));
  return mapped && owner ? { ...owner, mapped } : null;
}

const pushedPlanQuery = (columns: string) => `
  select ${columns},
    (select coalesce(jsonb_agg(jsonb_build_object('id', price.id, 'billingInterval', price.billing_interval,
         'amountMinor', price.amount_minor, 'currency', price.currency) order by price.currency, price.billing_interval), '[]')
       from prices price where price.project_id = plan.project_id and price.plan_id = plan.id) as prices,
    (select coalesce(jsonb_agg(jsonb_build_object('priceId', pushed.price_id, 'provider', pushed.provider)), '[]')
       from prices price join provider_prices pushed
         on pushed.project_id = price.project_id and pushed.price_id = price.id and pushed.live = ?
       where price.project_id = plan.project_id and price.plan_id = plan.id) as pushed
  from plans plan where plan.project_id = ? and (plan.id = ? or plan.key = ?)`;

/** One round trip, for the caller of a checkout waits for it. */
async function readPushedPlan(
  em: Db,
  { projectId, live }: { readonly projectId: string; readonly live: boolean },
  idOrKey: string,
): Promise<PushedPlan | null> {
  const [found] = await executePrepared<Omit<PushedPlan, 'plan'>>(em, {
    sql: pushedPlanQuery(columnsOf(em, PlanEntity, 'plan')),
    params: [live, projectId, idOrKey, idOrKey],
  });
  if (!found) return null;
  const { prices, pushed, ...plan } = found;
  return { plan: em.map(PlanEntity, plan), prices, pushed };
}

/** @param idOrKey Our id, or the plan's key. */
export async function findPlan(em: Db, projectId: string, idOrKey: string): Promise<PricedPlan | null> {
  const plan = await em.findOne(PlanEntity, { projectId, $or: [{ id: idOrKey }, { key: idOrKey }] });
  return plan && { plan, prices: await listPrices(em, projectId, [plan.id]) };
}

/** Plans on sale in their shown order, one more than `limit` to tell whether there are others. */
export async function listPlans(
  em: Db,
  input: {
    readonly projectId: string;
    readonly limit: number;
    readonly after: { readonly sortOrder: number; readonly id: string } | null;
  },
): Promise<readonly PricedPlan[]> {
  const { after } = input;
  const plans = await em.find(
    PlanEntity,
    {
      projectId: input.projectId,
      isActive: true,
      ...(after && {
        $or: [{ sortOrder: { $gt: after.sortOrder } }, { sortOrder: after.sortOrder, id: { $gt: after.id } }],
      }),
    },
    { orderBy: { sortOrder: 'asc', id: 'asc' }, limit: input.limit + 1 },
  );
  const prices = await listPrices(
    em,
    input.projectId,
    plans.map((plan) => plan.id),
  );
  return plans.map((plan) => ({ plan, prices: prices.filter((price) => price.planId === plan.id) }));
}

/** What the providers call these prices, in one mode. */
export async function listProviderPrices(
  em: Db,
  input: { readonly projectId: string; readonly live: boolean; readonly priceIds: readonly string[] },
): Promise<readonly ProviderPriceRow[]> {
  if (input.priceIds.length === 0) return [];
  return em.find(ProviderPriceEntity, {
    projectId: input.projectId,
    live: input.live,
    priceId: { $in: [...input.priceIds] },
  });
}

/** Keys of plans by id, for showing subscriptions. */
export async function listPlanKeys(
  em: Db,
  projectId: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  const plans = await em.find(PlanEntity, { projectId, id: { $in: [...ids] } }, { fields: ['id', 'key'] });
  return new Map(plans.map((plan) => [plan.id, plan.key]));
}

async function listPrices(em: Db, projectId: string, planIds: readonly string[]): Promise<readonly PriceRow[]> {
  if (planIds.length === 0) return [];
  return em.find(
    PriceEntity,
    { projectId, planId: { $in: [...planIds] } },
    { orderBy: { currency: 'asc', billingInterval: 'asc' } },
  );
}

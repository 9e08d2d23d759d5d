import { createHash } from 'node:crypto';
import { PlanEntity, PriceEntity, ProviderPriceEntity, type Plan, type PriceRow } from '../db/entities/plan.ts';
import type { Db } from '../db/orm.ts';
import { planPush, type PushStep } from '../domain/plan-push.ts';
import type { ProviderClient, ProviderPrice } from '../providers/port.ts';
import { callKey } from './call-key.ts';
import { accountOf } from './provider-account.ts';
import type { ActivityDeps } from './deps.ts';

type Catalog = NonNullable<ProviderClient['catalog']>;

export interface PushPriceInput {
  readonly projectId: string;
  readonly live: boolean;
  readonly provider: string;
  readonly priceId: string;
  readonly dryRun: boolean;
}

/** Brings one price of ours to one provider, or says what that would do. Safe to repeat. */
export function createPushPrice(deps: ActivityDeps) {
  return async function pushPrice(input: PushPriceInput): Promise<PushStep> {
    const { projectId, live, provider, priceId } = input;
    const em = deps.orm.em.fork();
    const price = await em.findOneOrFail(PriceEntity, { projectId, id: priceId });
    const plan = await em.findOneOrFail(PlanEntity, { projectId, id: price.planId });
    const step = { priceId, planKey: plan.key, provider };
    const { catalog } = (await accountOf(deps, projectId, live, provider)).client;
    if (!catalog) return { ...step, action: 'not_sold', because: 'the provider keeps no catalogue' };
    const owner = { projectId, live, priceId, provider };
    const mapping = await em.findOne(ProviderPriceEntity, owner);
    const fingerprint = pushFingerprint(plan);
    const decided = planPush({
      ...{ unitAmount: moneyOf(price), billingInterval: price.billingInterval, isActive: plan.isActive, fingerprint },
      ...{ pushedFingerprint: mapping?.pushedFingerprint ?? null, isMapped: mapping !== null },
      theirs: mapping && (await catalog.get(mapping)),
    });
    if (input.dryRun || (decided.action !== 'create' && decided.action !== 'update')) return { ...step, ...decided };
    const pushed =
      decided.action === 'create' || mapping === null
        ? await create(catalog, plan, price, provider)
        : await update(catalog, plan, mapping, provider, `${price.id}/${fingerprint}`);
    if (pushed === null) return { ...step, action: 'not_sold', because: 'the provider does not sell it' };
    await keepMapping(em, owner, pushed, fingerprint);
    return { ...step, ...decided };
  };
}

/** Which paid prices of a project could be pushed, in the order people read them. */
export function createListPrices(deps: ActivityDeps) {
  return async function listPrices(input: { readonly projectId: string }): Promise<readonly string[]> {
    const rows = await deps.orm.em.fork().execute<{ id: string }[]>(
      `select price.id from prices price join plans plan on plan.project_id = price.project_id and plan.id = price.plan_id
       where price.project_id = ? and price.amount_minor > 0 order by plan.sort_order, plan.key, price.id`,
      [input.projectId],
    );
    return rows.map(({ id }) => id);
  };
}

/** Of everything that an update would send. */
export function pushFingerprint(plan: Pick<Plan, 'name' | 'description' | 'isActive'>): string {
  const { name, description, isActive } = plan;
  return createHash('sha256')
    .update(JSON.stringify([name, description, isActive]))
    .digest('base64url');
}

function create(catalog: Catalog, plan: Plan, price: PriceRow, provider: string): Promise<ProviderPrice | null> {
  return catalog.ensurePrice({
    idempotencyKey: keyOf('catalog.ensurePrice', plan, price.id, provider),
    planId: plan.id,
    planKey: plan.key,
    name: plan.name,
    description: plan.description,
    digital: plan.digital,
    priceId: price.id,
    unitAmount: moneyOf(price),
    billingInterval: price.billingInterval,
    trialDays: plan.trialDays,
  });
}

async function update(
  catalog: Catalog,
  plan: Plan,
  mapping: ProviderPrice,
  provider: string,
  businessId: string,
): Promise<ProviderPrice> {
  const { name, description, isActive } = plan;
  const idempotencyKey = keyOf('catalog.update', plan, businessId, provider);
  await catalog.update?.(mapping, { name, description, isActive, idempotencyKey });
  return mapping;
}

async function keepMapping(
  em: Db,
  owner: { readonly projectId: string; readonly live: boolean; readonly priceId: string; readonly provider: string },
  pushed: ProviderPrice,
  pushedFingerprint: string,
): Promise<void> {
  const { providerProductId, providerPriceId } = pushed;
  await em.upsert(ProviderPriceEntity, {
    ...{ ...owner, providerProductId, providerPriceId, pushedFingerprint },
    ...{ createdAt: new Date(), updatedAt: new Date() },
  });
}

function keyOf(operation: string, plan: Plan, businessId: string, provider: string): string {
  return callKey({ projectId: plan.projectId, operation, businessId: `${plan.id}/${businessId}`, provider });
}

function moneyOf(price: PriceRow) {
  return { amountMinor: price.amountMinor, currency: price.currency };
}

import { PlanBenefitEntity, ProviderBenefitEntity } from '../db/entities/benefit.ts';
import { PlanEntity, PriceEntity, ProviderPriceEntity, type ProviderPriceRow } from '../db/entities/plan.ts';
import type { Db } from '../db/orm.ts';
import { recordAudit } from '../db/queries/audit.ts';
import { planBenefitsPush, type BenefitStep } from '../domain/benefit-push.ts';
import { callKey } from './call-key.ts';
import type { ActivityDeps } from './deps.ts';
import { accountOf } from './provider-account.ts';

export interface PushPlanBenefitsInput {
  readonly projectId: string;
  readonly live: boolean;
  readonly provider: string;
  readonly planId: string;
  readonly dryRun: boolean;
}

/**
 * Has a plan's products at one provider bring exactly the plan's benefits that the provider knows, or says what that
 * would do. Safe to repeat.
 */
export function createPushPlanBenefits(deps: ActivityDeps) {
  return async function pushPlanBenefits(input: PushPlanBenefitsInput): Promise<BenefitStep> {
    const { projectId, live, provider, planId } = input;
    const em = deps.orm.em.fork();
    const plan = await em.findOneOrFail(PlanEntity, { projectId, id: planId });
    const wanted = await listKnownBenefits(em, input);
    const products = await listProducts(em, input);
    const decided = planBenefitsPush(
      wanted.map(({ benefitId }) => benefitId),
      products.map(({ pushedBenefits }) => pushedBenefits ?? null),
    );
    const step = { benefitId: null, planKey: plan.key, provider, ...decided };
    if (input.dryRun || decided.action !== 'update') return step;
    const { benefits } = (await accountOf(deps, projectId, live, provider)).client;
    if (!benefits) return { ...step, action: 'not_offered', because: 'the provider has no benefits' };
    const benefitIds = wanted.map(({ benefitId }) => benefitId);
    for (const providerProductId of new Set(products.map((product) => product.providerProductId))) {
      await benefits.setForProduct({
        ...{ providerProductId, providerBenefitIds: wanted.map(({ providerBenefitId }) => providerBenefitId) },
        idempotencyKey: callKey({
          ...{ projectId, operation: 'benefits.setForProduct', provider },
          businessId: `${providerProductId}/${benefitIds.join(',')}`,
        }),
      });
    }
    for (const product of products) {
      const before = { pushed_benefits: product.pushedBenefits };
      em.assign(product, { pushedBenefits: benefitIds });
      recordAudit(em, {
        ...{ projectId, live, actor: 'push-plans', action: 'price.benefits_pushed', detail: `at ${provider}` },
        ...{ entityKind: 'price', entityId: product.priceId, before, after: { pushed_benefits: benefitIds } },
      });
    }
    await em.flush();
    return step;
  };
}

/** Of the plan's benefits, those in force that the provider has, in a steady order. */
async function listKnownBenefits(em: Db, { projectId, live, provider, planId }: PushPlanBenefitsInput) {
  const parts = await em.find(PlanBenefitEntity, { projectId, planId });
  const ids = parts.map(({ benefitId }) => benefitId);
  const known = await em.find(
    ProviderBenefitEntity,
    { projectId, live, provider, benefitId: { $in: ids } },
    { orderBy: { benefitId: 'asc' } },
  );
  const active = await em.execute<{ id: string }[]>(
    'select id from benefits where project_id = ? and is_active and id = any (?::text[])',
    [projectId, `{${ids.join(',')}}`],
  );
  return known.filter(({ benefitId }) => active.some(({ id }) => id === benefitId));
}

async function listProducts(em: Db, input: PushPlanBenefitsInput): Promise<readonly ProviderPriceRow[]> {
  const { projectId, live, provider, planId } = input;
  const prices = await em.find(PriceEntity, { projectId, planId }, { fields: ['id'] });
  const priceIds = prices.map(({ id }) => id);
  return em.find(ProviderPriceEntity, { projectId, live, provider, priceId: { $in: priceIds } });
}

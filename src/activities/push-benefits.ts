import { createHash } from 'node:crypto';
import { BenefitEntity, ProviderBenefitEntity, type Benefit } from '../db/entities/benefit.ts';
import type { Db } from '../db/orm.ts';
import { benefitPush, type BenefitStep } from '../domain/benefit-push.ts';
import { recordAudit } from '../db/queries/audit.ts';
import { BillingError } from '../domain/errors.ts';
import type { ProviderClient } from '../providers/port.ts';
import { callKey } from './call-key.ts';
import type { ActivityDeps } from './deps.ts';
import { accountOf } from './provider-account.ts';

type BenefitOperations = NonNullable<ProviderClient['benefits']>;
type BenefitTruth = Awaited<ReturnType<BenefitOperations['ensure']>>;

export interface PushBenefitInput {
  readonly projectId: string;
  readonly live: boolean;
  readonly provider: string;
  readonly benefitId: string;
  readonly dryRun: boolean;
}

/** What there is to push of benefits: definitions in force, plans that bring or brought some, and who has benefits. */
export interface BenefitWork {
  readonly benefitIds: readonly string[];
  readonly planIds: readonly string[];
  readonly providers: readonly string[];
}

export function createListBenefits(deps: ActivityDeps) {
  return async function listBenefits(input: {
    readonly projectId: string;
    readonly live: boolean;
    readonly providers: readonly string[];
  }): Promise<BenefitWork> {
    const { projectId, live } = input;
    const em = deps.orm.em.fork();
    const benefits = await em.find(
      BenefitEntity,
      { projectId, isActive: true },
      { orderBy: { id: 'asc' }, fields: ['id'] },
    );
    const plans = await em.execute<{ id: string }[]>(
      `select plan.id from plans plan where plan.project_id = ? and (
         exists (select 1 from plan_benefits part where part.project_id = plan.project_id and part.plan_id = plan.id)
         or exists (select 1 from prices price join provider_prices product
           on product.project_id = price.project_id and product.price_id = price.id and product.live = ?
           where price.project_id = plan.project_id and price.plan_id = plan.id and product.pushed_benefits <> '{}'))
       order by plan.sort_order, plan.key`,
      [projectId, live],
    );
    const has = (id: string) => deps.providers.operations(id).includes('benefits.setForProduct');
    return {
      benefitIds: benefits.map(({ id }) => id),
      planIds: plans.map(({ id }) => id),
      providers: input.providers.filter(has),
    };
  };
}

/** Brings one benefit's definition to one provider, or says what that would do. Safe to repeat. */
export function createPushBenefit(deps: ActivityDeps) {
  return async function pushBenefit(input: PushBenefitInput): Promise<BenefitStep> {
    const { projectId, live, provider, benefitId } = input;
    const em = deps.orm.em.fork();
    const benefit = await em.findOneOrFail(BenefitEntity, { projectId, id: benefitId });
    const step = { benefitId, planKey: null, provider };
    const { benefits } = (await accountOf(deps, projectId, live, provider)).client;
    const mapping = await em.findOne(ProviderBenefitEntity, { projectId, live, benefitId, provider });
    const theirs = mapping && benefits ? await benefits.get(mapping.providerBenefitId) : null;
    const fingerprint = benefitFingerprint(benefit);
    const decided = benefitPush({
      ...{ isActive: benefit.isActive, isOffered: benefits?.types.includes(benefit.type) ?? false, fingerprint },
      ...{ isMapped: mapping !== null, isThere: theirs !== null && !theirs.isDeleted },
      pushedFingerprint: mapping?.pushedFingerprint ?? null,
    });
    if (input.dryRun || !benefits || (decided.action !== 'create' && decided.action !== 'update'))
      return { ...step, ...decided };
    const isNew = decided.action === 'create' || mapping === null;
    const pushed = await send(benefits, benefit, provider, fingerprint, isNew ? null : mapping.providerBenefitId);
    if ('refused' in pushed) return { ...step, action: 'not_offered', because: pushed.refused };
    await keepMapping(em, { projectId, live, benefitId, provider }, mapping, pushed.providerBenefitId, fingerprint);
    return { ...step, ...decided };
  };
}

/** Of everything that a push sends. */
export function benefitFingerprint(benefit: Pick<Benefit, 'type' | 'description' | 'properties'>): string {
  const { type, description, properties } = benefit;
  const sorted = Object.entries(properties).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([type, description, sorted]))
    .digest('base64url');
}

/** What the provider cannot express stays ours to give: said, not failed. */
async function send(
  benefits: BenefitOperations,
  benefit: Benefit,
  provider: string,
  fingerprint: string,
  providerBenefitId: string | null,
): Promise<BenefitTruth | { readonly refused: string }> {
  const { projectId, id: benefitId, type, description, properties } = benefit;
  const operation = providerBenefitId === null ? 'benefits.ensure' : 'benefits.update';
  const idempotencyKey = callKey({ projectId, operation, businessId: `${benefitId}/${fingerprint}`, provider });
  const input = { benefitId, type, description, properties, idempotencyKey };
  try {
    return providerBenefitId === null
      ? await benefits.ensure(input)
      : await benefits.update({ ...input, providerBenefitId });
  } catch (error) {
    if (!(error instanceof BillingError) || error.kind !== 'invalid') throw error;
    const faults = error.faults.map(({ pointer, detail }) => `${pointer} ${detail}`);
    return { refused: `the provider does not take it: ${faults.join('; ') || error.code}` };
  }
}

async function keepMapping(
  em: Db,
  owner: { readonly projectId: string; readonly live: boolean; readonly benefitId: string; readonly provider: string },
  mapping: { readonly providerBenefitId: string } | null,
  providerBenefitId: string,
  pushedFingerprint: string,
): Promise<void> {
  const { benefitId, projectId, live, provider } = owner;
  const before = mapping && { provider_benefit_id: mapping.providerBenefitId };
  await em.transactional(async (tx) => {
    await tx.upsert(ProviderBenefitEntity, {
      ...{ ...owner, providerBenefitId, pushedFingerprint },
      ...{ createdAt: new Date(), updatedAt: new Date() },
    });
    recordAudit(tx, {
      ...{ projectId, live, actor: 'push-plans', action: 'benefit.pushed', detail: `to ${provider}` },
      ...{ entityKind: 'benefit', entityId: benefitId, before, after: { provider_benefit_id: providerBenefitId } },
    });
  });
}

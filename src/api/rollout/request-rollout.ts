import { findProduct } from '../../db/queries/plans.ts';
import { findRollout, requestRollout as writeRollout } from '../../db/queries/rollouts.ts';
import type { RolloutSettings, RolloutStage } from '../../domain/rollout/rollout.ts';
import { stageFault } from '../../domain/rollout/stage-fault.ts';
import { presentRollout } from '../../present/rollout.ts';
import { rolloutStart } from '../../workflows/start-options.ts';
import { askWorkflow } from '../ask-workflow.ts';
import type { ApiDeps } from '../deps.ts';
import { fieldRefusal, refusal } from '../error-codes.ts';
import type { Answer } from '../idempotency.ts';
import type { Operating } from '../routes/operate-once.ts';
import { policyInForce } from '../routing/project-rules.ts';
import { parseInput } from '../schemas/parse.ts';
import { createRolloutBody, type CreateRolloutBody, type StageWish } from '../schemas/rollout.ts';

/** Writes a rollout, which decides from then on, and has its watch started; while the engine is away, the relay does. */
export async function requestRollout(deps: ApiDeps, operating: Operating): Promise<Answer> {
  const { em, caller, body, id } = operating;
  const known = await findRollout(em, caller, id);
  if (known !== null) return { status: 201, body: presentRollout(known) };
  const asked = parseInput(createRolloutBody, body);
  const settings = settingsOf(asked);
  await refuseProviders(deps, operating, asked);
  const { projectId, live, actor } = caller;
  const { rollout, isNew } = await writeRollout(em, {
    ...{ id, projectId, live, actor, settings, name: asked.name, planId: await planOf(operating, asked) },
    ...{ fromProvider: asked.from, toProvider: asked.to },
  });
  if (!isNew)
    throw refusal('rollout_running', `${rollout.id} decides about these customers already.`, {
      details: { rollout_id: rollout.id },
    });
  await deps.rules.reload(caller);
  await askWorkflow(deps.logger, { rollout: id }, () => deps.temporal.startRollout(rolloutStart(rollout)));
  return { status: 201, body: presentRollout((await findRollout(em.fork(), caller, id)) ?? rollout) };
}

/** @throws {BillingError} `rollout_stage_invalid` */
function settingsOf(asked: CreateRolloutBody): RolloutSettings {
  const stages = asked.stages.map(toStage);
  const fault = stageFault(stages);
  if (fault !== null) throw fieldRefusal('rollout_stage_invalid', `/stages/${fault.index}`, fault.because);
  return {
    ...{ stages, alpha: asked.alpha, margin: asked.margin },
    minSamples: asked.min_samples,
    stageMinutes: asked.stage_minutes,
    maxErrorRate: asked.max_error_rate,
    maxWebhookDelayMs: asked.max_webhook_delay_ms,
    keepsLegacyFallback: asked.keeps_legacy_fallback,
  };
}

function toStage(wish: StageWish): RolloutStage {
  if (typeof wish === 'number') return { kind: 'percent', percent: wish };
  if ('first' in wish) return { kind: 'first', customers: wish.first };
  return { kind: 'organizations', organizations: wish.organizations };
}

async function planOf({ em, caller }: Operating, { product_id: productId }: CreateRolloutBody): Promise<string | null> {
  if (productId === null) return null;
  const { projectId, live } = caller;
  const product = await findProduct(em, { projectId, live, productId });
  if (product) return product.plan.id;
  throw fieldRefusal('product_not_found', '/product_id', 'No plan or product has this id or key.');
}

/** @throws {BillingError} `provider_account_not_found`, `validation_failed`, `rollout_not_routed` */
async function refuseProviders(
  deps: ApiDeps,
  { caller }: Operating,
  { from, to }: Pick<CreateRolloutBody, 'from' | 'to'>,
): Promise<void> {
  const configured = await deps.providers.configured(caller.projectId, caller.live);
  for (const [pointer, provider] of [
    ['/from', from],
    ['/to', to],
  ] as const)
    if (!configured.has(provider))
      throw fieldRefusal('provider_account_not_found', pointer, 'The project has no account at this provider.');
  if (from === to) throw fieldRefusal('validation_failed', '/to', 'Must be another provider than from.');
  const { policy } = await policyInForce(deps.rules, caller);
  if (policy.fallback_provider !== to && !policy.rules.some(({ provider }) => provider === to))
    throw fieldRefusal('rollout_not_routed', '/to', `The policy ${policy.name} sends nobody to this provider.`);
}

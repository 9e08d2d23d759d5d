import type {
  ArmAnswer,
  AssignmentAnswer,
  LookAnswer,
  RolloutAnswer,
  RolloutDetailAnswer,
} from '../api/schemas/rollout.ts';
import type { Rollout, RolloutLook } from '../db/entities/rollout.ts';
import type { AssignmentRow } from '../db/queries/rollout-assignments.ts';
import { describePlace } from '../domain/rollout/describe-stage.ts';
import type { GateDecision } from '../domain/rollout/gate.ts';
import type { ArmFigures, RolloutStage } from '../domain/rollout/rollout.ts';
import { isoOrNull } from './values.ts';

export function presentRollout(row: Rollout): RolloutAnswer {
  const { settings } = row;
  return {
    ...{ id: row.id, name: row.name, product_id: row.planId, from: row.fromProvider, to: row.toProvider },
    ...{ status: row.status, stage: row.stage, place: describePlace(settings.stages, row.stage) },
    stages: settings.stages.map(presentStage),
    min_samples: settings.minSamples,
    stage_minutes: settings.stageMinutes,
    alpha: settings.alpha,
    margin: settings.margin,
    max_error_rate: settings.maxErrorRate,
    max_webhook_delay_ms: settings.maxWebhookDelayMs,
    keeps_legacy_fallback: settings.keepsLegacyFallback,
    why: row.why,
    actor: row.actor,
    created_at: row.createdAt.toISOString(),
    stage_started_at: row.stageStartedAt.toISOString(),
    paused_at: isoOrNull(row.pausedAt),
    finished_at: isoOrNull(row.finishedAt),
    superseded_at: isoOrNull(row.supersededAt),
  };
}

function presentStage(stage: RolloutStage): RolloutAnswer['stages'][number] {
  return {
    kind: stage.kind,
    percent: stage.kind === 'percent' ? stage.percent : null,
    first: stage.kind === 'first' ? stage.customers : null,
    organizations: stage.kind === 'organizations' ? [...stage.organizations] : null,
  };
}

/**
 * With both arms as they are now.
 *
 * @param now.decided null: it is over, and the last look says what it ended by.
 */
export function presentRolloutDetail(
  row: Rollout,
  now: {
    readonly control: ArmFigures;
    readonly treatment: ArmFigures;
    readonly decided: GateDecision | null;
    /** Newest first. */
    readonly looks: readonly RolloutLook[];
  },
): RolloutDetailAnswer {
  const { decided, looks } = now;
  return {
    ...presentRollout(row),
    arms: { control: presentArm(now.control), treatment: presentArm(now.treatment) },
    statistic: decided ? { ...decided.statistic } : (looks[0]?.statistic ?? {}),
    outlook: decided && { decision: decided.decision, why: decided.because, missing: [...decided.missing] },
    looks: looks.map(presentLook),
  };
}

function presentLook(look: RolloutLook): LookAnswer {
  const { id, stage, decision, actor, statistic } = look;
  return {
    ...{ id, at: look.createdAt.toISOString(), stage, decision, why: look.because, actor },
    ...{ control: presentArm(look.control), treatment: presentArm(look.treatment), statistic },
  };
}

function presentArm(arm: ArmFigures): ArmAnswer {
  const { customers, attempts, succeeded, failed, unknown, openings } = arm;
  return {
    ...{ customers, attempts, succeeded, failed, unknown },
    success_rate: share(succeeded, succeeded + failed),
    openings,
    opening_errors: arm.openingErrors,
    error_rate: share(arm.openingErrors, openings),
    webhook_delay_ms: arm.webhookDelayMs,
    checkout_ms: arm.checkoutMs,
  };
}

function share(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

export function presentAssignment(row: AssignmentRow): AssignmentAnswer {
  const { arm, bucket, stage, provider, outcome } = row;
  return {
    organization_id: row.organizationId,
    ...{ arm, bucket, stage, checkout_id: row.checkoutId, provider, outcome },
    created_at: row.createdAt.toISOString(),
  };
}

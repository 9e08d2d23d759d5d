import { z } from 'zod';
import { defaultRolloutSettings as usual } from '../../domain/rollout/defaults.ts';
import { nullableTime, organizationId, paging, shortText, time } from './common.ts';

export const rolloutStatuses = ['running', 'paused', 'completed', 'rolled_back'] as const;
const arms = ['control', 'treatment'] as const;
const decisions = ['hold', 'advance', 'complete', 'roll_back'] as const;
const share = z.number().min(0).max(1);

const stageWish = z
  .union([
    z.number().gt(0).max(100).multipleOf(0.01),
    z.strictObject({ first: z.int().min(1).max(1_000_000) }),
    z.strictObject({ organizations: z.array(organizationId).min(1).max(1_000) }),
  ])
  .meta({ description: 'Percent of new customers, the first so many, or named organizations.' });
export type StageWish = z.output<typeof stageWish>;

export const createRolloutBody = z
  .strictObject({
    name: shortText.max(60).meta({ description: 'Stands in the routing rule of every checkout it decides about.' }),
    product_id: z.string().min(1).max(255).nullable().default(null).meta({ description: 'null: all plans.' }),
    from: z.string().min(1).max(64).meta({ description: 'The provider that is left: the control arm.' }),
    to: z.string().min(1).max(64).meta({ description: 'The provider that the policy names: the treatment arm.' }),
    stages: z.array(stageWish).min(1).max(20).default([1, 10, 50, 100]),
    min_samples: z.int().min(1).max(1_000_000).default(usual.minSamples),
    stage_minutes: z.int().min(0).max(525_600).default(usual.stageMinutes),
    alpha: z.number().gt(0).max(0.5).default(usual.alpha),
    margin: share.default(usual.margin),
    max_error_rate: share.default(usual.maxErrorRate),
    max_webhook_delay_ms: z.int().min(1_000).max(86_400_000).default(usual.maxWebhookDelayMs),
    keeps_legacy_fallback: z.boolean().default(usual.keepsLegacyFallback),
  })
  .meta({ id: 'CreateRollout' });
export type CreateRolloutBody = z.output<typeof createRolloutBody>;

export const setStageBody = z
  .strictObject({ stage: z.int().min(0).meta({ description: 'Index into `stages`, from 0.' }) })
  .meta({ id: 'SetRolloutStage' });

export const listRolloutsQuery = z.strictObject({ status: z.enum(rolloutStatuses).optional(), ...paging });
export const listAssignmentsQuery = z.strictObject({ arm: z.enum(arms).optional(), ...paging });

const rolloutShape = {
  id: z.string(),
  name: z.string(),
  product_id: z.string().nullable().meta({ description: 'The plan; null: all plans.' }),
  from: z.string(),
  to: z.string(),
  status: z.enum(rolloutStatuses),
  stage: z.int().meta({ description: 'Index into `stages`, from 0.' }),
  place: z.string().meta({ description: 'The stage in words.', example: '10 % of new customers (stage 2 of 4)' }),
  stages: z.array(
    z.object({
      kind: z.enum(['percent', 'first', 'organizations']),
      percent: z.number().nullable(),
      first: z.int().nullable(),
      organizations: z.array(z.string()).nullable(),
    }),
  ),
  min_samples: z.int(),
  stage_minutes: z.int(),
  alpha: z.number(),
  margin: z.number(),
  max_error_rate: z.number(),
  max_webhook_delay_ms: z.int(),
  keeps_legacy_fallback: z.boolean(),
  why: z.string().meta({ description: 'Why it stands where it does, in words.' }),
  actor: z.string(),
  created_at: time,
  stage_started_at: time,
  paused_at: nullableTime,
  finished_at: nullableTime,
  superseded_at: nullableTime.meta({ description: 'Since when another rollout decides instead.' }),
};

export const rollout = z.object(rolloutShape).meta({ id: 'Rollout' });
export type RolloutAnswer = z.output<typeof rollout>;

const spread = z
  .object({ p50: z.int(), p95: z.int(), count: z.int() })
  .nullable()
  .meta({ description: 'Milliseconds; null: nothing was measured.' });

const figures = z
  .object({
    customers: z.int(),
    attempts: z.int().meta({ description: 'Checkouts of the arm’s customers.' }),
    succeeded: z.int(),
    failed: z.int(),
    unknown: z.int().meta({ description: 'Their outcome is not known yet: they count as neither.' }),
    success_rate: z.number().nullable(),
    openings: z.int(),
    opening_errors: z.int().meta({ description: 'Openings that the arm’s own provider did not serve.' }),
    error_rate: z.number().nullable(),
    webhook_delay_ms: spread,
    checkout_ms: spread,
  })
  .meta({ id: 'RolloutArm' });
export type ArmAnswer = z.output<typeof figures>;

const statistic = z
  .record(z.string(), z.unknown())
  .meta({ description: 'The evidence: see docs/rollouts. Shares from 0 to 1.' });

const look = z
  .object({
    id: z.string(),
    at: time,
    stage: z.int(),
    decision: z.enum(decisions),
    why: z.string(),
    actor: z.string().nullable().meta({ description: 'The operator who decided; null: the rollout itself.' }),
    control: figures,
    treatment: figures,
    statistic,
  })
  .meta({ id: 'RolloutLook' });
export type LookAnswer = z.output<typeof look>;

export const rolloutDetail = z
  .object({
    ...rolloutShape,
    arms: z.object({ control: figures, treatment: figures }),
    statistic,
    outlook: z
      .object({
        decision: z.enum(decisions),
        why: z.string(),
        missing: z.array(z.string()).meta({ description: 'What the stage still needs before it may go on.' }),
      })
      .nullable()
      .meta({ description: 'What follows from the figures now; null: it is over.' }),
    looks: z.array(look).meta({ description: 'The newest first: whenever something was decided, and hourly.' }),
  })
  .meta({ id: 'RolloutDetail' });
export type RolloutDetailAnswer = z.output<typeof rolloutDetail>;

export const assignment = z
  .object({
    organization_id: z.string(),
    arm: z.enum(arms),
    bucket: z.int(),
    stage: z.int(),
    checkout_id: z.string(),
    provider: z.string().nullable().meta({ description: 'Who served the first checkout.' }),
    outcome: z.enum(['succeeded', 'failed', 'unknown']).meta({ description: 'Of the first checkout.' }),
    created_at: time,
  })
  .meta({ id: 'RolloutAssignment' });
export type AssignmentAnswer = z.output<typeof assignment>;

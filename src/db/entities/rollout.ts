import { defineEntity, p, type InferEntity } from '@mikro-orm/core';
import type { Arm, ArmFigures, RolloutDecision, RolloutSettings, RolloutStatus } from '../../domain/rollout/rollout.ts';
import { owned } from './owned.ts';

/** New customers of one provider (of one plan, or of all) led to another, stage by stage. */
export const RolloutEntity = defineEntity({
  name: 'Rollout',
  tableName: 'rollouts',
  properties: {
    id: p.text().primary(),
    name: p.text(),
    /** null: all plans. */
    planId: p.text().strictNullable(),
    fromProvider: p.text(),
    toProvider: p.text(),
    settings: p.json().$type<RolloutSettings>(),
    status: p.text().$type<RolloutStatus>(),
    /** Index into the settings' stages. */
    stage: p.integer(),
    stageStartedAt: p.datetime(),
    /** In words: why it stands where it does. */
    why: p.text(),
    pausedAt: p.datetime().strictNullable(),
    finishedAt: p.datetime().strictNullable(),
    /** Since when another rollout decides instead. */
    supersededAt: p.datetime().strictNullable(),
    actor: p.text(),
    version: p.integer().version(),
    ...owned,
  },
});
export type Rollout = InferEntity<typeof RolloutEntity>;

/** One look at both arms, and what was decided by it. Written whenever something is decided, and otherwise hourly. */
export const RolloutLookEntity = defineEntity({
  name: 'RolloutLook',
  tableName: 'rollout_looks',
  properties: {
    id: p.text().primary(),
    rolloutId: p.text(),
    stage: p.integer(),
    control: p.json().$type<ArmFigures>(),
    treatment: p.json().$type<ArmFigures>(),
    statistic: p.json().$type<Record<string, unknown>>(),
    decision: p.text().$type<RolloutDecision>(),
    because: p.text(),
    /** The operator who decided; null: the rollout itself. */
    actor: p.text().strictNullable(),
    projectId: p.text(),
    live: p.boolean(),
    createdAt: p
      .datetime()
      .onCreate(() => new Date())
      .$type<Date>(),
  },
});
export type RolloutLook = InferEntity<typeof RolloutLookEntity>;

/** Which arm an organization is in: for ever. Inserted with its first checkout. */
export const RolloutAssignmentEntity = defineEntity({
  name: 'RolloutAssignment',
  tableName: 'rollout_assignments',
  properties: {
    rolloutId: p.text().primary(),
    organizationId: p.text().primary(),
    arm: p.text().$type<Arm>(),
    /** 0 to 9,999; see domain/routing/bucket. */
    bucket: p.integer(),
    stage: p.integer(),
    checkoutId: p.text(),
    projectId: p.text(),
    live: p.boolean(),
    createdAt: p
      .datetime()
      .onCreate(() => new Date())
      .$type<Date>(),
  },
});
export type RolloutAssignment = InferEntity<typeof RolloutAssignmentEntity>;

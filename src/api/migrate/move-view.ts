import type { Checkout } from '../../db/entities/checkout.ts';
import type { Migration, MigrationItem } from '../../db/entities/migration.ts';
import type { Plan, PriceRow } from '../../db/entities/plan.ts';
import { PlanEntity, PriceEntity } from '../../db/entities/plan.ts';
import type { Project } from '../../db/entities/project.ts';
import { readItemWork } from '../../db/queries/migration-stand.ts';
import { findProject } from '../../db/queries/projects.ts';
import type { Db } from '../../db/orm.ts';
import type { MigrationPlan } from '../../domain/migration/migration.ts';
import { trialTarget, type TrialTarget } from '../../domain/migration/trial-target.ts';

/** One customer's move, as its page shows it. */
export interface MoveView {
  readonly project: Project;
  readonly item: MigrationItem;
  readonly migration: Migration;
  readonly planned: Extract<MigrationPlan, { action: 'move' }>;
  readonly plan: Plan;
  readonly price: PriceRow;
  /** The page it can be paid on now; null: none is out. */
  readonly checkout: Checkout | null;
  /** Something was begun at the new provider. */
  readonly isTaken: boolean;
  /** Where the first charge would fall, were it paid now. */
  readonly target: TrialTarget;
}

/** @returns null: nothing of it can be shown. */
export async function readMove(em: Db, item: MigrationItem, nowMs: number): Promise<MoveView | null> {
  const { projectId, live, plan: planned, paidThrough } = item;
  if (planned?.action !== 'move') return null;
  const [project, work, plan, price] = await Promise.all([
    findProject(em.fork(), projectId),
    readItemWork(em.fork(), { projectId, live }, item.id),
    em.fork().findOne(PlanEntity, { id: planned.planId, projectId }),
    em.fork().findOne(PriceEntity, { id: planned.priceId, projectId }),
  ]);
  if (!project || !plan || !price) return null;
  const { migration, stand, checkout } = work;
  const known = (work.item.paidThrough ?? paidThrough)?.toISOString() ?? planned.firstChargeAt;
  const lastCallMs = migration.settings.lastCallMinutes * 60_000;
  const target = trialTarget({ paidThrough: known, isEnding: false }, stand.interval, lastCallMs, nowMs);
  if (target === null) return null;
  return {
    ...{ project: { ...project }, item: work.item, migration, planned, plan, price, target },
    checkout: checkout && isPayable(checkout, nowMs) ? checkout : null,
    isTaken: stand.liveNew > 0,
  };
}

/** Whether the customer can still begin: told, in time, and nothing begun. */
export function canBegin({ item, isTaken }: MoveView, nowMs: number): boolean {
  if (isTaken || (item.state !== 'notified' && item.state !== 'opened')) return false;
  return item.deadlineAt === null || item.deadlineAt.getTime() > nowMs;
}

function isPayable({ status, expiresAt }: Checkout, nowMs: number): boolean {
  const isOut = status === 'creating' || status === 'open';
  return isOut && (expiresAt === null || expiresAt.getTime() > nowMs);
}

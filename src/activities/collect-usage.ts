import { LockMode } from '@mikro-orm/core';
import { UsageReportEntity, type UsageReport } from '../db/entities/usage.ts';
import type { Db } from '../db/orm.ts';
import { listBillingCandidates } from '../db/queries/usage-billers.ts';
import {
  advanceCollection,
  collectStretch,
  nextStretch,
  organizationsOf,
  type Cut,
  type XidRange,
} from '../db/queries/usage-collect.ts';
import { billerOf, openBillMs } from '../domain/usage/biller.ts';
import { hourOf } from '../domain/usage/meter.ts';
import type { UsageReportRef } from './begin-usage-report.ts';
import type { ActivityDeps } from './deps.ts';

/** Events of one transaction: short enough that a killed worker loses seconds. */
const stretchEvents = 50_000;

export interface Collected {
  /** Events of the report so far. */
  readonly received: number;
  readonly isDone: boolean;
}

/**
 * Makes the next stretch of a report's events into groups and items, with the cursor in one transaction: whatever is
 * repeated, each event is in once. Safe to repeat at any point.
 */
export function createCollectUsage(deps: ActivityDeps, options: { readonly events?: number } = {}) {
  return async function collectUsage(ref: UsageReportRef): Promise<Collected> {
    const { projectId, live, reportId: id } = ref;
    return deps.orm.em.fork().transactional(async (tx) => {
      const report = await tx.findOneOrFail(
        UsageReportEntity,
        { id, projectId, live },
        { lockMode: LockMode.PESSIMISTIC_WRITE },
      );
      if (report.status !== 'running' || report.phase !== 'collect') return { received: report.received, isDone: true };
      const stretch = await nextStretch(tx, report, options.events ?? stretchEvents);
      const received =
        stretch === null ? 0 : await collectStretch(tx, report, stretch, await cutsOf(tx, report, stretch));
      await advanceCollection(tx, report, { cursor: stretch?.to ?? null, received });
      return { received: report.received + received, isDone: stretch === null };
    });
  };
}

/** Where a period began within an hour: no item may span two periods. */
async function cutsOf(tx: Db, report: UsageReport, stretch: XidRange): Promise<readonly Cut[]> {
  const organizationIds = await organizationsOf(tx, report, stretch);
  const candidates = await listBillingCandidates(tx, report, { organizationIds, openBillMs });
  const nowMs = Date.now();
  return [...candidates].flatMap(([organizationId, of]) => {
    const atMs = billerOf(of, nowMs)?.periodStartMs ?? null;
    if (atMs === null || atMs === hourOf(atMs)) return [];
    return [{ organizationId, at: new Date(atMs).toISOString() }];
  });
}

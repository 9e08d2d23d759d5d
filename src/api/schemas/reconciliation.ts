import { z } from 'zod';
import { differenceKinds } from '../../domain/reconciliation/difference.ts';
import { reconciliationPhases } from '../../domain/reconciliation/run.ts';
import { nullableTime, paging, time, timestamp } from './common.ts';

export const runStatuses = ['requested', 'running', 'paused', 'succeeded', 'failed', 'canceled'] as const;
const differenceStatuses = ['found', 'repaired', 'queued'] as const;

export const createReconciliationBody = z.strictObject({
  provider: z.string().min(1).max(64),
  from: timestamp.optional().meta({ description: 'Included. Without it: where the last good run ended.' }),
  to: timestamp.optional().meta({ description: 'Left out. Without it: now.' }),
});

export const listReconciliationsQuery = z.strictObject({
  provider: z.string().max(64).optional(),
  status: z.enum(runStatuses).optional(),
  ...paging,
});

export const listDifferencesQuery = z.strictObject({
  kind: z.enum(differenceKinds).optional(),
  status: z.enum(differenceStatuses).optional(),
  ...paging,
});

export const csvQuery = listDifferencesQuery.pick({ kind: true, status: true });

const countByKind = z.object({
  kind: z.enum(differenceKinds),
  found: z.int().meta({ description: 'Not settled yet, or left by a run that did not go through.' }),
  repaired: z.int(),
  queued: z.int(),
});

export const reconciliation = z
  .object({
    id: z.string(),
    provider: z.string(),
    status: z.enum(runStatuses),
    phase: z.enum(reconciliationPhases).meta({
      description: 'What changed there, what changed here, lost workflows, repairs; where it failed, if it did.',
    }),
    from: time,
    to: time,
    cause: z.enum(['schedule', 'request']),
    actor: z.string(),
    compared: z.int().meta({ description: 'Objects of both sides that were looked at.' }),
    differences: z.object({ total: z.int(), repaired: z.int(), queued: z.int(), by_kind: z.array(countByKind) }),
    workflows_restarted: z.int(),
    progress_percent: z.number().nullable().meta({ description: 'Of the repairs; null while the total is not known.' }),
    failure: z.object({ code: z.string(), detail: z.string().nullable() }).nullable(),
    why: z.string().meta({ description: 'How it stands, in a sentence.' }),
    created_at: time,
    started_at: nullableTime,
    paused_at: nullableTime,
    finished_at: nullableTime,
  })
  .meta({ id: 'Reconciliation' });
export type ReconciliationAnswer = z.output<typeof reconciliation>;

const named = z.object({ kind: z.string(), id: z.string() });
const side = z
  .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))
  .nullable()
  .meta({ description: 'What this side says; null: nothing. Money in minor units.' });

export const difference = z
  .object({
    id: z.string(),
    reconciliation_id: z.string(),
    provider: z.string(),
    kind: z.enum(differenceKinds),
    status: z.enum(differenceStatuses).meta({ description: '`queued`: a person decides, see the review.' }),
    object: named.meta({ description: 'The provider’s; ours where the provider has none.' }),
    entity: named.nullable().meta({ description: 'Ours.' }),
    organization_id: z.string().nullable(),
    ours: side,
    theirs: side,
    review_id: z.string().nullable(),
    why: z.string().nullable(),
    found_at: time,
    updated_at: time,
  })
  .meta({ id: 'ReconciliationDifference' });
export type DifferenceAnswer = z.output<typeof difference>;

const share = z.number().nullable();

export const driftSummary = z
  .object({
    provider: z.string(),
    objective: z.number().meta({ description: 'The share of compared objects that shall agree.', example: 0.9999 }),
    measured_last: share.meta({ description: 'In the last run that went through; null: nothing was compared.' }),
    measured_7d: share,
    measured_30d: share,
    is_met: z.boolean().nullable().meta({ description: 'Over seven days; null: nothing was compared.' }),
    last_success_at: nullableTime,
    last_success_id: z.string().nullable(),
    open_id: z.string().nullable().meta({ description: 'The run at work now.' }),
    open_differences: z.array(z.object({ kind: z.enum(differenceKinds), count: z.int() })),
    open_reviews: z.int(),
  })
  .meta({ id: 'ReconciliationSummary' });
export type DriftSummaryAnswer = z.output<typeof driftSummary>;

import { z } from 'zod';
import { periodStates, proofVerdicts } from '../../domain/migration/proof.ts';
import { nullableTime, time } from './common.ts';

const paperStatuses = ['requested', 'running', 'succeeded', 'failed'] as const;
const failure = z.object({ code: z.string(), detail: z.string().nullable() }).nullable();

export const makeProofBody = z.strictObject({});

export const readProofQuery = z.strictObject({
  lines: z
    .enum(['all', 'findings', 'none'])
    .default('all')
    .meta({ description: 'Only with `all` can the signature be verified; `findings`: what a person must look at.' }),
});

export const proofPageQuery = z.strictObject({ page: z.coerce.number().int().min(1).max(10_000).default(1) });

const proofLine = z
  .object({
    item_id: z.string(),
    organization_id: z.string().nullable(),
    plan_id: z.string().nullable(),
    state: z.string().meta({ description: 'Where the migration had it when it was asked about.' }),
    code: z.string().nullable(),
    verdict: z.enum(proofVerdicts).meta({ description: 'Its worst period; `unproven`: some evidence is missing.' }),
    unread: z.array(z.object({ code: z.string(), detail: z.string() })),
    also_billed_by: z.array(z.string()).meta({ description: 'Items of the same organization and offer.' }),
    read_at: time,
    subscriptions: z.array(
      z.object({
        side: z.enum(['old', 'new']),
        provider: z.string(),
        id: z.string(),
        status: z.string(),
        ends_at: nullableTime,
      }),
    ),
    periods: z.array(
      z.object({
        start: time,
        end: time,
        state: z.enum(periodStates),
        provider: z.string().nullable(),
        charges: z.array(z.string()).meta({ description: 'Exactly one where it is `charged`.' }),
      }),
    ),
    seam_seconds: z.int().meta({ description: 'The longest uncovered time that is taken for one boundary; 0: none.' }),
    charges: z.array(
      z.object({
        provider: z.string(),
        subscription_id: z.string(),
        id: z.string(),
        status: z.string(),
        amount_minor: z.int(),
        currency: z.string(),
        refunded_minor: z
          .int()
          .nullable()
          .meta({ description: 'null: in part, and the provider does not say how much.' }),
        reason: z.string(),
        at: time,
        period_start: nullableTime,
        period_end: nullableTime,
        counts: z.string().meta({ description: 'How it counts: `covers` a period, or why it does not.' }),
      }),
    ),
  })
  .meta({ id: 'MigrationProofLine' });

const countOf = <const Names extends readonly string[]>(names: Names) => z.record(z.enum(names), z.int());

const report = z
  .object({
    format: z.string(),
    id: z.string(),
    migration_id: z.string(),
    migration_name: z.string(),
    project_id: z.string(),
    mode: z.enum(['live', 'test']),
    from_provider: z.string(),
    to_provider: z.string().nullable(),
    migration_began_at: time,
    as_of: time,
    finished_at: time,
    tolerance_minutes: z.int().meta({ description: 'Within one side.' }),
    handover_tolerance_seconds: z
      .int()
      .meta({ description: 'Between the old side’s end and the new one’s beginning.' }),
    grace_minutes: z.int(),
    items: z.int(),
    verdicts: countOf(proofVerdicts),
    periods: countOf(periodStates),
    longest_gap_seconds: z.int(),
    longest_seam_seconds: z.int(),
    also_billed: z.int(),
    money: z.array(
      z.object({
        provider: z.string(),
        currency: z.string(),
        counts: z.string(),
        charges: z.int(),
        amount_minor: z.int(),
        refunded_minor: z.int(),
      }),
    ),
    is_clean: z.boolean().meta({ description: 'No gap, no overlap, and nothing that could not be read.' }),
    lines_sha256: z.string(),
    key_id: z.string(),
  })
  .meta({ id: 'MigrationProofReport', description: 'The part that is signed.' });

export const migrationProof = z
  .object({
    id: z.string(),
    migration_id: z.string(),
    status: z.enum(paperStatuses),
    items_done: z.int(),
    items_total: z.int(),
    why: z.string().meta({ description: 'How it stands, in a sentence.' }),
    as_of: time,
    created_at: time,
    finished_at: nullableTime,
    failure,
  })
  .meta({ id: 'MigrationProof' });
export type MigrationProofAnswer = z.output<typeof migrationProof>;

export const migrationProofWhole = migrationProof
  .extend({
    report: report.nullable().meta({ description: 'null: not finished.' }),
    signature: z
      .object({ algorithm: z.literal('Ed25519'), key_id: z.string(), public_key: z.string(), value: z.string() })
      .nullable()
      .meta({ description: 'Over the canonical JSON of `report`; base64.' }),
    lines: z.array(proofLine),
  })
  .meta({ id: 'MigrationProofWhole' });

export const proofKeys = z
  .object({ data: z.array(z.object({ id: z.string(), algorithm: z.literal('Ed25519'), public_key: z.string() })) })
  .meta({ id: 'MigrationProofKeys' });

export const createArchiveBody = z.strictObject({
  recipient: z
    .string()
    .max(100)
    .meta({
      description: 'Who can read it: the public key that `age-keygen` prints.',
      example: `age1${'q'.repeat(58)}`,
    }),
});

export const migrationArchive = z
  .object({
    id: z.string(),
    migration_id: z.string(),
    status: z.enum(paperStatuses),
    recipient: z.string(),
    sha256: z.string().nullable().meta({ description: 'Of the encrypted file, in hex.' }),
    size_bytes: z.int().nullable(),
    records: z.record(z.string(), z.int()).nullable(),
    why: z.string(),
    failure,
    created_at: time,
    updated_at: time,
  })
  .meta({ id: 'MigrationArchive' });
export type MigrationArchiveAnswer = z.output<typeof migrationArchive>;

export const migrationArchives = z.object({ data: z.array(migrationArchive), next_cursor: z.null() });

export const cleanup = z
  .object({
    id: z.string(),
    status: z.enum(['ready', 'blocked']),
    why: z.string(),
    blockers: z.array(z.object({ code: z.string(), count: z.int(), detail: z.string() })),
    steps: z.array(
      z.object({
        kind: z.string(),
        name: z.string().meta({ description: 'What to delete: never its value.' }),
        where: z.string(),
        how: z.string(),
      }),
    ),
  })
  .meta({ id: 'MigrationCleanup' });
export type CleanupAnswer = z.output<typeof cleanup>;

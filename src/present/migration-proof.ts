import type { MigrationArchiveAnswer, MigrationProofAnswer } from '../api/schemas/migration-proof.ts';
import type { MigrationArchive, MigrationProof } from '../db/entities/migration.ts';
import { isoOrNull } from './values.ts';

export function presentProof(row: MigrationProof): MigrationProofAnswer {
  const { status, itemsDone, itemsTotal, failureCode, failureDetail } = row;
  const message = failureDetail?.['message'];
  return {
    ...{ id: row.id, migration_id: row.migrationId, status, items_done: itemsDone, items_total: itemsTotal },
    why: whyOf(row),
    as_of: row.asOf.toISOString(),
    created_at: row.createdAt.toISOString(),
    finished_at: isoOrNull(row.finishedAt),
    failure: failureCode === null ? null : { code: failureCode, detail: typeof message === 'string' ? message : null },
  };
}

function whyOf({ status, itemsDone, itemsTotal, failureCode }: MigrationProof): string {
  const progress = `${itemsDone} of ${itemsTotal} subscriptions`;
  if (status === 'requested') return 'It is about to begin.';
  if (status === 'running') return `The providers are asked for their charges: ${progress}.`;
  if (status === 'failed') return `It could not be made (${failureCode ?? 'internal_error'}) after ${progress}.`;
  return `Signed: ${progress}.`;
}

type ArchiveRow = Omit<MigrationArchive, 'content'>;

export function presentArchive(row: ArchiveRow): MigrationArchiveAnswer {
  const { failureCode } = row;
  return {
    ...{ id: row.id, migration_id: row.migrationId, status: row.status, recipient: row.recipient },
    ...{ sha256: row.sha256, size_bytes: row.sizeBytes, records: row.records && { ...row.records } },
    why: archiveWhy(row),
    failure: failureCode === null ? null : { code: failureCode, detail: null },
    ...{ created_at: row.createdAt.toISOString(), updated_at: row.updatedAt.toISOString() },
  };
}

function archiveWhy({ status, records, failureCode }: ArchiveRow): string {
  if (status === 'requested') return 'It is about to begin.';
  if (status === 'running') return 'The old provider’s account is being read.';
  if (status === 'failed') return `It could not be made: ${failureCode ?? 'internal_error'}.`;
  const counts = Object.entries(records ?? {}).map(([section, count]) => `${count} ${section}`);
  return `Encrypted to the recipient alone: ${counts.join(', ')}.`;
}

import { createHash, type Hash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Encrypter } from 'age-encryption';
import { MigrationArchiveEntity, MigrationEntity } from '../db/entities/migration.ts';
import { BillingError } from '../domain/errors.ts';
import type { AccountArchiveOperations } from '../providers/port-records.ts';
import { createPatience, type Patience } from './compare-patience.ts';
import type { ActivityDeps } from './deps.ts';

/** An archive, as its workflow names it. */
export interface ArchiveRef {
  readonly projectId: string;
  readonly live: boolean;
  readonly archiveId: string;
}

type ArchivePage = Awaited<ReturnType<AccountArchiveOperations['list']>>;

const pageSize = 100;
/** A row holds it, and a worker while it is made: beyond this an account is better read out by its own provider. */
const maxBytes = 256 * 1024 * 1024;

export const archiveFormat = 'plinto-billing/account-archive/1';

/**
 * Reads the old provider's account out and keeps it, encrypted by age to the recipient of the request. Nothing is
 * written before the end, and reading harms nobody: cut off, it is done again from the beginning.
 *
 * @returns how many records of each section.
 * @throws {BillingError} `not_supported_by_provider`, `migration_archive_too_large`, `provider_not_configured`
 */
export function createArchiveAccount(deps: ActivityDeps) {
  return async function archiveAccount(ref: ArchiveRef): Promise<Readonly<Record<string, number>>> {
    const { archiveId: id, projectId, live } = ref;
    const em = deps.orm.em.fork();
    const row = await em.findOneOrFail(MigrationArchiveEntity, { id, projectId, live });
    if (row.status === 'succeeded') return row.records ?? {};
    const { fromProvider } = await em.findOneOrFail(MigrationEntity, { id: row.migrationId, projectId, live });
    await em.nativeUpdate(MigrationArchiveEntity, { id }, { status: 'running', updatedAt: new Date() });
    const account = await deps.background.account(projectId, live, fromProvider);
    const archive = account?.client.archive;
    if (!archive) throw cannotArchive(fromProvider, account === null);
    const records: Record<string, number> = {};
    const head = { format: archiveFormat, archive_id: id, migration_id: row.migrationId, provider: fromProvider, live };
    const lines = readOut(archive, { head, records, patiently: createPatience(sleep) });
    const content = await encrypt(lines, row.recipient);
    await em.nativeUpdate(
      MigrationArchiveEntity,
      { id, projectId, live },
      {
        ...{ status: 'succeeded', content, records, sizeBytes: content.length, updatedAt: new Date() },
        sha256: createHash('sha256').update(content).digest('hex'),
      },
    );
    return records;
  };
}

function cannotArchive(provider: string, isGone: boolean): BillingError {
  return isGone
    ? new BillingError({
        code: 'provider_not_configured',
        kind: 'unavailable',
        message: `The project has no account at ${provider} any more.`,
      })
    : new BillingError({
        code: 'not_supported_by_provider',
        kind: 'invalid',
        message: `${provider} cannot be read out whole.`,
      });
}

/**
 * The archive as lines of JSON: a head, every record once with its section, and a foot with the counts and the SHA-256
 * of all lines before it.
 */
async function* readOut(
  archive: AccountArchiveOperations,
  input: {
    readonly head: Readonly<Record<string, unknown>>;
    readonly records: Record<string, number>;
    readonly patiently: Patience;
  },
): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  yield lineOf(hash, { ...input.head, read_at: new Date().toISOString(), sections: archive.sections() });
  for (const section of archive.sections()) {
    const seen = new Set<string>();
    for (let cursor: string | null = null; ;) {
      const at: string | null = cursor;
      const page: ArchivePage = await input.patiently(() => archive.list({ section, cursor: at, limit: pageSize }));
      for (const { id, record } of page.items) {
        if (seen.has(id)) continue;
        seen.add(id);
        yield lineOf(hash, { section, record });
      }
      if (page.nextCursor === null) break;
      cursor = page.nextCursor;
    }
    input.records[section] = seen.size;
  }
  yield Buffer.from(`${JSON.stringify({ section: 'end', records: input.records, sha256: hash.digest('hex') })}\n`);
}

function lineOf(hash: Hash, value: unknown): Buffer {
  const line = Buffer.from(`${JSON.stringify(value)}\n`);
  hash.update(line);
  return line;
}

/** @param recipient `age1…` */
async function encrypt(lines: AsyncGenerator<Buffer>, recipient: string): Promise<Buffer> {
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of await encrypter.encrypt(ReadableStream.from<Uint8Array>(lines))) {
    size += chunk.length;
    if (size > maxBytes)
      throw new BillingError({
        code: 'migration_archive_too_large',
        kind: 'invalid',
        message: `The account holds more than ${maxBytes / 1024 / 1024} MiB.`,
      });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Ends an archive that could not be made. */
export function createFailArchive(deps: ActivityDeps) {
  return async function failArchive(input: ArchiveRef & { readonly code: string }): Promise<void> {
    const { archiveId: id, projectId, live, code: failureCode } = input;
    await deps.orm.em
      .fork()
      .nativeUpdate(
        MigrationArchiveEntity,
        { id, projectId, live, status: { $in: ['requested', 'running'] } },
        { status: 'failed', failureCode, updatedAt: new Date() },
      );
  };
}

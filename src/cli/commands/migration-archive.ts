import type { Command } from 'commander';
import { change, changing } from '../change.ts';
import { CliFailure, exitCodes } from '../failure.ts';
import { at, listAt, textAt, type Json } from '../json.ts';
import { saveTo } from '../save.ts';
import { openSession, type Session, type Shell } from '../session.ts';
import { columnsOf, plainSheet, section, sheet, show } from '../show.ts';
import { printList, segment, type StartOptions } from '../subject.ts';
import { failIfBad, watch, type Work } from '../watch.ts';
import { endOf } from './migration-proof.ts';

const migrationOf = (id: string) => `/ops/migrations/${segment(id)}`;
const archivesOf = (id: string) => `${migrationOf(id)}/archives`;

/** What is left to do when a migration is over: keep what the old provider knew, and take it out of the configuration. */
export function addMigrationArchive(parent: Command, shell: Shell): void {
  addArchive(parent, shell);
  parent
    .command('archives <migration>')
    .description('its archives')
    .action(async (id: string, _options: unknown, command: Command) => {
      const columns = columnsOf('id', 'status', 'recipient', 'size_bytes', 'sha256', 'created_at');
      const options = { limit: 100 };
      await printList(openSession(shell, command), { path: archivesOf(id), query: {}, columns, options });
    });
  addDownload(parent, shell);
  parent
    .command('cleanup <migration>')
    .description('what to delete from the configuration when it is over, and what still needs it; deletes nothing')
    .action(async (id: string, _options: unknown, command: Command) => {
      const session = openSession(shell, command);
      const answer = await session.api.get(`${migrationOf(id)}/cleanup`);
      session.print(answer, () => describeCleanup(answer, session));
    });
}

function describeCleanup(answer: Json, { terminal }: Session): string {
  return [
    sheet(columnsOf('status', 'why'), answer),
    ...section('Still in the way', columnsOf('code', 'count', 'detail'), listAt(answer, 'blockers'), terminal.width),
    ...section('To delete', columnsOf('kind', 'name', 'where', 'how'), listAt(answer, 'steps'), terminal.width),
  ].join('\n');
}

type ArchiveOptions = StartOptions & { readonly recipient: string };

function addArchive(parent: Command, shell: Shell): void {
  const command = parent
    .command('archive <migration>')
    .description('what the old provider knew, in one file that only you can read')
    .requiredOption('--recipient <age1…>', 'your public key; `age-keygen` makes a pair')
    .option('--watch', 'follow it to its end');
  changing(command, { asks: false, previews: false }).action(
    async (id: string, options: ArchiveOptions, self: Command) => {
      const session = openSession(shell, self);
      const row = await change(session, options, {
        ...{ method: 'POST', path: archivesOf(id), body: { recipient: options.recipient }, final: null },
        says: `Reads all that the old provider of ${id} knows and encrypts it to ${options.recipient}.`,
      });
      const archive = textAt(row ?? undefined, 'id') ?? '';
      const work: Work = {
        ...{ noun: 'the archive', stop: null, again: `plinto-billing migration archives ${id}` },
        read: () => findArchive(session, id, archive),
        progress: (state) => ({ share: null, text: show(at(state, 'why')) }),
        end: (state) => endOf(textAt(state, 'status')),
      };
      const state = options.watch === true ? await watch(session, work) : row;
      session.print(state, () => plainSheet(state));
      session.note(`\nLoad it: plinto-billing migration download ${id} ${archive} --out FILE`);
      if (state !== null) failIfBad(work, state);
    },
  );
}

/** @throws {CliFailure} `archive_not_found` */
async function findArchive(session: Session, migration: string, id: string): Promise<Json> {
  const { data } = await session.api.list(archivesOf(migration), {}, null);
  const found = data.find((row) => textAt(row, 'id') === id);
  if (found !== undefined) return found;
  throw new CliFailure({
    ...{ exitCode: exitCodes.refused, code: 'archive_not_found', detail: 'No archive of this migration has this id.' },
    fix: `plinto-billing migration archives ${migration}`,
  });
}

function addDownload(parent: Command, shell: Shell): void {
  parent
    .command('download <migration> <archive>')
    .description('load an archive; its checksum is compared with the one on record')
    .requiredOption('--out <file>', 'a new file')
    .action(async (id: string, archive: string, { out }: { readonly out: string }, command: Command) => {
      const session = openSession(shell, command);
      const recorded = textAt(await findArchive(session, id, archive), 'sha256');
      const content = await session.api.download(`${archivesOf(id)}/${segment(archive)}/content`);
      const saved = await saveTo(out, content);
      const isSame = recorded === saved.sha256;
      session.print(
        { file: out, ...saved, matches: isSame },
        () => `${out}  ${saved.bytes} bytes  sha256 ${saved.sha256}`,
      );
      if (isSame) return;
      throw new CliFailure({
        ...{ exitCode: exitCodes.failed, code: 'checksum_differs', fix: 'Remove the file and load it again.' },
        detail: `The file is not the one on record (${show(recorded)}).`,
      });
    });
}

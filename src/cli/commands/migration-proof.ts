import type { Command } from 'commander';
import { change, changing } from '../change.ts';
import { CliFailure, exitCodes } from '../failure.ts';
import { at, listAt, textAt, type Json } from '../json.ts';
import { saveOrPrint, saveTo } from '../save.ts';
import { openSession, type Session, type Shell } from '../session.ts';
import { columnsOf, plainSheet, section, show, table } from '../show.ts';
import { printList, segment, type StartOptions } from '../subject.ts';
import { failIfBad, watch, type Work } from '../watch.ts';

const own = (migration: string) => `/ops/migrations/${segment(migration)}`;

/** What is left when a migration is over: its proof, its archive, and what to delete. */
export function addMigrationProof(parent: Command, shell: Shell): void {
  parent
    .command('proof <migration>')
    .description('every billing period and the one charge that covers it; gaps and overlaps first; signed')
    .option('--out <file>', 'the signed report itself, into a new file')
    .option('--csv <file>', 'as CSV, into a new file')
    .action(async (id: string, { out, csv }: { readonly out?: string; readonly csv?: string }, command: Command) => {
      const session = openSession(shell, command);
      if (csv !== undefined) await saveOrPrint(session, csv, await session.api.download(`${own(id)}/proof.csv`));
      else if (out !== undefined) await saveOrPrint(session, out, await session.api.download(`${own(id)}/proof`));
      else {
        const proof = await session.api.get(`${own(id)}/proof`);
        session.print(proof, () => describeProof(proof, session));
      }
    });
  addArchive(parent, shell);
  parent
    .command('archives <migration>')
    .description('its archives')
    .action(async (id: string, _options: unknown, command: Command) => {
      const columns = columnsOf('id', 'status', 'recipient', 'size_bytes', 'sha256', 'created_at');
      await printList(openSession(shell, command), {
        path: `${own(id)}/archives`,
        query: {},
        columns,
        options: { limit: 100 },
      });
    });
  addDownload(parent, shell);
  parent
    .command('cleanup <migration>')
    .description('what may be deleted from the configuration when it is over')
    .action(async (id: string, _options: unknown, command: Command) => {
      const session = openSession(shell, command);
      const answer = await session.api.get(`${own(id)}/cleanup`);
      session.print(answer, () => plainSheet(answer));
    });
}

function describeProof(proof: Json, { terminal }: Session): string {
  const width = terminal.width;
  return [plainSheet(proof), ...section('Gaps', columnsOf('organization_id'), listAt(proof, 'gaps'), width)].join('\n');
}

type ArchiveOptions = StartOptions & { readonly recipient: string };

function addArchive(parent: Command, shell: Shell): void {
  const command = parent
    .command('archive <migration>')
    .description('what the old provider knew, in one file that only you can read')
    .requiredOption('--recipient <age1…>', 'your public key of age; `age-keygen` makes one')
    .option('--watch', 'follow it to its end');
  changing(command, { asks: false, previews: true }).action(
    async (id: string, options: ArchiveOptions, self: Command) => {
      const session = openSession(shell, self);
      const row = await change(session, options, {
        ...{ method: 'POST', path: `${own(id)}/archives`, body: { recipient: options.recipient }, final: null },
        says: `Reads all that the old provider of ${id} knows and encrypts it to ${options.recipient}.`,
      });
      if (row === null) return;
      if (options.watch !== true) {
        session.print(row, () => plainSheet(row));
        return;
      }
      const archive = textAt(row, 'id') ?? '';
      const work: Work = {
        ...{ noun: 'the archive', stop: null, again: `plinto-billing migration archives ${id}` },
        read: () => session.api.get(`${own(id)}/archives/${segment(archive)}`),
        progress: (state) => ({ share: null, text: show(at(state, 'why') ?? at(state, 'status')) }),
        end: (state) => endOf(textAt(state, 'status')),
      };
      const state = await watch(session, work);
      session.print(state, () => plainSheet(state));
      failIfBad(work, state);
    },
  );
}

function endOf(status: string | null): 'good' | 'bad' | null {
  return status === 'succeeded' ? 'good' : status === 'failed' ? 'bad' : null;
}

function addDownload(parent: Command, shell: Shell): void {
  parent
    .command('download <migration> <archive>')
    .description('an archive’s file; its checksum is compared with the one on record')
    .requiredOption('--out <file>', 'a new file')
    .action(async (id: string, archive: string, { out }: { readonly out: string }, command: Command) => {
      const session = openSession(shell, command);
      const path = `${own(id)}/archives/${segment(archive)}`;
      const recorded = textAt(await session.api.get(path), 'sha256');
      const saved = await saveTo(out, await session.api.download(`${path}/content`));
      session.print({ file: out, ...saved, recorded_sha256: recorded }, () =>
        table(columnsOf('file', 'bytes', 'sha256'), [{ file: out, ...saved }], null),
      );
      if (recorded === saved.sha256) return;
      throw new CliFailure({
        ...{ exitCode: exitCodes.failed, code: 'checksum_differs', fix: 'Remove the file and download it again.' },
        detail: `The file is not the one on record (${show(recorded)}).`,
      });
    });
}

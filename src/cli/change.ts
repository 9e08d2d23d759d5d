import { randomUUID } from 'node:crypto';
import { Command } from 'commander';
import type { WriteMethod } from './api.ts';
import { CliFailure, exitCodes } from './failure.ts';
import type { Json } from './json.ts';
import type { Session } from './session.ts';

export interface ChangeOptions {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly idempotencyKey?: string;
}

/** Something that a command is about to have done. */
export interface Change {
  readonly method: WriteMethod;
  readonly path: string;
  readonly body?: Json;
  /** What it does, as a sentence that begins with a verb: "Rolls back …". */
  readonly says: string;
  /** Why it cannot be undone, as a sentence; null: it can. */
  readonly final: string | null;
  /** What it acts on, as it stands now; shown in a dry run. */
  readonly now?: Json;
}

/** The options of every command that changes something. */
export function changing(command: Command, what: { readonly asks: boolean; readonly previews: boolean }): Command {
  if (what.previews) command.option('--dry-run', 'say what would be done, and do nothing');
  if (what.asks) command.option('--yes', 'agree beforehand: it cannot be undone');
  return command.option('--idempotency-key <key>', 'of an earlier try: the same again has no second effect');
}

/**
 * Does it once, or says what would be done.
 *
 * @returns the API's answer; null after a dry run, which has printed its own.
 * @throws {CliFailure} `not_confirmed`, `interrupted`, and what the API refuses
 */
export async function change(session: Session, options: ChangeOptions, what: Change): Promise<Json | null> {
  if (options.dryRun === true) {
    printDryRun(session, what);
    return null;
  }
  await confirmed(session, options, what);
  const { method, path, body } = what;
  return session.api.write(method, path, body, options.idempotencyKey ?? randomUUID());
}

/** `{ dry_run: true, says, final, request, now }`, for nothing has been sent. */
function printDryRun(session: Session, { method, path, body = null, says, final, now = null }: Change): void {
  const document = { dry_run: true, says, final, request: { method, path: `/api/v1${path}`, body }, now };
  session.print(document, () => {
    const { terminal } = session;
    const lines = [`${terminal.paint('bold', 'Dry run:')} nothing was done.`, says, ...(final === null ? [] : [final])];
    const sent = body === null ? [] : [JSON.stringify(body, null, 2)];
    return [...lines, '', `${method} /api/v1${path}`, ...sent].join('\n');
  });
}

/** @throws {CliFailure} `not_confirmed`: exit code 5, with the reason */
export async function confirmed(
  session: Session,
  { yes }: Pick<ChangeOptions, 'yes'>,
  { says, final }: Pick<Change, 'says' | 'final'>,
): Promise<void> {
  if (final === null || yes === true) return;
  const { terminal, api } = session;
  const where = `${api.target.apiUrl} (${api.target.mode})`;
  if (!terminal.isInteractive)
    throw notConfirmed(
      `Nothing was done at ${where}: ${says} ${final}`,
      'Nobody can be asked here. Agree by --yes, or look first by --dry-run.',
    );
  terminal.err(`${says}\n${terminal.paint('yellow', final)}\n`);
  const isAgreed = await terminal.agree(`Do it at ${where}?`).catch(() => {
    throw new CliFailure({ exitCode: exitCodes.interrupted, code: 'interrupted', detail: 'Nothing was done.' });
  });
  if (!isAgreed) throw notConfirmed('Nothing was done.', null);
}

function notConfirmed(detail: string, fix: string | null): CliFailure {
  return new CliFailure({ exitCode: exitCodes.notConfirmed, code: 'not_confirmed', detail, fix });
}

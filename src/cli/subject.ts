import type { Command } from 'commander';
import type { Query } from './api.ts';
import { change, changing, type ChangeOptions } from './change.ts';
import { at, textAt, type Json } from './json.ts';
import { listing, type ListOptions } from './options.ts';
import { openSession, type Session, type Shell } from './session.ts';
import { show, table, type Column } from './show.ts';
import { failIfBad, watch, type Progress, type Work } from './watch.ts';

/** A kind of long work at the server: what operators list, read, watch and steer. */
export interface Subject {
  /** "reconciliation" */
  readonly noun: string;
  /** As it is typed: "reconcile". */
  readonly command: string;
  readonly path: string;
  readonly columns: readonly Column[];
  /** The filters that its list takes, by their options' names. */
  readonly filters: readonly { readonly name: string; readonly says: string }[];
  /** The subcommand that stops one; null: none does. */
  readonly stop: string | null;
  describe(row: Json, session: Session): string;
  progress(row: Json): Progress;
  end(row: Json): 'good' | 'bad' | null;
}

export const segment = (text: string): string => encodeURIComponent(text);

/** `list`, `show` and `watch`. */
export function addReadings(parent: Command, shell: Shell, subject: Subject): void {
  const list = listing(parent.command('list').description(`list ${subject.noun}s, newest first`));
  for (const { name, says } of subject.filters) list.option(`--${name} <${name}>`, says);
  list.action(async (options: ListOptions & Readonly<Record<string, string>>, command: Command) => {
    const session = openSession(shell, command);
    const query = Object.fromEntries(subject.filters.map(({ name }) => [name, options[name]]));
    await printList(session, { path: subject.path, query, columns: subject.columns, options });
  });
  parent
    .command('show <id>')
    .description(`how a ${subject.noun} stands, and why`)
    .action(async (id: string, _options: unknown, command: Command) => {
      const session = openSession(shell, command);
      const row = await session.api.get(`${subject.path}/${segment(id)}`);
      session.print(row, () => subject.describe(row, session));
    });
  parent
    .command('watch <id>')
    .description(`follow a ${subject.noun} to its end; Ctrl-C ends the watching, not the work`)
    .action(async (id: string, _options: unknown, command: Command) => {
      await watchSubject(openSession(shell, command), subject, id);
    });
}

/** Follows it, says how it ended, and fails where it ended badly. */
export async function watchSubject(session: Session, subject: Subject, id: string): Promise<void> {
  const work: Work = {
    noun: `the ${subject.noun}`,
    again: `plinto-billing ${subject.command} watch ${id}`,
    stop: subject.stop === null ? null : `plinto-billing ${subject.command} ${subject.stop} ${id}`,
    read: () => session.api.get(`${subject.path}/${segment(id)}`),
    progress: (row) => subject.progress(row),
    end: (row) => subject.end(row),
  };
  const state = await watch(session, work);
  session.print(state, () => subject.describe(state, session));
  failIfBad(work, state);
}

export type StartOptions = ChangeOptions & { readonly watch?: boolean };

/** What a start answered: followed to its end, or shown as it stands with the command that follows it. */
export async function printStarted(
  session: Session,
  subject: Subject,
  row: Json,
  { watch: isWatched }: Pick<StartOptions, 'watch'>,
): Promise<void> {
  const id = textAt(row, 'id') ?? '';
  if (isWatched === true) {
    session.note(`${subject.noun} ${id}`);
    await watchSubject(session, subject, id);
    return;
  }
  session.print(row, () => subject.describe(row, session));
  session.note(`\nFollow it: plinto-billing ${subject.command} watch ${id}`);
}

export interface Act {
  readonly name: string;
  readonly description: string;
  /** What it does to this one, as a sentence that begins with a verb. */
  says(row: Json): string;
  /** Why it cannot be undone; null: it can. */
  readonly final: ((row: Json) => string | null) | null;
}

/** One of the buttons of a running one: `POST …/{id}/{act}`. It is read first, so that a dry run shows what it acts on. */
export function addAct(parent: Command, shell: Shell, subject: Subject, act: Act): Command {
  const command = parent.command(`${act.name} <id>`).description(act.description);
  return changing(command, { asks: act.final !== null, previews: true }).action(
    async (id: string, options: ChangeOptions, self: Command) => {
      const session = openSession(shell, self);
      const path = `${subject.path}/${segment(id)}`;
      const now = await session.api.get(path);
      const row = await change(session, options, {
        ...{ method: 'POST', path: `${path}/${act.name}`, body: {}, now },
        ...{ says: act.says(now), final: act.final?.(now) ?? null },
      });
      if (row !== null) session.print(row, () => subject.describe(row, session));
    },
  );
}

interface Listing {
  readonly path: string;
  readonly query: Query;
  readonly columns: readonly Column[];
  readonly options: ListOptions;
}

export async function printList(session: Session, { path, query, columns, options }: Listing): Promise<void> {
  const page = await session.api.list(path, query, options.all === true ? null : options.limit, options.cursor);
  session.print({ ...page }, () =>
    page.data.length === 0 ? 'none' : table(columns, page.data, session.terminal.width),
  );
  if (page.next_cursor !== null) session.note(`\nThere are more: --all, or --limit ${5 * options.limit}.`);
}

/** The name that people gave it, else its id. */
export function nameOf(row: Json): string {
  return textAt(row, 'name') ?? show(at(row, 'id'));
}

import type { Command } from 'commander';
import { change, changing, type ChangeOptions } from '../change.ts';
import { at, isObject, textAt, type Json } from '../json.ts';
import { listing, type ListOptions } from '../options.ts';
import { openSession, type Shell } from '../session.ts';
import { columnsOf, plainSheet, sheet, show } from '../show.ts';
import { printList, segment } from '../subject.ts';

const path = '/ops/reviews';

/** `reviews`: what a person must decide. */
export function addReviews(program: Command, shell: Shell): void {
  const parent = program
    .command('reviews')
    .description('what a person must decide; close it when it is done')
    .addHelpText(
      'after',
      `
Examples:
  plinto-billing reviews list --status open
  plinto-billing reviews show rev_…                                       what happened, with the evidence
  plinto-billing reviews resolve rev_… --note "Refunded the second charge at the provider"
  plinto-billing reviews dismiss rev_… --note "The customer bought twice on purpose"`,
    );
  listing(parent.command('list').description('list reviews, newest first'))
    .option('--status <status>', 'open, resolved or dismissed')
    .option('--kind <kind>', 'of one kind')
    .action(async (options: ListOptions & { readonly status?: string; readonly kind?: string }, command: Command) => {
      const { status, kind } = options;
      const columns = [
        ...columnsOf('id', 'kind', 'status', 'organization_id'),
        { title: 'summary', of: 'summary', wraps: true },
      ];
      await printList(openSession(shell, command), { path, query: { status, kind }, columns, options });
    });
  parent
    .command('show <id>')
    .description('one review, with its evidence')
    .action(async (id: string, _options: unknown, command: Command) => {
      const session = openSession(shell, command);
      const review = await session.api.get(`${path}/${segment(id)}`);
      session.print(review, () => describe(review));
    });
  addClosing(parent, shell, 'resolve', 'it was dealt with');
  addClosing(parent, shell, 'dismiss', 'nothing is to be done');
}

function addClosing(parent: Command, shell: Shell, name: 'resolve' | 'dismiss', description: string): void {
  const command = parent
    .command(`${name} <id>`)
    .description(description)
    .requiredOption('--note <text>', 'what was done, or why nothing is to do; kept with it');
  changing(command, { asks: false, previews: true }).action(
    async (id: string, options: ChangeOptions & { readonly note: string }, self: Command) => {
      const session = openSession(shell, self);
      const now = await session.api.get(`${path}/${segment(id)}`);
      const review = await change(session, options, {
        ...{ method: 'POST', path: `${path}/${segment(id)}/${name}`, body: { note: options.note }, final: null, now },
        says: `Closes the review: ${textAt(now, 'summary') ?? id}`,
      });
      if (review !== null) session.print(review, () => describe(review));
    },
  );
}

function describe(review: Json): string {
  const head = sheet(
    columnsOf(
      'id',
      'kind',
      'status',
      'summary',
      'organization_id',
      'provider',
      'entity_id',
      'note',
      'closed_by',
      'opened_at',
    ),
    review,
  );
  const evidence = at(review, 'evidence');
  return isObject(evidence) ? `${head}\n\n${plainSheet(evidence)}` : `${head}\n${show(evidence)}`;
}

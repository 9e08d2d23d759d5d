import type { Command } from 'commander';
import { change, changing, type ChangeOptions } from '../change.ts';
import { at, textAt, type Json } from '../json.ts';
import { listing, type ListOptions } from '../options.ts';
import { saveOrPrint } from '../save.ts';
import { openSession, type Session, type Shell } from '../session.ts';
import { columnsOf, sheet, show, type Column } from '../show.ts';
import { printList, segment } from '../subject.ts';

const itemsOf = (migration: string) => `/ops/migrations/${segment(migration)}/items`;
const itemOf = (migration: string, item: string) => `${itemsOf(migration)}/${segment(item)}`;

const columns: readonly Column[] = [
  { title: 'id', of: 'id' },
  { title: 'organization', of: 'organization_id' },
  { title: 'state', of: 'state' },
  { title: 'pays', of: 'legacy.amount' },
  { title: 'will pay', of: 'plan.amount' },
  { title: 'to', of: (row) => show(at(row, 'new_provider') ?? at(row, 'plan.provider')) },
  { title: 'paid through', of: 'paid_through' },
  { title: 'why', of: 'why', wraps: true },
];

/** The customers of a migration: list, read, remind, lead back. */
export function addMigrationItems(parent: Command, shell: Shell): void {
  listing(parent.command('items <migration>').description('its customers, and how far each is'))
    .option(
      '--state <state>',
      'found, planned, excluded, notified, opened, moved, canceling, watching, done, kept, left, rolled_back or attention',
    )
    .option('--organization <id>', 'of one customer')
    .action(async (migration: string, { state, organization, ...options }: ItemsOptions, command: Command) => {
      const session = openSession(shell, command);
      await printList(session, {
        path: itemsOf(migration),
        query: { state, organization_id: organization },
        columns,
        options,
      });
    });
  parent
    .command('item <migration> <item>')
    .description('one customer: what was planned, what was done, and what it waits for')
    .action(async (migration: string, item: string, _options: unknown, command: Command) => {
      const session = openSession(shell, command);
      const row = await session.api.get(itemOf(migration, item));
      session.print(row, () => describe(row, session));
    });
  parent
    .command('plan <migration>')
    .description('what shall become of every customer, with the money')
    .option('--csv <file>', 'as CSV, into a new file for you alone')
    .option('--all', 'all of them, page by page')
    .action(
      async (migration: string, { csv, all }: { readonly csv?: string; readonly all?: boolean }, command: Command) => {
        const session = openSession(shell, command);
        if (csv !== undefined)
          await saveOrPrint(session, csv, await session.api.download(`/ops/migrations/${segment(migration)}/plan.csv`));
        else
          await printList(session, {
            path: itemsOf(migration),
            query: {},
            columns,
            options: { limit: 50, all: all === true },
          });
      },
    );
  addItemAct(parent, shell, {
    ...{ name: 'remind', description: 'tell one customer again, now', final: null },
    says: (row) => `Reminds ${show(at(row, 'organization_id'))} now.`,
  });
  addItemAct(parent, shell, {
    ...{ name: 'rollback', description: 'lead one customer back, before the old provider is asked to cancel' },
    says: (row) =>
      `Leads ${show(at(row, 'organization_id'))} back: the new trial is revoked, and the old provider goes on.`,
    final: 'The link that the customer has stops working; another migration must tell them anew.',
  });
}

type ItemsOptions = ListOptions & { readonly state?: string; readonly organization?: string };

interface ItemAct {
  readonly name: string;
  readonly description: string;
  readonly final: string | null;
  says(row: Json): string;
}

function addItemAct(parent: Command, shell: Shell, act: ItemAct): void {
  const command = parent.command(`${act.name} <migration> <item>`).description(act.description);
  changing(command, { asks: act.final !== null, previews: true }).action(
    async (migration: string, item: string, options: ChangeOptions, self: Command) => {
      const session = openSession(shell, self);
      const now = await session.api.get(itemOf(migration, item));
      const row = await change(session, options, {
        ...{ method: 'POST', path: `${itemOf(migration, item)}/${act.name}`, body: {}, now },
        ...{ says: act.says(now), final: act.final },
      });
      if (row !== null) session.print(row, () => describe(row, session));
    },
  );
}

const lines: readonly Column[] = [
  ...columnsOf('id', 'state', 'why', 'code', 'organization_id'),
  { title: 'old subscription', of: 'legacy.provider_subscription_id' },
  { title: 'paid there', of: (row) => perInterval(at(row, 'legacy')) },
  { title: 'paid through', of: 'paid_through' },
  { title: 'moves to', of: (row) => show(at(row, 'new_provider') ?? at(row, 'plan.provider')) },
  { title: 'will pay', of: (row) => show(at(row, 'plan.amount')) },
  { title: 'first charge', of: 'plan.first_charge_at' },
  { title: 'routing rule', of: 'plan.rule' },
  ...columnsOf('checkout_id', 'new_subscription_id'),
  { title: 'told', of: 'notified_at' },
  { title: 'reminders', of: 'reminders_sent' },
  { title: 'acts until', of: 'deadline_at' },
  { title: 'paid at the new one', of: 'moved_at' },
  { title: 'point of no return', of: 'canceling_at' },
  { title: 'old one cancelled', of: 'canceled_at' },
  { title: 'first charge seen', of: 'first_charge_at' },
  { title: 'payment', of: 'first_payment_id' },
  { title: 'finished', of: 'finished_at' },
];

function perInterval(legacy: Json | undefined): string {
  return `${show(at(legacy, 'amount'))} ${show(at(legacy, 'billing_interval'))} (${show(at(legacy, 'status'))})`;
}

function describe(row: Json, { terminal }: Session): string {
  if (textAt(row, 'state') !== 'attention') return sheet(lines, row);
  return `${terminal.paint('red', 'A person decides: a review is open.')}\n${sheet(lines, row)}`;
}

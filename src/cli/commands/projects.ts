import { parseEnv } from 'node:util';
import type { Command } from 'commander';
import { change, changing, type ChangeOptions } from '../change.ts';
import { CliFailure, exitCodes, usageFailure } from '../failure.ts';
import { at, textAt, type Json } from '../json.ts';
import { count, gather, listing, readFileOrInput, type ListOptions } from '../options.ts';
import { openSession, type Shell } from '../session.ts';
import { columnsOf, plainSheet } from '../show.ts';
import { printList, segment } from '../subject.ts';

const path = '/ops/projects';

interface Settings {
  readonly name?: string;
  readonly currency?: string;
  readonly origin?: readonly string[];
  readonly routingPolicy?: string;
  readonly usageReportMinutes?: number;
}

/** `projects`: apps that sell here, and their accounts at providers. */
export function addProjects(program: Command, shell: Shell): void {
  const parent = program
    .command('projects')
    .description('apps that sell here, and their accounts at the providers')
    .addHelpText(
      'after',
      `
The mode of accounts (test or live) is that of the key. docs/providers.md says which credentials each provider needs.

Examples:
  plinto-billing projects create acme --name Acme --origin https://acme.example
  plinto-billing projects set acme PROVIDER --file acme.env     KEY=value lines; - reads standard input
  plinto-billing projects test acme PROVIDER                    whose account is it?
  plinto-billing projects webhook acme PROVIDER                 register our address there, and keep the secret
  plinto-billing projects rotate acme PROVIDER --file new.env   an old webhook secret stays valid beside the new`,
    );
  listing(parent.command('list').description('projects that the key may see')).action(
    async (options: ListOptions, command: Command) => {
      const columns = columnsOf('id', 'name', 'default_currency', 'routing_policy', 'allowed_origins', 'created_at');
      await printList(openSession(shell, command), { path, query: {}, columns, options });
    },
  );
  parent
    .command('show <project>')
    .description('a project and its settings')
    .action(async (project: string, _options: unknown, command: Command) => {
      const session = openSession(shell, command);
      const answer = await session.api.get(`${path}/${segment(project)}`);
      session.print(answer, () => plainSheet(answer));
    });
  addCreate(parent, shell);
  addUpdate(parent, shell);
  addAccounts(parent, shell);
}

function withSettings(command: Command): Command {
  return command
    .option('--currency <code>', 'where none is asked for')
    .option(
      '--origin <origin>',
      'from where browsers may call, and where customers may be sent back to; again for more',
      gather,
    )
    .option('--routing-policy <name>', 'who serves whom')
    .option('--usage-report-minutes <n>', 'how often usage is reported', count);
}

function settingsOf({ name, currency, origin, routingPolicy, usageReportMinutes }: Settings) {
  return {
    ...(name !== undefined && { name }),
    ...(currency !== undefined && { default_currency: currency }),
    ...(origin !== undefined && { allowed_origins: origin }),
    ...(routingPolicy !== undefined && { routing_policy: routingPolicy }),
    ...(usageReportMinutes !== undefined && { usage_report_minutes: usageReportMinutes }),
  };
}

function addCreate(parent: Command, shell: Shell): void {
  const command = parent
    .command('create <id>')
    .description('make a project; operators of the first one may')
    .requiredOption('--name <name>', 'what people call it');
  changing(withSettings(command), { asks: false, previews: false }).action(
    async (id: string, options: Settings & ChangeOptions, self: Command) => {
      const session = openSession(shell, self);
      const body = { id, ...settingsOf(options) };
      const made = await change(session, options, { method: 'POST', path, body, says: `Makes ${id}.`, final: null });
      session.print(made, () => plainSheet(made));
    },
  );
}

function addUpdate(parent: Command, shell: Shell): void {
  const command = parent
    .command('update <id>')
    .description('change a project’s settings; what is not named stays')
    .option('--name <name>', 'what people call it');
  changing(withSettings(command), { asks: false, previews: true }).action(
    async (id: string, options: Settings & ChangeOptions, self: Command) => {
      const session = openSession(shell, self);
      const body = settingsOf(options);
      if (Object.keys(body).length === 0)
        throw usageFailure('Nothing is to be changed.', 'Name a setting; --help lists them.');
      const own = `${path}/${segment(id)}`;
      const now = options.dryRun === true ? await session.api.get(own) : null;
      const row = await change(session, options, {
        ...{ method: 'PATCH', path: own, body, says: `Changes settings of ${id}.`, final: null, now },
      });
      if (row !== null) session.print(row, () => plainSheet(row));
    },
  );
}

const accountsOf = (project: string) => `${path}/${segment(project)}/accounts`;
const accountOf = (project: string, provider: string) => `${accountsOf(project)}/${segment(provider)}`;

function addAccounts(parent: Command, shell: Shell): void {
  parent
    .command('accounts <project>')
    .description('its accounts at providers, without values')
    .action(async (project: string, _options: unknown, command: Command) => {
      const columns = columnsOf(
        'provider',
        'live',
        'source',
        'name',
        'provider_account_id',
        'webhook_url',
        'check_error',
      );
      const options = { limit: 100 };
      await printList(openSession(shell, command), { path: accountsOf(project), query: {}, columns, options });
    });
  addCredentials(parent, shell, { name: 'set', method: 'PUT', end: '', says: 'put the credentials of an account' });
  addCredentials(parent, shell, {
    ...{ name: 'rotate', method: 'POST', end: '/rotate' },
    says: 'change some credentials; an old webhook secret stays valid beside the new',
  });
  addCheck(parent, shell);
  const webhook = parent
    .command('webhook <project> <provider>')
    .description('register our address for webhooks at the provider, and keep the secret');
  changing(webhook, { asks: false, previews: false }).action(
    async (project: string, provider: string, options: ChangeOptions, command: Command) => {
      const session = openSession(shell, command);
      const answer = await change(session, options, {
        ...{ method: 'POST', path: `${accountOf(project, provider)}/webhook`, body: {}, final: null },
        says: `Registers our address at ${provider}.`,
      });
      session.print(answer, () => plainSheet(answer));
    },
  );
  addRemove(parent, shell);
}

function addCredentials(
  parent: Command,
  shell: Shell,
  {
    name,
    method,
    end,
    says,
  }: { readonly name: string; readonly method: 'PUT' | 'POST'; readonly end: string; readonly says: string },
): void {
  const command = parent
    .command(`${name} <project> <provider>`)
    .description(says)
    .requiredOption('--file <file>', 'KEY=value lines; - reads standard input');
  changing(command, { asks: false, previews: false }).action(
    async (project: string, provider: string, options: ChangeOptions & { readonly file: string }, self: Command) => {
      const session = openSession(shell, self);
      const credentials: Record<string, string> = {};
      for (const [key, value] of Object.entries(parseEnv(await readFileOrInput(options.file, shell.terminal))))
        if (value !== undefined) credentials[key] = value;
      const answer = await change(session, options, {
        ...{ method, path: `${accountOf(project, provider)}${end}`, body: { credentials }, final: null },
        says: `Sets ${Object.keys(credentials).join(', ')} of ${project} at ${provider}.`,
      });
      session.print(answer, () => plainSheet(answer));
    },
  );
}

function addCheck(parent: Command, shell: Shell): void {
  const command = parent.command('test <project> <provider>').description('ask the provider whose account it is');
  changing(command, { asks: false, previews: false }).action(
    async (project: string, provider: string, options: ChangeOptions, self: Command) => {
      const session = openSession(shell, self);
      const answer: Json = await change(session, options, {
        ...{ method: 'POST', path: `${accountOf(project, provider)}/test`, body: {}, final: null },
        says: `Asks ${provider} whose account it is.`,
      });
      session.print(answer, () => plainSheet(answer));
      if (at(answer, 'ok') === true) return;
      throw new CliFailure({
        ...{ exitCode: exitCodes.failed, code: textAt(answer, 'why') ?? 'check_failed' },
        detail: `${provider} did not take the credentials.`,
        fix: 'Put the right ones by `projects set` or `projects rotate`.',
      });
    },
  );
}

function addRemove(parent: Command, shell: Shell): void {
  const command = parent.command('remove <project> <provider>').description('forget an account and its credentials');
  changing(command, { asks: true, previews: true }).action(
    async (project: string, provider: string, options: ChangeOptions, self: Command) => {
      const session = openSession(shell, self);
      const row = await change(session, options, {
        ...{ method: 'DELETE', path: accountOf(project, provider) },
        says: `Removes the account of ${project} at ${provider}.`,
        final: 'Its credentials are forgotten: without them, webhooks that still come are refused.',
      });
      if (row === null && options.dryRun !== true) session.print({ removed: true, project, provider }, () => 'removed');
    },
  );
}

import { Option, type Command } from 'commander';
import { change, changing, type ChangeOptions } from '../change.ts';
import { textAt, type Json } from '../json.ts';
import { listing, words, type ListOptions } from '../options.ts';
import { openSession, type Shell } from '../session.ts';
import { columnsOf, plainSheet } from '../show.ts';
import { printList, segment } from '../subject.ts';

const path = '/ops/keys';

interface CreateOptions extends ChangeOptions {
  readonly name: string;
  readonly kind: 'secret' | 'publishable';
  readonly scopes?: readonly string[];
  readonly project?: string;
}

/** `keys`: who may call the API, and what each may do. */
export function addKeys(program: Command, shell: Shell): void {
  const parent = program
    .command('keys')
    .description('API keys: list, make, revoke')
    .addHelpText(
      'after',
      `
A key belongs to one project and one mode: a test key makes test keys, a live key live ones. It is shown once.

Examples:
  plinto-billing keys create --name Backend --scopes billing:read,billing:write,usage:write
  plinto-billing keys create --name "Operators" --scopes billing:read,billing:write,ops:read,ops:write
  plinto-billing keys create --name Web --kind publishable --project acme
  plinto-billing keys revoke key_… --dry-run`,
    );
  listing(parent.command('list').description('keys, without their values'))
    .option('--project <id>', 'of another project, where you may')
    .action(async ({ project, ...options }: ListOptions & { readonly project?: string }, command: Command) => {
      const columns = columnsOf('id', 'name', 'kind', 'live', 'scopes', 'created_at', 'revoked_at');
      await printList(openSession(shell, command), { path, columns, options, query: { project_id: project } });
    });
  addCreate(parent, shell);
  addRevoke(parent, shell);
}

function addCreate(parent: Command, shell: Shell): void {
  const command = parent
    .command('create')
    .description('make a key; it is printed once, and never again')
    .requiredOption('--name <name>', 'what people call it')
    .addOption(
      new Option('--kind <kind>', 'for a server, or for browsers').choices(['secret', 'publishable']).default('secret'),
    )
    .option('--scopes <list>', 'of a secret key: billing:read, billing:write, usage:write, ops:read, ops:write', words)
    .option('--project <id>', 'for another project, where you may');
  changing(command, { asks: false, previews: false }).action(async (options: CreateOptions, self: Command) => {
    const session = openSession(shell, self);
    const { name, kind, project } = options;
    const scopes = options.scopes ?? (kind === 'secret' ? ['billing:read', 'billing:write', 'usage:write'] : []);
    const made = await change(session, options, {
      ...{ method: 'POST', path, says: `Makes a ${kind} key.`, final: null },
      body: { name, kind, scopes, ...(project !== undefined && { project_id: project }) },
    });
    session.print(made, () => describe(made));
    session.note('Keep it now: it is not shown again.');
  });
}

function describe(made: Json): string {
  return (
    textAt(made, 'key') ??
    'This key was made by an earlier request and is not shown again: revoke it, and make another.'
  );
}

function addRevoke(parent: Command, shell: Shell): void {
  const command = parent.command('revoke <id>').description('a key stops working at once, for ever');
  changing(command, { asks: true, previews: true }).action(
    async (id: string, options: ChangeOptions, self: Command) => {
      const session = openSession(shell, self);
      const revoked = await change(session, options, {
        ...{ method: 'DELETE', path: `${path}/${segment(id)}`, says: `Revokes ${id}.` },
        final: 'A revoked key never works again: whoever still uses it is refused from now on.',
      });
      if (revoked !== null) session.print(revoked, () => plainSheet(revoked));
    },
  );
}

import type { Command } from 'commander';
import { usageFailure } from '../failure.ts';
import type { Json } from '../json.ts';
import { readFileOrInput } from '../options.ts';
import { profilesPath, readProfiles, writeProfiles, type Profiles } from '../profiles.ts';
import { openScreen, type GlobalOptions, type Shell } from '../session.ts';
import { columnsOf, table } from '../show.ts';
import { findTarget } from '../target.ts';

interface AddOptions {
  readonly keyFile: string;
  readonly default?: boolean;
}

/** `profiles`: addresses and keys that are kept on this machine, by name. */
export function addProfiles(program: Command, shell: Shell): void {
  const { terminal } = shell;
  const path = profilesPath(terminal.env, terminal.home);
  const screenOf = (command: Command) => openScreen(terminal, command.optsWithGlobals<GlobalOptions>().json === true);
  const print = (command: Command, profiles: Profiles) => {
    const rows = rowsOf(profiles);
    const columns = columnsOf('name', 'api_url', 'mode', 'default');
    screenOf(command).print({ file: path, data: rows }, () =>
      rows.length === 0 ? 'none' : table(columns, rows, terminal.width),
    );
  };
  const parent = program
    .command('profiles')
    .description('APIs and keys kept on this machine, by name')
    .addHelpText(
      'after',
      `
They are kept in ${path.replace(terminal.home, '~')}, readable by you alone (PLINTO_PROFILES names another file).

Examples:
  plinto-billing profiles add production --api-url https://billing.example.com --key-file - --default
  plinto-billing --profile production status`,
    );
  parent
    .command('list')
    .description('profiles, without their keys')
    .action((_options: unknown, command: Command) => print(command, readProfiles(path)));
  parent
    .command('add <name>')
    .description('keep an address (--api-url) and a key; a profile of this name is replaced')
    .requiredOption('--key-file <file>', 'holds the key and nothing else; - reads standard input')
    .option('--default', 'take it where none is named')
    .action(async (name: string, options: AddOptions, command: Command) => {
      const { apiUrl, allowHttp } = command.optsWithGlobals<GlobalOptions>();
      if (apiUrl === undefined) throw usageFailure('Which API?', 'Give --api-url.');
      const apiKey = (await readFileOrInput(options.keyFile, terminal)).trim();
      // The same checks as when it is used, so that nothing is kept that could not be.
      const target = findTarget(
        { apiUrl, apiKey, ...(allowHttp !== undefined && { allowHttp }) },
        terminal,
        shell.root,
      );
      const before = readProfiles(path);
      const list = [...before.list.filter((each) => each.name !== name), { name, apiUrl: target.apiUrl, apiKey }];
      const after = { default: options.default === true || list.length === 1 ? name : before.default, list };
      writeProfiles(path, after);
      print(command, after);
    });
  parent
    .command('use <name>')
    .description('take this one where none is named')
    .action((name: string, _options: unknown, command: Command) => {
      const before = readProfiles(path);
      if (!before.list.some((each) => each.name === name)) throw usageFailure(`There is no profile ${name}.`);
      const after = { ...before, default: name };
      writeProfiles(path, after);
      print(command, after);
    });
  parent
    .command('remove <name>')
    .description('forget one')
    .action((name: string, _options: unknown, command: Command) => {
      const before = readProfiles(path);
      if (!before.list.some((each) => each.name === name)) throw usageFailure(`There is no profile ${name}.`);
      const after = {
        default: before.default === name ? null : before.default,
        list: before.list.filter((each) => each.name !== name),
      };
      writeProfiles(path, after);
      print(command, after);
    });
}

function rowsOf(profiles: Profiles): readonly Json[] {
  return profiles.list.map(({ name, apiUrl, apiKey }) => ({
    ...{ name, api_url: apiUrl, mode: apiKey.startsWith('sk_live_') ? 'live' : 'test' },
    default: profiles.default === name,
  }));
}

import type { Command } from 'commander';
import { createApi, type Api } from './api.ts';
import type { Json } from './json.ts';
import { findTarget, type TargetFlags } from './target.ts';
import type { Terminal } from './terminal.ts';

/** What every command is made with. */
export interface Shell {
  readonly terminal: Terminal;
  /** The clone's folder. */
  readonly root: string;
  readonly version: string;
}

/** One command at work: an API to ask, and where to say what came. */
export interface Session {
  readonly terminal: Terminal;
  readonly api: Api;
  readonly isJson: boolean;
  /** One document on standard output: the whole of it with `--json`, and what `text` makes of it without. */
  print(value: Json, text: () => string): void;
  /** For people, on standard error; nothing with `--json`. */
  note(text: string): void;
}

export type GlobalOptions = TargetFlags & { readonly json?: boolean };

/** @throws {CliFailure} `usage`, where it is not clear which API is meant */
export function openSession(shell: Shell, command: Command): Session {
  const { terminal, root, version } = shell;
  const options = command.optsWithGlobals<GlobalOptions>();
  const screen = openScreen(terminal, options.json === true);
  const target = findTarget(options, terminal, root);
  const api = createApi({
    ...{ target, fetch: globalThis.fetch, sleep: (ms) => terminal.sleep(ms), interrupted: terminal.interrupted },
    userAgent: `plinto-billing/${version}`,
  });
  return { terminal, api, ...screen };
}

/** For commands that talk to no API. */
export function openScreen(terminal: Terminal, isJson: boolean): Pick<Session, 'isJson' | 'print' | 'note'> {
  return {
    isJson,
    print: (value, text) => terminal.out(`${isJson ? JSON.stringify(value, null, 2) : text()}\n`),
    note: (text) => {
      if (!isJson) terminal.err(`${text}\n`);
    },
  };
}

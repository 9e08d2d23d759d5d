import { join } from 'node:path';
import { Argument, type Command } from 'commander';
import type { Shell } from './session.ts';

/**
 * `completion <shell>` prints a script for the shell, which then asks `complete -- <words>`. It calls this clone by its
 * path: `npx` has no completion of its own.
 */
export function addCompletion(program: Command, shell: Shell): void {
  program
    .command('completion')
    .description('a script that completes commands and options in your shell')
    .addArgument(new Argument('<shell>', 'which').choices(['bash', 'zsh', 'fish', 'powershell']))
    .addHelpText(
      'after',
      `
Examples:
  alias plinto-billing=${join(shell.root, 'bin/plinto-billing.mjs')}
  source <(plinto-billing completion bash)          for this shell; in ~/.bashrc for every one
  plinto-billing completion zsh > "\${fpath[1]}/_plinto-billing"
  plinto-billing completion fish > ~/.config/fish/completions/plinto-billing.fish`,
    )
    .action(async (name: string) => {
      const { script } = await import('@bomb.sh/tab');
      script(name, program.name(), join(shell.root, 'bin/plinto-billing.mjs'));
    });
}

/**
 * What the shell's script asks for at each press of Tab. Nothing but the names of commands and options is looked at.
 *
 * @param program Without `completion`, which the library adds.
 */
export async function answerCompletion(program: Command, words: readonly string[]): Promise<void> {
  const { default: complete } = await import('@bomb.sh/tab/commander');
  complete(program, { completionCommandName: 'completion' }).parse([...words]);
}

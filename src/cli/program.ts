import { Command } from 'commander';
import { addExplain } from './commands/explain.ts';
import { addKeys } from './commands/keys.ts';
import { addMigration } from './commands/migration.ts';
import { addPlans } from './commands/plans.ts';
import { addProfiles } from './commands/profiles.ts';
import { addProjects } from './commands/projects.ts';
import { addReconcile } from './commands/reconcile.ts';
import { addReviews } from './commands/reviews.ts';
import { addRollout } from './commands/rollout.ts';
import { addStatus } from './commands/status.ts';
import { addUsageReport } from './commands/usage-report.ts';
import { addWebhooks } from './commands/webhooks.ts';
import type { Shell } from './session.ts';

const lesson = `
First steps:
  plinto-billing status                            is everything all right? which providers are there?
  plinto-billing <command> --help                  what it does, with examples
  plinto-billing migration start --from OLD --name "Leaving OLD" --dry-run
                                                   who would be moved, and with what money; nothing is done
  plinto-billing migration watch mig_…             follow long work; Ctrl-C ends the watching, not the work

Which API: --api-url and --api-key, else PLINTO_API_URL and PLINTO_API_KEY, else a profile
(\`plinto-billing profiles add\`), else the system that \`npm start\` runs on this machine.

What changes something has --dry-run, asks where it cannot be undone (--yes agrees beforehand), and may be repeated:
each write carries an Idempotency-Key.

--json prints one JSON document, the API's own answer; errors go to standard error.
Ends with 0 done, 1 failed, 2 wrong command line, 3 refused by the API, 4 not reachable, 5 not agreed to, 130 Ctrl-C.
More: docs/cli.md, and docs/runbooks/migrate-a-customer.md.`;

/** The whole command line but for `completion`. What commands print and how they fail is in docs/cli.md. */
export function createProgram(shell: Shell): Command {
  const { terminal } = shell;
  const program = new Command('plinto-billing')
    .description('Operate Plinto Billing: rollouts, migrations, usage, reconciliation, webhooks, catalogue.')
    .version(shell.version, '-V, --version', 'the version of this command line')
    .option('--api-url <url>', 'the API, such as https://billing.example.com')
    .option('--api-key <key>', 'a secret key with the scopes ops:read and ops:write; better kept in a profile')
    .option('--profile <name>', 'address and key that are kept on this machine')
    .option('--allow-http', 'send the key unencrypted to another machine')
    .option('--json', 'one JSON document instead of text')
    .helpOption('-h, --help', 'explain a command, with examples')
    .addHelpText('after', lesson)
    .showSuggestionAfterError()
    .configureHelp({ showGlobalOptions: true, styleTitle: (title) => terminal.paint('bold', title) })
    .configureOutput({
      writeOut: (text) => terminal.out(text),
      writeErr: (text) => terminal.err(text),
      outputError: () => undefined,
    })
    .exitOverride();
  program.commandsGroup('Moving customers:');
  addRollout(program, shell);
  addMigration(program, shell);
  program.commandsGroup('Money and truth:');
  addUsageReport(program, shell);
  addReconcile(program, shell);
  addWebhooks(program, shell);
  addExplain(program, shell);
  program.commandsGroup('Setting up:');
  addProjects(program, shell);
  addKeys(program, shell);
  addPlans(program, shell);
  addProfiles(program, shell);
  program.commandsGroup('Looking:').helpCommand('help [command]', 'explain a command');
  addStatus(program, shell);
  addReviews(program, shell);
  return program;
}

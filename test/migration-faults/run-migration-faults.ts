import { runCommand } from '../faults/command-line.ts';
import { runMigrationFaults } from './migration-faults-run.ts';
import { render, replayCommand } from './render.ts';

const usage = `npm run migration-faults -- [--subscriptions 10000] [--rate 4] [--seed N]

Starts a stack of its own, puts that many subscriptions into the old provider (monthly, yearly, in trial, past due, canceled,
ending, refunded, twice the same, without e-mail, of nobody we know, of an unknown offer), and leads their customers to
others, --rate told a second. Each customer acts on the link they were sent, at once or late, twice, with a bad card, or
never, or cancels on their own. Meanwhile providers hang with and without the work done, fail, reset, limit and garble,
webhooks get lost, doubled and late, and worker, API and relay are killed with SIGKILL. Then the migration is asked for twice
more. What is believed is the providers' own ledger and objects, at the end and forty days later by their clock: no period
charged twice, none uncovered, everybody with exactly one who charges next, who did not act left alone. Then the migration's
report is compared with the ledger, charge by charge. Ends with 1 if anything differs.

Paid-through dates are minutes ahead, so that first charges come within the run: about
subscriptions / rate seconds and three minutes.
A failing run keeps its state directory with the logs, and prints the command that draws the same plan again.`;

await runCommand({
  ...{ usage, things: 'subscriptions', count: 10_000, rate: 4, render, replayCommand },
  doseOf: ({ count, ...size }) => ({ subscriptions: count, ...size }),
  run: runMigrationFaults,
});

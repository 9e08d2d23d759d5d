import { verdict } from '../faults/command-line.ts';
import { listed } from '../faults/progress.ts';
import type { MigrationFaultsResult } from './migration-faults-run.ts';
import type { MigrationDose } from './plan.ts';
import type { Repeat } from './repeat.ts';

/** The command that draws the same plan again. */
export function replayCommand({ seed, subscriptions, ratePerSecond }: MigrationDose): string {
  return `npm run migration-faults -- --seed ${seed} --subscriptions ${subscriptions} --rate ${ratePerSecond}`;
}

/** The run in a few lines; each fault in one of its own. */
export function render(result: MigrationFaultsResult): string {
  const { dose, disturbance, heard } = result;
  return [
    `seed ${dose.seed}, ${result.seconds} s; ${dose.subscriptions} subscriptions, ${dose.ratePerSecond} told a second`,
    `struck: ${listed(disturbance.struck)}; killed: ${listed(disturbance.kills)}`,
    `the operator heard: ${listed(heard)}`,
    `what had to become of them: ${listed(result.fates)}`,
    `as the migration says: ${listed(result.states)}`,
    ...result.repeats.map(renderRepeat),
    `${result.charges} charges in the ledger, ${result.proofLines} lines in the report`,
    ...verdict(
      result,
      'no period was charged twice, none is uncovered, everybody has one provider, and the report is the ledger',
      replayCommand(dose),
    ),
  ].join('\n');
}

function renderRepeat({ name, states }: Repeat): string {
  return Object.keys(states).length === 0
    ? `${name}: refused, for the first one waits for renewals`
    : `${name}: ${listed(states)}`;
}

import { verdict } from './command-line.ts';
import type { FaultsResult } from './faults-run.ts';
import type { Dose } from './plan.ts';
import { listed } from './progress.ts';
import { compressedBy } from './rest.ts';

/** The command that draws the same plan again. */
export function replayCommand({ seed, checkouts, ratePerSecond }: Dose): string {
  return `npm run faults -- --seed ${seed} --checkouts ${checkouts} --rate ${ratePerSecond}`;
}

/** The run in a few lines; each fault in one of its own. */
export function render(result: FaultsResult): string {
  const { dose, disturbance, heard, rest, unknown, totals } = result;
  const simulatedMinutes = ((rest.checkoutsMs / 60_000) * compressedBy).toFixed(1);
  return [
    `seed ${dose.seed}, ${result.seconds} s; ${dose.checkouts} checkouts at ${dose.ratePerSecond}/s`,
    `struck: ${listed(disturbance.struck)}; killed: ${listed(disturbance.kills)}`,
    `callers heard: ${listed(heard)}`,
    `${result.fellBack} fell back, ${result.straysPaid} sessions that nobody was given were paid, ${result.refunded} payments went back`,
    `last checkout resolved ${simulatedMinutes} simulated minutes after the faults, everything at rest after ${Math.round(rest.allMs / 1_000)} s`,
    `unknown: ${unknown.count}, p99 ${(unknown.p99Ms / 1_000).toFixed(1)} s, longest ${(unknown.longestMs / 1_000).toFixed(1)} s`,
    `the ledger, in minor units: ${listed(totals)}`,
    ...verdict(result, 'nobody was charged twice, nobody’s money is missing, the books agree', replayCommand(dose)),
  ].join('\n');
}

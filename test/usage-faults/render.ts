import { verdict } from '../faults/command-line.ts';
import { listed } from '../faults/progress.ts';
import type { UsageDose } from './plan.ts';
import type { UsageFaultsResult } from './usage-faults-run.ts';

/** The command that draws the same plan again. */
export function replayCommand({ seed, events, ratePerSecond }: UsageDose): string {
  return `npm run usage-faults -- --seed ${seed} --events ${events} --rate ${ratePerSecond}`;
}

/** The run in a few lines; each fault in one of its own. */
export function render(result: UsageFaultsResult): string {
  const { dose, disturbance, heard, sent } = result;
  return [
    `seed ${dose.seed}, ${result.seconds} s; ${dose.events} events sent at ${dose.ratePerSecond}/s, ${result.events} different ones`,
    `struck: ${listed(disturbance.struck)}; killed: ${listed(disturbance.kills)}`,
    `callers heard: ${listed(heard)}; ${sent.accepted} accepted, ${sent.duplicates} known already, ${sent.rejected} refused`,
    `${result.reports} reports: ${result.reported} events reported, ${result.rejected} rejected with a reason, nothing pending ${Math.round(result.restMs / 1_000)} s after the faults`,
    ...verdict(
      result,
      'every event was counted once here and once at its provider, and the reports add up',
      replayCommand(dose),
    ),
  ].join('\n');
}

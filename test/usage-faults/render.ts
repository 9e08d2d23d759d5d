import { listed } from '../faults/progress.ts';
import type { UsageDose } from './plan.ts';
import type { UsageFaultsResult } from './usage-faults-run.ts';

/** The command that draws the same plan again. */
export function replayCommand({ seed, events, ratePerSecond }: UsageDose): string {
  return `npm run usage-faults -- --seed ${seed} --events ${events} --rate ${ratePerSecond}`;
}

/** The run in a few lines; each fault in one of its own. */
export function render(result: UsageFaultsResult): string {
  const { dose, faults, disturbance, heard, sent, keptIn } = result;
  return [
    `seed ${dose.seed}, ${result.seconds} s; ${dose.events} events sent at ${dose.ratePerSecond}/s, ${result.events} different ones`,
    `struck: ${listed(disturbance.struck)}; killed: ${listed(disturbance.kills)}`,
    `callers heard: ${listed(heard)}; ${sent.accepted} accepted, ${sent.duplicates} known already, ${sent.rejected} refused`,
    `${result.reports} reports: ${result.reported} events reported, ${result.rejected} rejected with a reason, nothing pending ${Math.round(result.restMs / 1_000)} s after the faults`,
    ...(faults.length === 0
      ? ['✓ every event was counted once here and once at its provider, and the reports add up']
      : [
          `✗ ${faults.length} faults`,
          ...faults.map((fault) => `  ${fault}`),
          `again: ${replayCommand(dose)}`,
          ...(keptIn === null ? [] : [`its logs: ${keptIn}/logs`]),
        ]),
  ].join('\n');
}

import type { NamedWorld } from './rollout-worlds.ts';
import type { RolloutRun } from './simulate-rollout.ts';

/** Shares are of all runs. */
export interface Summary {
  readonly world: NamedWorld;
  readonly runs: number;
  readonly completed: number;
  readonly rolledBack: number;
  readonly rolledBackBefore1000: number;
  readonly stillHeld: number;
  /** Of those that were rolled back; null: none was. */
  readonly exposed: { readonly median: number; readonly p95: number } | null;
  readonly medianDays: number;
}

export function summarize(world: NamedWorld, runs: readonly RolloutRun[]): Summary {
  const share = (holds: (run: RolloutRun) => boolean) => runs.filter(holds).length / runs.length;
  const exposed = runs.filter(({ outcome }) => outcome === 'rolled_back').map((run) => run.exposed);
  return {
    ...{ world, runs: runs.length },
    completed: share(({ outcome }) => outcome === 'completed'),
    rolledBack: share(({ outcome }) => outcome === 'rolled_back'),
    rolledBackBefore1000: share((run) => run.outcome === 'rolled_back' && run.exposed < 1_000),
    stillHeld: share(({ outcome }) => outcome === 'still_held'),
    exposed: exposed.length === 0 ? null : { median: quantile(exposed, 0.5), p95: quantile(exposed, 0.95) },
    medianDays: quantile(
      runs.map(({ days }) => days),
      0.5,
    ),
  };
}

/** What a world was promised and did not keep. null: it kept it. */
export function breachOf({ world, rolledBack, rolledBackBefore1000 }: Summary): string | null {
  if (world.promise === 'rarely_rolled_back' && rolledBack > world.settings.alpha) {
    return `${world.name}: ${percent(rolledBack)} were rolled back, at most ${percent(world.settings.alpha)} may be`;
  }
  if (world.promise === 'rolled_back_before_1000' && rolledBackBefore1000 < 0.95) {
    return `${world.name}: ${percent(rolledBackBefore1000)} were rolled back before 1,000 customers, at least 95 % must be`;
  }
  return null;
}

/** In Markdown. */
export function tableOf(summaries: readonly Summary[]): string {
  const rows = summaries.map(({ world, exposed, ...summary }) => [
    world.name,
    thousands(summary.runs),
    percent(summary.rolledBack),
    world.drop === 0 ? '' : percent(summary.rolledBackBefore1000),
    exposed === null ? '' : `${thousands(exposed.median)} (${thousands(exposed.p95)})`,
    percent(summary.completed),
    percent(summary.stillHeld),
    String(Math.round(summary.medianDays)),
  ]);
  const head = [
    'success',
    'runs',
    'rolled back',
    'before 1,000 exposed',
    'exposed by then: median (95 %)',
    'completed',
    'held for 180 days',
    'days, median',
  ];
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = `| --- |${' --: |'.repeat(head.length - 1)}`;
  return [line(head), rule, ...rows.map(line), ''].join('\n');
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.ceil(share * sorted.length) - 1] ?? sorted[0] ?? 0;
}

const percent = (share: number) => `${Number((share * 100).toFixed(1))} %`;
const thousands = (value: number) => Math.round(value).toLocaleString('en-US');

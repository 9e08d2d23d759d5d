import { wireDifferences } from './wire-shape.ts';
import { differences } from './shape.ts';
import type { Outcome } from './run-behaviours.ts';

/** One behaviour at the real sandbox, beside ours. */
export interface Compared {
  readonly provider: string;
  readonly behaviour: string;
  readonly ok: boolean;
  readonly problem: string | null;
  readonly ms: number;
  /** In what the port told: outcomes, codes, kinds and nullness of the truths. */
  readonly differences: readonly string[];
  /** On the wire: operations, statuses, fields. Noted, and no failure: what no adapter reads may differ. */
  readonly onTheWire: readonly string[];
  readonly leftBehind: readonly string[];
}

/** @param ours How the same behaviour went at our simulator. */
export function compare(provider: string, theirs: Outcome, ours: Outcome): Compared {
  const outcome =
    theirs.problem === ours.problem ? [] : [`${theirs.problem ?? 'done'} there, ${ours.problem ?? 'done'} in ours`];
  // After a failure the rest was not reached on one side: nothing to compare.
  const isWhole = theirs.ok && ours.ok;
  return {
    ...{ provider, behaviour: theirs.name, ok: theirs.ok, problem: theirs.problem, ms: Math.round(theirs.ms) },
    differences: [...outcome, ...(isWhole ? differences(theirs.shape, ours.shape) : [])],
    onTheWire: isWhole ? wireDifferences(theirs.wire, ours.wire) : [],
    leftBehind: theirs.leftBehind,
  };
}

export function isSame({ ok, differences: found }: Compared): boolean {
  return ok && found.length === 0;
}

/** One line, and one more for each difference. */
export function lines({ provider, behaviour, ok, problem, ms, ...found }: Compared): string {
  const first = `${ok ? '✓' : '✗'} ${provider.padEnd(8)} ${behaviour.padEnd(58)} ${String(ms).padStart(6)} ms`;
  return [
    first,
    ...(problem === null ? [] : [`    ${problem}`]),
    ...found.differences.map((line) => `    differs   ${line}`),
    ...found.onTheWire.map((line) => `    on the wire   ${line}`),
    ...found.leftBehind.map((line) => `    left behind   ${line}`),
  ].join('\n');
}

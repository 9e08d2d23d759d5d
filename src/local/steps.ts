import type { Print } from './child-log.ts';

export function formatSeconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

const TIME_COLUMN = 58;

function stepLine(label: string, ms: number): string {
  return `✓ ${label.padEnd(TIME_COLUMN)} ${formatSeconds(ms).padStart(7)}`;
}

/** Runs one step of the start and prints its line, with the time it took, when it is done. */
export async function step<T>(print: Print, describe: (result: T) => string, action: () => Promise<T>): Promise<T> {
  const startedMs = Date.now();
  const result = await action();
  print(stepLine(describe(result), Date.now() - startedMs));
  return result;
}

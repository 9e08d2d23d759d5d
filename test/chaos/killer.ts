import { setTimeout as sleep } from 'node:timers/promises';
import type { Stack } from '../../src/local/stack.ts';

/** PostgreSQL and the sandbox stay up: they stand for what others run. */
export const victims = ['api', 'worker', 'relay', 'temporal'] as const;
export type Victim = (typeof victims)[number];

export interface KillerInput {
  readonly stack: Pick<Stack, 'kill'>;
  readonly kills: number;
  /** Every process is killed once per round, at a moment of its own. */
  readonly roundMs: number;
  readonly random: () => number;
  readonly onKill: (victim: Victim) => void;
}

/** `kill -9`, `kills` times each; the launcher starts what died. */
export async function runKiller(input: KillerInput): Promise<void> {
  await Promise.all(victims.map((victim) => killAgainAndAgain(input, victim)));
}

async function killAgainAndAgain(
  { stack, kills, roundMs, random, onKill }: KillerInput,
  victim: Victim,
): Promise<void> {
  const moments = Array.from({ length: kills }, (_, round) => (round + random()) * roundMs);
  const startMs = Date.now();
  for (const moment of moments) {
    await sleep(Math.max(0, startMs + moment - Date.now()));
    while (!strike(stack, victim)) await sleep(100);
    onKill(victim);
  }
}

/** @returns false while it is down from the last time. */
function strike(stack: Pick<Stack, 'kill'>, victim: Victim): boolean {
  try {
    stack.kill(victim, 'SIGKILL');
    return true;
  } catch {
    return false;
  }
}

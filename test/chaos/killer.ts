import { setTimeout as sleep } from 'node:timers/promises';
import type { Stack } from '../../src/local/stack.ts';
import { strike } from '../support/strike.ts';

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
    await strike(stack, victim);
    onKill(victim);
  }
}

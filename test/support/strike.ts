import { setTimeout as sleep } from 'node:timers/promises';
import type { ProcessName } from '../../src/local/stack-options.ts';
import type { Stack } from '../../src/local/stack.ts';

/** `kill -9`; waits while it is down from the last time. The launcher starts it again. */
export async function strike(stack: Pick<Stack, 'kill'>, victim: ProcessName): Promise<void> {
  while (!isStruck(stack, victim)) await sleep(100);
}

function isStruck(stack: Pick<Stack, 'kill'>, victim: ProcessName): boolean {
  try {
    stack.kill(victim, 'SIGKILL');
    return true;
  } catch {
    return false;
  }
}

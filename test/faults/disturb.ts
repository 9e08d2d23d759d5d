import type { SandboxClient } from '../../bench/clients/sandbox.ts';
import type { Stack } from '../../src/local/stack.ts';
import { strike } from '../support/strike.ts';
import type { PlanClock } from './plan-clock.ts';
import type { FaultPlan, Victim } from './plan.ts';

export interface Disturbance {
  /** Of each of ours. */
  readonly kills: Record<Victim, number>;
  /** How often each kind of fault struck. */
  readonly struck: Record<string, number>;
  /** Faults that are on now. */
  active: number;
}

export function createDisturbance(): Disturbance {
  return { kills: { worker: 0, api: 0, relay: 0 }, struck: {}, active: 0 };
}

/** Carries out the plan's faults and kills, each at its moment; when it is done, nothing is wrong any more. */
export async function disturb(
  plan: Pick<FaultPlan, 'storms' | 'kills'>,
  stack: Pick<Stack, 'kill'>,
  sandbox: SandboxClient,
  { until }: Pick<PlanClock, 'until'>,
  disturbance: Disturbance,
): Promise<void> {
  const storms = plan.storms.map(async ({ fromMs, toMs, fault }) => {
    await until(fromMs);
    const { id } = await sandbox.addFault(fault);
    disturbance.active += 1;
    await until(toMs);
    const hits = (await sandbox.faultHits()).get(id) ?? 0;
    await sandbox.removeFault(id);
    disturbance.active -= 1;
    disturbance.struck[fault.kind] = (disturbance.struck[fault.kind] ?? 0) + hits;
  });
  const kills = plan.kills.map(async ({ victim, atMs }) => {
    await until(atMs);
    await strike(stack, victim);
    disturbance.kills[victim] += 1;
  });
  await Promise.all([...storms, ...kills]);
  await sandbox.clearFaults();
}

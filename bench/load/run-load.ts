import { fork, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HttpPlan, HttpSample, UpdatePlan, UpdateSample, UsagePlan, UsageSamples } from './plans.ts';

/** Sends planned requests at a fixed rate from a process of its own. */
export function runHttpLoad(plan: HttpPlan): Promise<readonly HttpSample[]> {
  return runGenerator<readonly HttpSample[]>('http-generator.ts', plan);
}

/** Sends events of usage from a process of its own. */
export function runUsageLoad(plan: UsagePlan): Promise<UsageSamples> {
  return runGenerator<UsageSamples>('usage-generator.ts', plan);
}

/** Executes empty update-with-starts at a fixed rate from a process of its own. */
export function runUpdateLoad(plan: UpdatePlan): Promise<readonly UpdateSample[]> {
  return runGenerator<readonly UpdateSample[]>('update-generator.ts', plan);
}

/** Plans hold signed bodies and keys: the file is its owner's alone and gone with the run. */
async function runGenerator<Samples>(script: string, plan: HttpPlan | UpdatePlan | UsagePlan): Promise<Samples> {
  const folder = mkdtempSync(join(tmpdir(), 'plinto-bench-plan-'));
  const planFile = join(folder, 'plan.json');
  writeFileSync(planFile, JSON.stringify(plan), { mode: 0o600 });
  try {
    const child = fork(join(import.meta.dirname, script), [planFile], { serialization: 'advanced' });
    const samples = (await firstMessage(child, script)) as Samples;
    child.disconnect();
    return samples;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @throws when the process ends without a word. */
export function firstMessage(child: ChildProcess, name: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`${name} ended with ${code ?? signal}`)));
  });
}

import { readFileSync } from 'node:fs';
import { Pool } from 'undici';
import { runOpenLoop } from './open-loop.ts';
import type { HttpPlan, HttpSample, PlannedRequest } from './plans.ts';

/** A process of its own, so that measuring and being measured do not share an event loop. Started by `runHttpLoad`. */
const planFile = process.argv[2];
if (planFile === undefined) throw new Error('the plan file is missing');
const plan = JSON.parse(readFileSync(planFile, 'utf8')) as HttpPlan;
const pool = new Pool(plan.origin, { connections: plan.connections, pipelining: 1, headersTimeout: 60_000 });

await Promise.all(Array.from({ length: plan.connections }, openConnection));
const samples = await runOpenLoop({
  count: plan.requests.length,
  ratePerSecond: plan.ratePerSecond,
  send: (index, intendedMs) => sendOne(plan.requests[index], intendedMs),
});
await pool.close();
// Whoever started this disconnects once it has read them; ending sooner would cut a long message off.
process.send?.(samples);

/** The handshakes are not what is measured. */
async function openConnection(): Promise<void> {
  const answer = await pool.request({ method: 'GET', path: plan.warmUpPath });
  await answer.body.dump();
}

async function sendOne(request: PlannedRequest | undefined, intendedMs: number): Promise<HttpSample> {
  if (request === undefined) throw new Error('the schedule is longer than the plan');
  const { method, path, headers, body } = request;
  try {
    const answer = await pool.request({ method, path, headers, body });
    const text = await answer.body.text();
    const ms = performance.now() - intendedMs;
    return { ms, status: answer.statusCode, body: plan.keepBodies || answer.statusCode >= 400 ? text : null };
  } catch (error) {
    return {
      ms: performance.now() - intendedMs,
      status: 0,
      body: error instanceof Error ? error.message : String(error),
    };
  }
}

import { readFileSync } from 'node:fs';
import { Pool } from 'undici';
import { runOpenLoop } from './open-loop.ts';
import type { UsagePlan, UsageSamples } from './plans.ts';
import { usageBody } from './usage-body.ts';

/** Sends events of usage from a process of its own, each of them new. Started by `runUsageLoad`. */
const planFile = process.argv[2];
if (planFile === undefined) throw new Error('the plan file is missing');
const plan = JSON.parse(readFileSync(planFile, 'utf8')) as UsagePlan;
const { origin, path, connections, batch, organizations, run, series, requests, seconds, ratePerSecond } = plan;
const pool = new Pool(origin, { connections, pipelining: 1, headersTimeout: 60_000, bodyTimeout: 60_000 });
const headers = { authorization: `Bearer ${plan.key}`, 'content-type': 'application/json' };
const latenciesMs: number[] = [];
const refusals: string[] = [];
let errors = 0;

await Promise.all(
  Array.from({ length: connections }, async () => {
    const answer = await pool.request({ method: 'GET', path: '/healthz' });
    await answer.body.dump();
  }),
);
const startMs = performance.now();
if (ratePerSecond === null) await sendClosed();
else await runOpenLoop({ count: requests, ratePerSecond, send: sendOne });
const elapsedMs = performance.now() - startMs;
await pool.close();
const samples: UsageSamples = { latenciesMs, errors, refusals, elapsedMs };
process.send?.(samples);

/** Each connection sends its next request when the last one is answered: as much as there is room for. */
async function sendClosed(): Promise<void> {
  const endMs = startMs + seconds * 1_000;
  let next = 0;
  const lane = async () => {
    while (next < requests && performance.now() < endMs) {
      const index = next;
      next += 1;
      await sendOne(index, performance.now());
    }
  };
  await Promise.all(Array.from({ length: connections }, lane));
}

async function sendOne(index: number, intendedMs: number): Promise<void> {
  const body = usageBody({ run, series, index, batch, organizations, nowMs: Date.now() });
  try {
    const answer = await pool.request({ method: 'POST', path, headers, body });
    const text = await answer.body.text();
    const isTaken = batch === 1 ? answer.statusCode === 202 : text.includes(`"accepted":${batch},"duplicates":0`);
    if (isTaken) latenciesMs.push(performance.now() - intendedMs);
    else fail(text);
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error));
  }
}

function fail(what: string): void {
  errors += 1;
  if (refusals.length < 3) refusals.push(what.slice(0, 300));
}

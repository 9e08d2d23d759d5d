import { rmSync } from 'node:fs';
import pg from 'pg';
import { createSandboxClient } from '../../bench/clients/sandbox.ts';
import { answerFaults, createHeard, type Heard } from '../faults/answers.ts';
import { disturb, type Disturbance } from '../faults/disturb.ts';
import { createPlanClock } from '../faults/plan-clock.ts';
import { createProgress } from '../faults/progress.ts';
import { startFaultStack } from '../support/fault-stack.ts';
import { workflowFaults } from '../faults/read-books.ts';
import { longestRestlessMs, providerTimeoutMs } from '../faults/rest.ts';
import { expectedOf } from './expect.ts';
import { drawUsagePlan, type UsageDose } from './plan.ts';
import { readUsageBooks } from './read-usage-books.ts';
import { askForReports, finishReports } from './reports.ts';
import { sendAll, type Sent } from './sender.ts';
import { setStage } from './stage.ts';
import { compareUsage } from './usage-books.ts';

export interface UsageFaultsResult {
  readonly dose: UsageDose;
  readonly faults: readonly string[];
  readonly disturbance: Disturbance;
  readonly heard: Heard;
  readonly sent: Sent;
  /** Different events, corrections included, and what became of them. */
  readonly events: number;
  readonly reported: number;
  readonly rejected: number;
  readonly reports: number;
  /** From the end of the faults until nothing was under way. */
  readonly restMs: number;
  readonly seconds: number;
  /** Where the logs stayed; null when all went well. */
  readonly keptIn: string | null;
}

/** With more requests under way than this the plan waits for them. */
const mostInFlight = 24;

/** One run from an empty database to the verdict. The seed decides what is sent when, what breaks and who dies. */
export async function runUsageFaults(dose: UsageDose, print: (line: string) => void): Promise<UsageFaultsResult> {
  const startMs = Date.now();
  let isClean = false;
  const { stack, target, stateDir } = await startFaultStack('usage-faults', {
    PROVIDER_TIMEOUT_MS: String(providerTimeoutMs),
  });
  const sandbox = createSandboxClient(target);
  const database = new pg.Pool({ connectionString: target.database_url, max: 3 });
  try {
    const plan = drawUsagePlan(dose);
    await setStage(target, sandbox, plan.organizations);
    print(`the stage is set after ${Math.round((Date.now() - startMs) / 1_000)} s`);
    const { hear, counts: heard } = createHeard();
    const disturbance: Disturbance = { kills: { worker: 0, api: 0, relay: 0 }, struck: {}, active: 0 };
    let inFlight = 0;
    const clock = createPlanClock(() => inFlight > mostInFlight);
    const work = { total: dose.events, things: 'events', lengthMs: plan.lengthMs };
    const progress = createProgress(work, disturbance, clock, print);
    const change = (by: 1 | -1, events: number) => {
      inFlight += by;
      progress.ended(events);
    };
    const input = { target, plan, startMs: Date.now(), clock, onAnswer: hear, change };
    const [sent] = await Promise.all([
      sendAll(input),
      askForReports(target, clock, plan.lengthMs, hear),
      disturb(plan, stack, sandbox, clock, disturbance),
    ]).finally(() => (progress.stop(), clock.stop()));
    print('all sent, all faults over; waiting for the last report');
    const expected = expectedOf(plan);
    const events = expected.reported + expected.rejected;
    const restStartMs = Date.now();
    const reports = await finishReports(target, events, hear, print);
    const restMs = Date.now() - restStartMs;
    const books = await readUsageBooks({ target, database, plan, expected, reports, accepted: sent.accepted });
    const faults = [
      ...sent.faults,
      ...compareUsage(books),
      ...answerFaults(heard),
      ...(await workflowFaults(target, database, longestRestlessMs)),
    ];
    isClean = faults.length === 0;
    return {
      ...{ dose, faults, disturbance, heard, sent, events, restMs, reports: reports.length },
      ...{ reported: expected.reported, rejected: expected.rejected },
      seconds: Math.round((Date.now() - startMs) / 1_000),
      keptIn: isClean ? null : stateDir,
    };
  } finally {
    await database.end();
    await stack.stop();
    if (isClean) rmSync(stateDir, { recursive: true, force: true });
  }
}

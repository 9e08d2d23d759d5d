import { rmSync } from 'node:fs';
import pg from 'pg';
import { createSandboxClient } from '../../bench/clients/sandbox.ts';
import { startFaultStack } from '../support/fault-stack.ts';
import { answerFaults, createHeard, type Heard } from './answers.ts';
import { compareBooks, totalsOf } from './books.ts';
import { runBuyer, type Bought, type ShopInput } from './buyer.ts';
import { disturb, type Disturbance } from './disturb.ts';
import { keepHistories } from './keep-histories.ts';
import { drawPlan, type Dose, type FaultPlan } from './plan.ts';
import { createPlanClock, type PlanClock } from './plan-clock.ts';
import { createProgress } from './progress.ts';
import { readBooks, workflowFaults } from './read-books.ts';
import { awaitRest, longestRestlessMs, lookGaps, providerTimeoutMs, type Rest } from './rest.ts';
import { p99, unknownFaults, watchUnknowns } from './unknowns.ts';

export interface FaultsResult {
  readonly dose: Dose;
  readonly faults: readonly string[];
  readonly disturbance: Disturbance;
  readonly heard: Heard;
  readonly rest: Rest;
  /** How many things were unknown for a while, and how long 99 % of them at most. */
  readonly unknown: { readonly count: number; readonly p99Ms: number; readonly longestMs: number };
  readonly fellBack: number;
  readonly straysPaid: number;
  readonly refunded: number;
  /** By kind, provider and currency, in minor units. */
  readonly totals: Readonly<Record<string, number>>;
  readonly seconds: number;
  /** Where the logs and histories stayed; null when all went well. */
  readonly keptIn: string | null;
}

/** One run from an empty database to the verdict. The seed decides who buys what, what breaks and who dies. */
export async function runFaults(dose: Dose, print: (line: string) => void): Promise<FaultsResult> {
  const startMs = Date.now();
  let isClean = false;
  const { stack, target, stateDir } = await startFaultStack('faults', {
    ...{ CHECKOUT_LOOK_GAPS: lookGaps, PROVIDER_TIMEOUT_MS: String(providerTimeoutMs) },
  });
  const sandbox = createSandboxClient(target);
  const database = new pg.Pool({ connectionString: target.database_url, max: 3 });
  try {
    const plan = drawPlan(dose);
    const { hear, counts: heard } = createHeard();
    const disturbance: Disturbance = { kills: { worker: 0, api: 0, relay: 0 }, struck: {}, active: 0 };
    const shop: ShopInput = { target, sandbox, onAnswer: hear };
    let inFlight = 0;
    const clock = createPlanClock(() => inFlight > Math.max(12, dose.ratePerSecond * 6));
    const work = { total: dose.checkouts, things: 'checkouts', lengthMs: plan.lengthMs };
    const progress = createProgress(work, disturbance, clock, print);
    const change = (by: 1 | -1) => {
      inFlight += by;
      if (by < 0) progress.ended();
    };
    const watching = watchUnknowns(database);
    const [buyers] = await Promise.all([
      runBuyers({ plan, clock, shop, change, print }),
      disturb(plan, stack, sandbox, clock, disturbance),
    ]).finally(() => (progress.stop(), clock.stop()));
    print('all bought, all faults over; waiting until everything has come to rest');
    const left = (as: Bought['expected']) =>
      buyers.bought.flatMap((one) => (one.expected === as ? one.checkoutId : []));
    const rest = await awaitRest(database, { waiting: left('waiting'), paid: left('paid') }, print);
    const unknowns = await watching.stop();
    const books = await readBooks(database, sandbox, buyers.bought);
    const faults = [
      ...buyers.faults,
      ...rest.faults,
      ...compareBooks(books),
      ...answerFaults(heard),
      ...unknownFaults(unknowns),
      ...(await workflowFaults(target, database, longestRestlessMs)),
    ];
    isClean = faults.length === 0;
    await keepHistories(target, faults, stateDir);
    const lasted = unknowns.map(({ ms }) => ms ?? Number.POSITIVE_INFINITY);
    return {
      ...{ dose, faults, disturbance, heard, rest, totals: totalsOf(books.ledger) },
      unknown: { count: lasted.length, p99Ms: p99(lasted), longestMs: Math.max(0, ...lasted) },
      fellBack: books.checkouts.filter(({ fallback }) => fallback !== null).length,
      straysPaid: buyers.bought.filter(({ isStrayPaid }) => isStrayPaid).length,
      refunded: books.refunds.length,
      seconds: Math.round((Date.now() - startMs) / 1_000),
      keptIn: isClean ? null : stateDir,
    };
  } finally {
    await database.end();
    await stack.stop();
    if (isClean) rmSync(stateDir, { recursive: true, force: true });
  }
}

/** Everybody at their moment, whatever became of the others. */
async function runBuyers(input: {
  readonly plan: FaultPlan;
  readonly clock: Pick<PlanClock, 'until'>;
  readonly shop: ShopInput;
  /** One comes, one goes. */
  readonly change: (by: 1 | -1) => void;
  readonly print: (line: string) => void;
}) {
  const { plan, clock, shop, change, print } = input;
  const bought: Bought[] = [];
  const faults: string[] = [];
  await Promise.all(
    plan.buyers.map(async (buyer) => {
      await clock.until(buyer.afterMs);
      change(1);
      try {
        bought.push(await runBuyer(shop, buyer));
      } catch (error) {
        const fault = `${buyer.key} (${buyer.behaviour}): ${error instanceof Error ? error.message : String(error)}`;
        faults.push(fault);
        print(`✗ ${fault}`);
      }
      change(-1);
    }),
  );
  return { bought, faults };
}

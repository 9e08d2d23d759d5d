import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { markets } from '../../bench/clients/billing.ts';
import { createSandboxClient, type SandboxClient } from '../../bench/clients/sandbox.ts';
import { createRandom } from '../../bench/load/random.ts';
import { parseTarget, type Target } from '../../bench/stack/target.ts';
import { ANY_PORTS } from '../../src/local/stack-options.ts';
import { startStack } from '../../src/local/stack.ts';
import { runBuyer, type Buyer, type Plan } from './buyer.ts';
import { runKiller, victims, type Victim } from './killer.ts';
import { judge, type Verdict } from './verdict.ts';

export interface Dose {
  readonly checkouts: number;
  /** Of each of the four processes. */
  readonly kills: number;
  readonly roundSeconds: number;
  readonly seed: number;
  readonly print: (line: string) => void;
}

export interface ChaosResult extends Verdict {
  readonly dose: Omit<Dose, 'print'>;
  readonly kills: Readonly<Record<Victim, number>>;
  readonly retries: number;
  readonly plans: Readonly<Record<Plan, number>>;
  readonly seconds: number;
  /** Where the logs stayed; null when all went well. */
  readonly keptIn: string | null;
}

const restMs = 120_000;

/** One run from an empty database to the verdict. The seed decides who buys what and who dies when. */
export async function runChaos(dose: Dose): Promise<ChaosResult> {
  const startMs = Date.now();
  const stateDir = mkdtempSync(join(tmpdir(), 'plinto-chaos-'));
  const stack = await startStack({
    stateDir,
    ports: ANY_PORTS,
    ownServers: true,
    maxRestartDelayMs: 1_000,
    env: { CHECKOUT_LOOK_GAPS: '2s,4s,8s,15s,30s,30s,30s,30s', LOG_LEVEL: 'warn', RATE_LIMIT_PER_MINUTE: '1000000' },
  });
  let isClean = false;
  try {
    const target = parseTarget(stack.devFile());
    const sandbox = createSandboxClient(target);
    await disturb(sandbox, dose.seed);
    const kills: Record<Victim, number> = { api: 0, worker: 0, relay: 0, temporal: 0 };
    const tally = createTally(dose, kills);
    const random = createRandom(dose.seed);
    const roundMs = dose.roundSeconds * 1_000;
    const killing = runKiller({
      stack,
      ...dose,
      roundMs,
      random: createRandom(dose.seed + 1),
      onKill: (who) => void kills[who]++,
    });
    const buying = runBuyers({ target, sandbox, dose, random, tally });
    const [buyers] = await Promise.all([buying, killing]).finally(tally.stop);
    dose.print('all bought, all killed; waiting until everything has come to rest');
    const verdict = await judge({ target, sandbox, buyers: buyers.done, restMs });
    const faults = [...buyers.faults, ...verdict.faults];
    isClean = faults.length === 0;
    const { print: _print, ...plainDose } = dose;
    return {
      ...{ ...verdict, faults, dose: plainDose, kills, plans: buyers.plans },
      retries: buyers.done.reduce((sum, { retries }) => sum + retries, 0),
      seconds: Math.round((Date.now() - startMs) / 1_000),
      keptIn: isClean ? null : stateDir,
    };
  } finally {
    await stack.stop();
    if (isClean) rmSync(stateDir, { recursive: true, force: true });
  }
}

/** Duplicated and lost webhooks, and providers slow enough that a kill often lands inside a call. */
async function disturb(sandbox: SandboxClient, seed: number): Promise<void> {
  await sandbox.addFault({ provider: null, kind: 'webhook_duplicate', rate: 0.5, seed });
  await sandbox.addFault({ provider: null, kind: 'webhook_lost', rate: 0.1, seed: seed + 1 });
  await sandbox.addFault({ provider: null, kind: 'latency', latency_ms: 150, rate: 1, seed: seed + 2 });
}

interface BuyersInput {
  readonly target: Target;
  readonly sandbox: SandboxClient;
  readonly dose: Dose;
  readonly random: () => number;
  readonly tally: ReturnType<typeof createTally>;
}

/** Buyers arrive evenly over the time of the killing, each with a little hesitation. */
async function runBuyers({ target, sandbox, dose, random, tally }: BuyersInput) {
  const gapMs = (dose.roundSeconds * dose.kills * 1_000) / dose.checkouts;
  const faults: string[] = [];
  const done: Buyer[] = [];
  const plans: Record<Plan, number> = { pays: 0, 'pays at the second try': 0, 'walks away': 0 };
  const drawn = Array.from({ length: dose.checkouts }, (_, index) => ({
    index,
    plan: planOf(random()),
    afterMs: (index + random()) * gapMs,
    thinksMs: 200 + random() * 3_000,
    market: markets[index % markets.length],
  }));
  await Promise.all(
    drawn.map(async ({ index, plan, afterMs, thinksMs, market }) => {
      if (market === undefined) return;
      plans[plan] += 1;
      await sleep(afterMs);
      const key = `chaos-${dose.seed}-${index}`;
      // Few organizations, so that a customer is often made by two checkouts at once.
      const organizationId = `chaos_${market.country.toLowerCase()}_${index % 7}`;
      try {
        done.push(await runBuyer({ target, sandbox, market, plan, key, organizationId, thinksMs }));
      } catch (error) {
        faults.push(`buyer ${key} (${plan}): ${error instanceof Error ? error.message : String(error)}`);
      }
      tally.ended();
    }),
  );
  return { done, faults, plans };
}

function planOf(drawn: number): Plan {
  if (drawn < 0.8) return 'pays';
  return drawn < 0.9 ? 'pays at the second try' : 'walks away';
}

function createTally(dose: Dose, kills: Readonly<Record<Victim, number>>) {
  let count = 0;
  const startMs = Date.now();
  const timer = setInterval(() => {
    const dead = victims.map((victim) => `${victim} ${kills[victim]}`).join(', ');
    const seconds = Math.round((Date.now() - startMs) / 1_000);
    dose.print(`${seconds} s: ${count} of ${dose.checkouts} buyers done; killed ${dead}`);
  }, 5_000);
  return { ended: () => void count++, stop: () => clearInterval(timer) };
}

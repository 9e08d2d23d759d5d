import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { SandboxClient } from '../../bench/clients/sandbox.ts';
import type { Target } from '../../bench/stack/target.ts';
import type { Stack } from '../../src/local/stack.ts';
import { answerFaults, createHeard, type Heard } from '../faults/answers.ts';
import { createDisturbance, disturb, type Disturbance } from '../faults/disturb.ts';
import { onFaultStack, type Ran } from '../faults/on-fault-stack.ts';
import { createPlanClock } from '../faults/plan-clock.ts';
import { createProgress } from '../faults/progress.ts';
import { workflowFaults } from '../faults/read-books.ts';
import { longestRestlessMs, lookGaps } from '../faults/rest.ts';
import { gatherCrowd, storyFaults } from './crowd.ts';
import { openInbox } from './inbox.ts';
import { followedOf, isMovable } from './legacy.ts';
import {
  awaitMigrationRest,
  countStates,
  countUnderWay,
  createOperator,
  isDecided,
  settingsOf,
  type Operator,
} from './migrations.ts';
import { judge, keptCharges, type Followed } from './oracle.ts';
import { drawMigrationPlan, type MigrationDose, type MigrationFaultPlan } from './plan.ts';
import { compareProof } from './proof.ts';
import { createProviderApi, oldProvider, type ProviderApi } from './provider-api.ts';
import { repeatMigration, type Repeat } from './repeat.ts';
import { seedLegacy } from './seed-legacy.ts';

export interface MigrationFaultsResult extends Ran {
  readonly dose: MigrationDose;
  readonly faults: readonly string[];
  readonly disturbance: Disturbance;
  readonly heard: Heard;
  /** Subscriptions followed, by what had to become of them. */
  readonly fates: Readonly<Record<string, number>>;
  /** Items of the first migration by state, as our rows say; what is believed is the ledger. */
  readonly states: Readonly<Record<string, number>>;
  readonly repeats: readonly Repeat[];
  /** In the ledger, at the end. */
  readonly charges: number;
  readonly proofLines: number;
}

interface World {
  readonly stack: Stack;
  readonly target: Target;
  readonly sandbox: SandboxClient;
  readonly providers: ProviderApi;
  readonly database: pg.Pool;
  readonly operator: Operator;
  readonly print: (line: string) => void;
}

/** Beyond the plan's own length, for a slow machine. */
const patienceMs = 600_000;
/** With more customers under way the plan's clock slows down. */
const mostUnderWay = 8;
/** Everybody's next charge comes within it. */
const lookAhead = 'P40D';

/** One run from an empty database to the verdict. The seed decides who is there, what they do, what breaks and who dies. */
export async function runMigrationFaults(
  dose: MigrationDose,
  print: (line: string) => void,
): Promise<MigrationFaultsResult> {
  const env = { CHECKOUT_LOOK_GAPS: lookGaps };
  return onFaultStack({ name: 'migration-faults', env }, async ({ stack, target, sandbox, database }) => {
    const { hear, counts: heard } = createHeard();
    const disturbance = createDisturbance();
    const plan = drawMigrationPlan(dose);
    const providers = createProviderApi(target);
    const world: World = { stack, target, sandbox, providers, database, operator: createOperator(target, hear), print };
    const moved = await migrateUnderFaults(world, plan, dose, disturbance);
    const { migrationId, crowd, seededMs } = moved;
    const states = await countStates(database, migrationId);
    const repeats = [
      await repeatMigration(world, plan, migrationId, 'again'),
      await repeatMigration(world, plan, migrationId, 'and again'),
    ];
    const followed = plan.customers.flatMap((customer) =>
      followedOf(customer, crowd.stories.get(customer.organizationId)?.did ?? 'nothing', seededMs),
    );
    const verdict = await reachVerdict(world, followed, migrationId);
    await moved.close();
    const faults = [
      ...storyFaults(plan.customers, crowd, ({ kind }) => isMovable(kind)),
      ...moved.faults,
      ...repeats.flatMap((repeat) => repeat.faults),
      ...verdict.faults,
      ...answerFaults(heard),
    ];
    return {
      ...{ dose, faults, disturbance, heard, states, repeats, charges: verdict.charges, proofLines: verdict.lines },
      fates: countBy(followed.map(({ fate }) => fate)),
    };
  });
}

/** The migration itself: seeded, disturbed, acted upon, until nothing of it can move any more. */
async function migrateUnderFaults(
  world: World,
  plan: MigrationFaultPlan,
  dose: MigrationDose,
  disturbance: Disturbance,
) {
  const { target, stack, sandbox, database, operator, print } = world;
  const seededMs = Date.now();
  await seedLegacy(target, plan.customers, seededMs);
  const inbox = await openInbox(target);
  const crowd = gatherCrowd(plan, { inbox, ...world });
  print(`${dose.subscriptions} subscriptions are there after ${Math.round((Date.now() - seededMs) / 1_000)} s`);
  const { id: migrationId } = await operator.startMigration('the first', settingsOf(plan, dose.ratePerSecond));
  const counting = followProgress(database, migrationId);
  // Deaths and storms slow down with the system, so that a slow machine gets as many for each customer as a fast one.
  const clock = createPlanClock(() => counting.underWay() > Math.max(mostUnderWay, dose.ratePerSecond * 2));
  const work = { total: dose.subscriptions, things: 'subscriptions', lengthMs: plan.lengthMs };
  const progress = createProgress(work, disturbance, clock, print);
  counting.onDecided = progress.ended;
  await disturb(plan, stack, sandbox, clock, disturbance).finally(
    () => (progress.stop(), clock.stop(), counting.stop()),
  );
  print('all faults over; waiting until nothing moves any more');
  const restFaults = await awaitMigrationRest(database, migrationId, patienceMs, print);
  await crowd.settle();
  const faults = [
    ...restFaults,
    ...(await awaitMigrationRest(database, migrationId, patienceMs, print)).filter(
      (each) => !restFaults.includes(each),
    ),
    ...inbox.repeated.map((id) => `${id} was told twice as if for the first time`),
  ];
  return { migrationId, crowd, seededMs, faults, close: async () => inbox.close() };
}

interface Counting {
  onDecided: (count: number) => void;
  readonly underWay: () => number;
  readonly stop: () => void;
}

function followProgress(database: pg.Pool, migrationId: string): Counting {
  let known = 0;
  let underWay = 0;
  const look = async () => {
    const states = await countStates(database, migrationId);
    const done = Object.entries(states).reduce((sum, [state, count]) => sum + (isDecided(state) ? count : 0), 0);
    counting.onDecided(done - known);
    known = done;
    underWay = await countUnderWay(database, migrationId);
  };
  const timer = setInterval(() => void look().catch(() => undefined), 2_000);
  const counting: Counting = {
    onDecided: () => undefined,
    underWay: () => underWay,
    stop: () => clearInterval(timer),
  };
  return counting;
}

/** By the ledger as it is; the report against it; and by the ledger again when everybody's next charge has come. */
async function reachVerdict(
  { providers, operator, target, database, print }: World,
  followed: readonly Followed[],
  migrationId: string,
) {
  const running = await workflowFaults(target, database, longestRestlessMs);
  const now = await booksOf(providers, followed);
  const proof = await operator.proof(migrationId, 'the proof');
  const proofFaults = compareProof(proof, now.ledger, followed);
  print(
    `${now.ledger.length} lines in the ledger, ${proof.lines.length} in the report; the providers’ clock goes on by ${lookAhead}`,
  );
  await providers.advanceClock(lookAhead);
  await sleep(2_000);
  const later = await booksOf(providers, followed);
  const faults = [
    ...running,
    ...judge(now),
    ...proofFaults,
    ...judge(later).map((fault) => `${lookAhead} later: ${fault}`),
  ];
  return { faults, charges: keptCharges(later.ledger).length, lines: proof.lines.length };
}

async function booksOf(providers: ProviderApi, followed: readonly Followed[]) {
  // What is due this moment is collected by whoever asks next.
  const untilMs = (await providers.nowMs()) - 5_000;
  const subscriptions = await providers.subscriptions();
  return { oldProvider, followed, untilMs, subscriptions, ledger: await providers.ledger() };
}

function countBy(names: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries([...Map.groupBy(names, (name) => name)].map(([name, all]) => [name, all.length]));
}

import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Activities } from '../../src/activities/index.ts';
import type { MigrationProgress } from '../../src/activities/migration-row.ts';
import {
  isMigrationOver,
  type MigrationItemState,
  type MigrationStatus,
} from '../../src/domain/migration/migration.ts';
import {
  abortMigrationUpdate,
  migrationItemWaitsSignal,
  migrationQuery,
  pauseMigrationUpdate,
  resumeMigrationUpdate,
  whyQuery,
} from '../../src/workflows/messages.ts';
import type { migrate } from '../../src/workflows/migrate.ts';
import { migrationStart } from '../../src/workflows/start-options.ts';
import { startWorkflowWorld, type FakeActivities } from './support.ts';

let world: Awaited<ReturnType<typeof startWorkflowWorld>>;
beforeAll(async () => {
  world = await startWorkflowWorld();
});
afterAll(() => world?.end());

let count = 0;
const start = (id: string) =>
  world.env.client.workflow.start<typeof migrate>(
    'migrate',
    migrationStart({ id, projectId: 'p', live: false, fromProvider: 'acme' }),
  );

type Advance = Activities['advanceMigrationItem'];
type Step = Awaited<ReturnType<Advance>>;

/** A migration's rows in memory. What a customer's workflow does for an item is the test's to say. */
function aMigration(settings: {
  readonly customers: number;
  readonly concurrency?: number;
  readonly noticesPerMinute?: number;
  readonly dryRun?: boolean;
  readonly advance: (itemId: string, input: Parameters<Advance>[0], call: number) => Partial<Step>;
}) {
  const { concurrency = 2, noticesPerMinute = 1_000, dryRun = false } = settings;
  const id = `mig_${(count += 1)}`;
  const ids = Array.from({ length: settings.customers }, (_, index) => `mi_${String(index).padStart(4, '0')}`);
  const items = new Map<string, MigrationItemState>(ids.map((each) => [each, 'found']));
  const calls = new Map<string, number>();
  let status: MigrationStatus = 'requested';
  let startedAt: string | null = null;
  let version = 0;
  let pages = 2;
  const inState = (...states: readonly MigrationItemState[]) =>
    ids.filter((each) => states.includes(items.get(each) ?? 'found'));
  const page = (from: readonly string[], { after, limit }: { after: string | null; limit: number }) => ({
    items: from
      .filter((each) => after === null || each > after)
      .slice(0, limit)
      .map((each) => ({ id: each, organizationId: `org_${each}` })),
  });
  const progress = (): MigrationProgress => ({
    ...{
      status,
      version: (version += 1),
      dryRun,
      isOver: isMigrationOver({ status, dryRun }),
      concurrency,
      noticesPerMinute,
    },
    isPlanned: inState('found').length === 0,
    items: Object.fromEntries(
      [...Map.groupBy(items.values(), (each) => each)].map(([state, all]) => [state, all.length]),
    ),
  });
  const activities = {
    beginMigration: async () => (status === 'requested' && (status = 'inventory'), progress()),
    inventoryMigration: async () => ((pages -= 1), { found: settings.customers / 2, isDone: pages <= 0 }),
    planMigrationItems: async () => {
      const open = inState('found');
      for (const each of open) items.set(each, 'planned');
      if (open.length === 0) status = 'planned';
      return { decided: open.length, isDone: open.length === 0 };
    },
    startMigration: async () => {
      if (status === 'planned' && !dryRun) [status, startedAt] = ['running', new Date().toISOString()];
      return progress();
    },
    steerMigration: async ({ act }) => {
      const back = startedAt === null ? 'inventory' : 'running';
      status = act === 'abort' ? 'aborting' : act === 'pause' ? 'paused' : back;
      return progress();
    },
    nextMigrationItems: async (input) => page(inState('planned'), input),
    lookAtMigration: async ({ active }) => ({
      ...progress(),
      stillActive: active.filter((each) => inState('planned', 'moved', 'canceling').includes(each)),
    }),
    findLostMigrationItems: async () => ({ lost: [] }),
    itemsToLeadBack: async (input) => page(inState('notified', 'opened', 'moved'), input),
    keepUntold: async () => {
      for (const each of inState('found', 'planned')) items.set(each, 'kept');
    },
    finishMigration: async ({ failure }) => {
      if (isMigrationOver({ status, dryRun })) return progress();
      status = failure === null ? (status === 'aborting' ? 'aborted' : 'completed') : 'failed';
      return progress();
    },
    advanceMigrationItem: async (input) => {
      const { itemId } = input;
      const call = (calls.get(itemId) ?? 0) + 1;
      calls.set(itemId, call);
      const step: Step = {
        ...{ state: 'planned', did: 'wait', because: 'as the test says', isOver: false, isPastReturn: false },
        ...{ remindersSent: 0, asks: null, until: null, forCustomer: false },
        ...settings.advance(itemId, input, call),
      };
      items.set(itemId, step.state);
      return step;
    },
  } satisfies FakeActivities;
  return { id, activities, inState, started: () => calls.size };
}

const after = (now: string, seconds: number) => new Date(Date.parse(now) + seconds * 1_000).toISOString();
const kept = { state: 'kept', isOver: true } as const;

describe('a migration', () => {
  it('reads who is there, plans, and as a dry run starts nobody', async () => {
    const { id, activities, started } = aMigration({ customers: 4, dryRun: true, advance: () => kept });
    await world.withActivities(activities, async () => {
      const handle = await start(id);
      expect(await handle.result()).toEqual({ status: 'planned' });
      expect(started()).toBe(0);
      expect(await handle.query(migrationQuery)).toEqual({ status: 'planned', items: { planned: 4 }, active: 0 });
      expect(await handle.query(whyQuery)).toMatch(/asks the old provider[^]*4 subscriptions read[^]*\*\*planned\*\*/);
    });
  });

  it('works at no more customers side by side than it may, over several runs, until all are at their end', async () => {
    const active = new Set<string>();
    let most = 0;
    const { id, activities, inState } = aMigration({
      ...{ customers: 20, concurrency: 5 },
      // Ten seconds of work, then an hour of waiting for the customer.
      advance: (itemId, { now }, call) => {
        if (call === 1) active.add(itemId);
        if (call === 2) active.delete(itemId);
        most = Math.max(most, active.size);
        if (call === 1) return { until: after(now, 10) };
        return call === 2 ? { state: 'notified', until: after(now, 3_600), forCustomer: true } : kept;
      },
    });
    await world.withActivities(activities, async () => {
      const handle = await start(id);
      // A history as long as thousands of customers make it: the next run takes the window over.
      const news = Array.from({ length: 1_001 }, () => handle.signal(migrationItemWaitsSignal, { itemId: 'mi_none' }));
      await Promise.all(news);
      expect(await handle.result()).toEqual({ status: 'completed' });
      expect(most).toBe(5);
      expect(inState('kept')).toHaveLength(20);
      expect((await handle.describe()).runId).not.toBe(handle.firstExecutionRunId);
    });
  });

  it('tells no more customers in any minute than it may', async () => {
    const toldAtMs: number[] = [];
    const { id, activities } = aMigration({
      ...{ customers: 10, concurrency: 10, noticesPerMinute: 4 },
      advance: (_itemId, { now }) => {
        toldAtMs.push(Date.parse(now));
        return kept;
      },
    });
    await world.withActivities(activities, async () => {
      expect(await (await start(id)).result()).toEqual({ status: 'completed' });
      expect(toldAtMs).toHaveLength(10);
      const told = toldAtMs.toSorted((a, b) => a - b);
      // Two whole minutes lie between the first four and the last two; a second for the way from start to notice.
      for (const [index, atMs] of told.slice(4).entries()) expect(atMs - (told[index] ?? 0)).toBeGreaterThan(59_000);
    });
  });

  it('starts nobody while it is held, and goes on where it was', async () => {
    const { id, activities, started } = aMigration({
      customers: 6,
      advance: (_itemId, { now }, call) => (call === 1 ? { until: after(now, 10) } : kept),
    });
    const pausing: FakeActivities = {
      ...activities,
      async advanceMigrationItem(input) {
        if (started() === 1)
          await world.env.client.workflow.getHandle(`migration/${id}`).executeUpdate(pauseMigrationUpdate);
        return activities.advanceMigrationItem(input);
      },
    };
    await world.withActivities(pausing, async () => {
      const handle = await start(id);
      await world.env.sleep('2 hours');
      expect(started()).toBe(2);
      expect(await handle.query(migrationQuery)).toMatchObject({ status: 'paused', items: { kept: 2, planned: 4 } });
      await handle.executeUpdate(resumeMigrationUpdate);
      expect(await handle.result()).toEqual({ status: 'completed' });
      expect(started()).toBe(6);
    });
  });

  it('leads back who can be, tells nobody else and ends when the rest is at its end, once it is aborted', async () => {
    const { id, activities, inState, started } = aMigration({
      ...{ customers: 6, noticesPerMinute: 3 },
      advance: (itemId, { now, isWithdrawn }, call) => {
        // The first is past the point of no return and goes forward.
        if (itemId === 'mi_0000')
          return call === 1 ? { state: 'watching', until: after(now, 86_400) } : { state: 'done', isOver: true };
        return isWithdrawn ? { state: 'rolled_back', isOver: true } : { state: 'notified', forCustomer: true };
      },
    });
    await world.withActivities(activities, async () => {
      const handle = await start(id);
      await world.env.sleep('20 seconds');
      expect(started()).toBe(3);
      expect(await handle.executeUpdate(abortMigrationUpdate)).toMatchObject({ status: 'aborting' });
      expect(await handle.result()).toEqual({ status: 'aborted' });
      expect(inState('rolled_back')).toEqual(['mi_0001', 'mi_0002']);
      expect(inState('kept')).toEqual(['mi_0003', 'mi_0004', 'mi_0005']);
      expect(inState('done')).toEqual(['mi_0000']);
    });
  });

  it('ends with the reason where the old provider can never tell who is there', async () => {
    const { id, activities } = aMigration({ customers: 2, advance: () => kept });
    const mute: FakeActivities = {
      ...activities,
      inventoryMigration: async () => {
        throw ApplicationFailure.nonRetryable('acme cannot list', 'not_supported_by_provider');
      },
    };
    await world.withActivities(mute, async () => {
      const handle = await start(id);
      expect(await handle.result()).toEqual({ status: 'failed' });
      expect(await handle.query(whyQuery)).toMatch(/\*\*failed\*\*: not_supported_by_provider/);
    });
  });
});

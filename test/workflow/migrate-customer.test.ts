import { ApplicationFailure } from '@temporalio/common';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AdvanceMigrationItemInput } from '../../src/activities/advance-migration-item.ts';
import type { migrateCustomer } from '../../src/workflows/migrate-customer.ts';
import {
  migrationItemNewsSignal,
  migrationItemQuery,
  remindItemUpdate,
  rollBackItemUpdate,
  whyQuery,
} from '../../src/workflows/messages.ts';
import { migrationItemStart } from '../../src/workflows/start-options.ts';
import { Model } from '../unit/domain/migration/model.ts';
import { startWorkflowWorld, type FakeActivities } from './support.ts';

let world: Awaited<ReturnType<typeof startWorkflowWorld>>;
beforeAll(async () => {
  world = await startWorkflowWorld();
});
afterAll(() => world?.end());

const day = 86_400_000;
let count = 0;

function start() {
  count += 1;
  const { name, ...options } = migrationItemStart({
    ...{ id: `mi_${count}`, projectId: 'p', live: false, organizationId: 'org_1', migrationId: `mig_${count}` },
    fromProvider: 'acme',
  });
  return world.env.client.workflow.start<typeof migrateCustomer>(name, options);
}

interface Plot {
  /** Steps after whose commit the worker dies, before it is heard, counted from 0. */
  readonly cuts?: ReadonlySet<number>;
  /** The customer opens and pays so many days after the notice; absent: never. */
  readonly paysAfterDays?: number;
}

/** The model of both providers as the activities; the workflow's time is its clock. */
async function aCustomer({ cuts = new Set(), paysAfterDays }: Plot = {}) {
  const beganMs = await world.env.currentTimeMs();
  const model = new Model(beganMs, beganMs + 20 * day);
  const stopped: string[] = [];
  let steps = 0;
  const activities = {
    async advanceMigrationItem(input: AdvanceMigrationItemInput) {
      model.tick(Date.parse(input.now));
      const isTime = paysAfterDays !== undefined && model.nowMs >= beganMs + paysAfterDays * day;
      if (isTime && model.item.state === 'notified' && model.item.checkout === null) model.opens();
      else if (isTime && model.item.state === 'opened') model.pays();
      const isCut = cuts.has(steps);
      steps += 1;
      const done = model.advance(isCut ? 'after' : 'none', input);
      if (done === null) throw ApplicationFailure.retryable('the worker is gone', 'worker_died');
      return done;
    },
    async stopMigrationItem({ code }) {
      stopped.push(code);
      return { state: 'attention' as const };
    },
  } satisfies FakeActivities;
  return { model, activities, stopped, steps: () => steps };
}

describe("a customer's move", () => {
  it('goes its whole way over weeks, and is done', async () => {
    const { model, activities } = await aCustomer({ paysAfterDays: 4 });
    await world.withActivities(activities, async () => {
      const handle = await start();
      expect(await handle.result()).toEqual({ state: 'done' });
      expect(model.did.filter((kind) => kind !== 'wait')).toEqual([
        ...['notify', 'remind', 'open', 'align', 'move', 'commit', 'cancel', 'align', 'confirm', 'note_charge', 'end'],
      ]);
      expect(await handle.query(whyQuery)).toMatch(/\*\*notified\*\*[^]*\*\*canceling\*\*[^]*\*\*done\*\*/);
      expect(await handle.query(migrationItemQuery)).toMatchObject({ state: 'done' });
    });
  });

  it('cut after each of its steps ends the same', async () => {
    const smooth = await aCustomer({ paysAfterDays: 4 });
    await world.withActivities(smooth.activities, async () => void (await (await start()).result()));
    const all = new Set(Array.from({ length: smooth.steps() * 2 }, (_none, index) => index * 2));
    const rough = await aCustomer({ paysAfterDays: 4, cuts: all });
    await world.withActivities(rough.activities, async () => {
      expect(await (await start()).result()).toEqual({ state: 'done' });
    });
    expect(rough.model.cancels).toBe(1);
    expect(rough.model.judge()).toEqual({ overlaps: 0, gaps: 0 });
    const kinds = ({ ledger }: Model) => ledger.map(({ who }) => who);
    expect(kinds(rough.model)).toEqual(kinds(smooth.model));
  });

  it('is kept where its customer never acts', async () => {
    const { model, activities } = await aCustomer();
    await world.withActivities(activities, async () => {
      expect(await (await start()).result()).toEqual({ state: 'kept' });
    });
    expect(model.did.filter((kind) => kind === 'remind')).toHaveLength(2);
    expect(model.cancels).toBe(0);
  });

  it('goes back when an operator says so, and answers when it has', async () => {
    const { model, activities } = await aCustomer();
    await world.withActivities(activities, async () => {
      const handle = await start();
      expect(await handle.executeUpdate(rollBackItemUpdate)).toEqual({ state: 'rolled_back' });
      expect(await handle.result()).toEqual({ state: 'rolled_back' });
    });
    expect(model.cancels).toBe(0);
  });

  it('does not go back past the point of no return, and says why', async () => {
    const { model, activities } = await aCustomer();
    await world.withActivities(activities, async () => {
      const handle = await start();
      await handle.executeUpdate(remindItemUpdate);
      model.opens();
      model.pays();
      await handle.signal(migrationItemNewsSignal);
      for (let tries = 0; tries < 500 && model.item.state !== 'watching'; tries += 1)
        await handle.query(migrationItemQuery);
      expect(model.item.state).toBe('watching');
      const refused = await handle.executeUpdate(rollBackItemUpdate).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(WorkflowUpdateFailedError);
      expect(refused).toMatchObject({ cause: { type: 'migration_item_past_return' } });
      expect(await handle.result()).toEqual({ state: 'done' });
    });
  });

  it('tells its customer again at once where somebody wants it, and once', async () => {
    const { model, activities } = await aCustomer();
    await world.withActivities(activities, async () => {
      const handle = await start();
      expect(await handle.executeUpdate(remindItemUpdate)).toEqual({ state: 'notified' });
      expect(model.item.remindersSent).toBe(1);
      await handle.terminate();
    });
  });

  it('asks a person, once, when a step fails for good', async () => {
    const { activities, stopped } = await aCustomer();
    const advanceMigrationItem = async () => {
      throw ApplicationFailure.nonRetryable('no such price', 'price_unknown');
    };
    await world.withActivities({ ...activities, advanceMigrationItem }, async () => {
      expect(await (await start()).result()).toEqual({ state: 'attention' });
    });
    expect(stopped).toEqual(['price_unknown']);
  });

  it('waits for a provider that is away for days, and goes on', async () => {
    const { model, activities } = await aCustomer({ paysAfterDays: 4 });
    const beganMs = model.nowMs;
    const advanceMigrationItem = async (input: AdvanceMigrationItemInput) => {
      const at = Date.parse(input.now) - beganMs;
      model.isOldAway = at > 5 * day && at < 7 * day;
      return activities.advanceMigrationItem(input);
    };
    await world.withActivities({ ...activities, advanceMigrationItem }, async () => {
      expect(await (await start()).result()).toEqual({ state: 'done' });
    });
    expect(model.judge()).toEqual({ overlaps: 0, gaps: 0 });
  });
});

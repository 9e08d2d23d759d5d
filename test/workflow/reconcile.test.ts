import { ApplicationFailure } from '@temporalio/common';
import { WorkflowNotFoundError } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Activities } from '../../src/activities/index.ts';
import type { RunProgress } from '../../src/activities/begin-reconciliation.ts';
import type { FinishReconciliationInput } from '../../src/activities/finish-reconciliation.ts';
import type { Nudge, RowWorkflow } from '../../src/activities/row-workflow.ts';
import {
  cancelUpdate,
  lateFactWorkflowId,
  pauseUpdate,
  reconciliationQuery,
  refundWorkflowId,
  resumeUpdate,
  whyQuery,
} from '../../src/workflows/messages.ts';
import type { reconcile } from '../../src/workflows/reconcile.ts';
import type { reconcileAccounts } from '../../src/workflows/reconcile-accounts.ts';
import { reconciliationStart } from '../../src/workflows/start-options.ts';
import { billingQueue } from '../../src/workflows/messages.ts';
import { startWorkflowWorld, type FakeActivities } from './support.ts';

let world: Awaited<ReturnType<typeof startWorkflowWorld>>;
beforeAll(async () => {
  world = await startWorkflowWorld();
});
afterAll(() => world?.end());

let count = 0;
const aRun = () => ({ id: `rec_${(count += 1)}`, projectId: 'p', live: false, provider: 'acme' });
const start = (run = aRun()) =>
  world.env.client.workflow.start<typeof reconcile>('reconcile', reconciliationStart(run));

const begun: RunProgress = {
  ...{ status: 'running', phase: 'theirs', cursor: null, compared: 0 },
  ...{ restarted: 0, found: 0, repaired: 0, queued: 0 },
};

/** Two pages of theirs, one of ours, nothing lost, nothing to mend; what was asked of it in order. */
function aProvider(changes: Partial<RunProgress> = {}) {
  const asked: string[] = [];
  const finished: FinishReconciliationInput[] = [];
  const page = (cursor: string | null, compared = 1) => ({ cursor, compared, found: 0, waitMs: 0 });
  const activities = {
    beginReconciliation: async () => ({ ...begun, ...changes }),
    compareTheirs: async ({ cursor }) => (asked.push(`theirs ${cursor}`), page(cursor === null ? 'b' : null, 100)),
    compareOurs: async ({ cursor }) => (asked.push(`ours ${cursor}`), page(null, 10)),
    findLostWorkflows: async ({ cursor }) => (asked.push(`workflows ${cursor}`), { cursor: null, lost: [] }),
    noteRestarted: async ({ restarted }) => {
      for (const { kind, id } of restarted) asked.push(`restarted ${kind} ${id}`);
    },
    repairDifferences: async ({ looks }) => (
      asked.push(`repair ${looks}`),
      { cursor: null, repaired: 0, queued: 0, nudges: [] }
    ),
    pauseReconciliation: async ({ isPaused }) => (asked.push(isPaused ? 'held' : 'goes on'), { isPaused }),
    finishReconciliation: async (input) => (finished.push(input), { status: input.status }),
  } satisfies FakeActivities;
  return { asked, finished, activities };
}

const nothingLeft: Awaited<ReturnType<Activities['repairDifferences']>> = {
  cursor: null,
  repaired: 0,
  queued: 0,
  nudges: [],
};

const aNudge = (looks: number, mustRun: RowWorkflow | null = null): Nudge => ({
  fact: { id: `dif_${count}/${looks}`, type: 'reconciliation', kind: 'charge', objectId: 'ch_1' },
  target: {
    kind: 'checkout',
    id: `chk_${count}`,
    projectId: 'p',
    live: false,
    organizationId: 'o',
    provider: 'acme',
    country: null,
  },
  mustRun,
});

describe('a comparison', () => {
  it('compares theirs, then ours, looks for lost workflows, mends, and ends', async () => {
    const { asked, finished, activities } = aProvider();
    await world.withActivities(activities, async () => {
      const handle = await start();
      expect(await handle.result()).toEqual({ status: 'succeeded' });
      expect(asked).toEqual(['theirs null', 'theirs b', 'ours null', 'workflows null', 'repair 0']);
      expect(finished).toMatchObject([{ status: 'succeeded', failure: null }]);
      expect(await handle.query(reconciliationQuery)).toMatchObject({ phase: 'done', compared: 210, found: 0 });
      expect(await handle.query(whyQuery)).toMatch(/compares what changed at the provider[^]*\*\*succeeded\*\*/);
    });
  });

  it('goes on where its row says, whatever became of the workflow before', async () => {
    const { asked, activities } = aProvider({ phase: 'ours', cursor: 'x', compared: 200 });
    await world.withActivities(activities, async () => {
      const handle = await start();
      await handle.result();
      expect(asked).toEqual(['ours x', 'workflows null', 'repair 0']);
      expect(await handle.query(reconciliationQuery)).toMatchObject({ compared: 210 });
    });
  });

  it('does nothing about a run that is over', async () => {
    const { asked, activities } = aProvider({ status: 'canceled', phase: 'ours' });
    await world.withActivities(activities, async () => {
      expect(await (await start()).result()).toEqual({ status: 'canceled' });
      expect(asked).toEqual([]);
    });
  });

  it('waits as long as a page asks before the next', async () => {
    const { activities } = aProvider();
    const atMs: number[] = [];
    const compareOurs: Activities['compareOurs'] = async () => {
      atMs.push(await world.env.currentTimeMs());
      return { cursor: atMs.length === 1 ? 'again' : null, compared: 1, found: 0, waitMs: 120_000 };
    };
    await world.withActivities({ ...activities, compareOurs }, async () => {
      await (await start()).result();
      expect((atMs[1] ?? 0) - (atMs[0] ?? 0)).toBeGreaterThanOrEqual(120_000);
    });
  });

  it('waits for a provider that is away or asks to slow down, and compares each page once', async () => {
    const { asked, activities } = aProvider();
    let tries = 0;
    const compareTheirs: Activities['compareTheirs'] = async (input) => {
      tries += 1;
      if (tries === 1)
        throw ApplicationFailure.create({ type: 'provider_rate_limited', message: 'slow', nextRetryDelay: '40m' });
      if (tries === 2) throw ApplicationFailure.retryable('away', 'provider_unreachable');
      return activities.compareTheirs(input);
    };
    await world.withActivities({ ...activities, compareTheirs }, async () => {
      expect(await (await start()).result()).toEqual({ status: 'succeeded' });
      expect(asked.filter((line) => line.startsWith('theirs'))).toEqual(['theirs null', 'theirs b']);
    });
  });

  it('fails with the reason when the provider refuses, and when it is away for hours', async () => {
    for (const [failure, code] of [
      [
        ApplicationFailure.nonRetryable('no such key', 'provider_credentials_rejected'),
        'provider_credentials_rejected',
      ],
      [ApplicationFailure.retryable('away', 'provider_unreachable'), 'provider_unreachable'],
    ] as const) {
      const { finished, activities } = aProvider();
      const compareTheirs = () => Promise.reject(failure);
      await world.withActivities({ ...activities, compareTheirs }, async () => {
        expect(await (await start()).result()).toEqual({ status: 'failed' });
        expect(finished).toMatchObject([{ status: 'failed', failure: { code } }]);
      });
    }
  });

  it('goes on as a new run when its history is long', async () => {
    const { activities } = aProvider();
    const pages = 120;
    let done = 0;
    const compareTheirs: Activities['compareTheirs'] = async () => {
      done += 1;
      return { cursor: done < pages ? String(done) : null, compared: 1, found: 0, waitMs: 0 };
    };
    const beginReconciliation: Activities['beginReconciliation'] = async () => ({
      ...{ ...begun, compared: done, cursor: done === 0 ? null : String(done) },
    });
    await world.withActivities({ ...activities, compareTheirs, beginReconciliation }, async () => {
      const handle = await start();
      expect(await handle.result()).toEqual({ status: 'succeeded' });
      expect(done).toBe(pages);
      const last = await world.env.client.workflow.getHandle(handle.workflowId).describe();
      expect(last.runId).not.toBe(handle.firstExecutionRunId);
    });
  });
});

describe('an operator', () => {
  it('holds a comparison after the page in hand, and lets it go on', async () => {
    const { asked, activities } = aProvider();
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    let isAsked = false;
    const compareTheirs: Activities['compareTheirs'] = async (input) => {
      isAsked = true;
      await held;
      return activities.compareTheirs(input);
    };
    await world.withActivities({ ...activities, compareTheirs }, async () => {
      const handle = await start();
      await expect.poll(() => isAsked).toBe(true);
      expect(await handle.executeUpdate(pauseUpdate)).toMatchObject({ isPaused: true });
      release();
      await expect.poll(() => asked).toContain('theirs null');
      await world.env.sleep('2h');
      expect(asked).toEqual(['held', 'theirs null']);
      expect(await handle.executeUpdate(resumeUpdate)).toMatchObject({ isPaused: false });
      expect(await handle.result()).toEqual({ status: 'succeeded' });
      expect(asked).toContain('theirs b');
    });
  });

  it('cancels one that is held', async () => {
    const { finished, activities } = aProvider();
    await world.withActivities(activities, async () => {
      const handle = await start();
      await handle.executeUpdate(pauseUpdate);
      await handle.executeUpdate(cancelUpdate);
      expect(await handle.result()).toEqual({ status: 'canceled' });
      expect(finished).toHaveLength(1);
    });
  });
});

describe('mending', () => {
  it('has the workflow of what differs look, and looks again until it is mended', async () => {
    const { asked, activities } = aProvider();
    const heard: string[] = [];
    const settleCheckout: Activities['settleCheckout'] = async ({ checkoutId }) => {
      heard.push(checkoutId);
      return {
        status: 'paid',
        provider: 'acme',
        subscriptionId: null,
        endsAt: null,
        because: 'the provider says paid',
      };
    };
    const repairDifferences: Activities['repairDifferences'] = async ({ looks }) => {
      asked.push(`repair ${looks}`);
      return looks < 2 ? { ...nothingLeft, nudges: [aNudge(looks)] } : { ...nothingLeft, repaired: 1 };
    };
    await world.withActivities({ ...activities, repairDifferences, settleCheckout }, async () => {
      const handle = await start();
      expect(await handle.result()).toEqual({ status: 'succeeded' });
      expect(asked.slice(-3)).toEqual(['repair 0', 'repair 1', 'repair 2']);
      expect(await handle.query(reconciliationQuery)).toMatchObject({ repaired: 1 });
      // Its workflow had ended: each look was one of its own.
      for (const looks of [0, 1]) {
        const late = world.env.client.workflow.getHandle(lateFactWorkflowId(`dif_${count}/${looks}`));
        expect(await late.result()).toEqual({ status: 'paid' });
      }
      expect(heard).toEqual([`chk_${count}`, `chk_${count}`]);
    });
  });

  it('stops after the last look, which leaves nothing to wait for', async () => {
    const { asked, activities } = aProvider();
    const settleCheckout: Activities['settleCheckout'] = async () => ({
      ...{ status: 'paid', provider: 'acme', subscriptionId: null, endsAt: null, because: 'as before' },
    });
    const repairDifferences: Activities['repairDifferences'] = async ({ looks }) => {
      asked.push(`repair ${looks}`);
      return looks < 4 ? { ...nothingLeft, nudges: [aNudge(looks)] } : { ...nothingLeft, queued: 1 };
    };
    await world.withActivities({ ...activities, repairDifferences, settleCheckout }, async () => {
      const handle = await start();
      await handle.result();
      expect(asked.filter((line) => line.startsWith('repair'))).toHaveLength(5);
      expect(await handle.query(reconciliationQuery)).toMatchObject({ queued: 1, repaired: 0 });
    });
  });

  it('starts a lost workflow again from its row, and leaves one that runs alone', async () => {
    const { asked, activities } = aProvider();
    const row = { id: 're_lost', projectId: 'p', live: false, organizationId: 'o', provider: 'acme' };
    const lost: RowWorkflow = { kind: 'refund', row };
    let refunds = 0;
    let finish = () => {};
    const finished = new Promise<void>((resolve) => (finish = resolve));
    const refundPayment: Activities['refundPayment'] = async () => {
      refunds += 1;
      await finished;
      return { status: 'succeeded', because: 'it was sent' };
    };
    const findLostWorkflows: Activities['findLostWorkflows'] = async ({ cursor }) => ({
      ...{ cursor: cursor === null ? 'refund/re_lost' : null, lost: [lost] },
    });
    const again = world.env.client.workflow.getHandle(refundWorkflowId(row.id));
    await expect(again.describe()).rejects.toThrow(WorkflowNotFoundError);
    await world.withActivities({ ...activities, findLostWorkflows, refundPayment }, async () => {
      const handle = await start();
      expect(await handle.result()).toEqual({ status: 'succeeded' });
      expect(asked.filter((line) => line.startsWith('restarted'))).toEqual(['restarted refund re_lost']);
      expect(await handle.query(reconciliationQuery)).toMatchObject({ restarted: 1 });
      finish();
      expect(await again.result()).toEqual({ status: 'succeeded' });
      expect(refunds).toBe(1);
    });
  });
});

describe('the schedule', () => {
  it('begins a comparison of every account, which goes on without it', async () => {
    const { finished, activities } = aProvider();
    const runs = [aRun(), aRun()];
    await world.withActivities({ ...activities, requestReconciliations: async () => ({ runs }) }, async () => {
      const handle = await world.env.client.workflow.start<typeof reconcileAccounts>('reconcileAccounts', {
        ...{ workflowId: `schedule/${count}`, taskQueue: billingQueue, args: [{ provider: 'acme' }] },
      });
      expect(await handle.result()).toEqual({ begun: 2 });
      for (const { id } of runs) await world.env.client.workflow.getHandle(`reconciliation/${id}`).result();
      expect(finished.map(({ runId }) => runId).toSorted()).toEqual(runs.map(({ id }) => id));
    });
  });
});

// Last: an activity that outlives its workflow keeps the test server from skipping time (temporalio/sdk-java#1138).
describe('an operator in a hurry', () => {
  it('cancels it at once, though the provider hangs', async () => {
    const { asked, finished, activities } = aProvider();
    let release = () => {};
    const hangs = new Promise<void>((resolve) => (release = resolve));
    let isAsked = false;
    const compareTheirs: Activities['compareTheirs'] = async (input) => {
      isAsked = true;
      await hangs;
      return activities.compareTheirs(input);
    };
    await world.withActivities({ ...activities, compareTheirs }, async () => {
      const handle = await start();
      await expect.poll(() => isAsked).toBe(true);
      expect(await handle.executeUpdate(cancelUpdate)).toMatchObject({ status: 'canceled' });
      expect(await handle.result()).toEqual({ status: 'canceled' });
      release();
      expect(finished).toMatchObject([{ status: 'canceled', failure: null }]);
      expect(asked).not.toContain('ours null');
    });
  });
});

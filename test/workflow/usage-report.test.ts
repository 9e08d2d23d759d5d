import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProviderProgress, UsageReportProgress } from '../../src/activities/begin-usage-report.ts';
import type { FinishUsageReportInput } from '../../src/activities/finish-usage-report.ts';
import type { Activities } from '../../src/activities/index.ts';
import { billingQueue, usageReportQuery, usageReportWorkflowId, whyQuery } from '../../src/workflows/messages.ts';
import type { noteRefusedUsage } from '../../src/workflows/note-refused-usage.ts';
import type { reportUsage } from '../../src/workflows/report-usage.ts';
import { refusedUsageStart, usageReportStart } from '../../src/workflows/start-options.ts';
import type { usageReport } from '../../src/workflows/usage-report.ts';
import { startWorkflowWorld, type FakeActivities } from './support.ts';

let world: Awaited<ReturnType<typeof startWorkflowWorld>>;
beforeAll(async () => {
  world = await startWorkflowWorld();
});
afterAll(() => world?.end());

let count = 0;
const aReport = () => ({ id: `ur_${(count += 1)}`, projectId: 'p', live: false });
const start = (report = aReport()) =>
  world.env.client.workflow.start<typeof usageReport>('usageReport', usageReportStart(report));

const acme: ProviderProgress = { provider: 'acme', items: 2, reported: 2, rejected: 0, pending: 0 };
const begun: UsageReportProgress = {
  ...{ status: 'running', phase: 'collect', providers: [] },
  counts: { received: 0, reported: 0, rejected: 0, pending: 0 },
};
const nothing = { moved: 0, reported: 0, rejected: 0 };

/** Two stretches, two batches at `acme`, nothing differs; what was asked of it in order. */
function aProject(changes: Partial<UsageReportProgress> = {}, providers: readonly string[] = ['acme']) {
  const asked: string[] = [];
  const finished: FinishUsageReportInput[] = [];
  const open = new Map(providers.map((provider) => [provider, 2]));
  const counts = { received: 8, reported: 7, rejected: 1, pending: 0 };
  let stretches = 0;
  const activities = {
    beginUsageReport: async () => ({ ...begun, ...changes }),
    collectUsage: async () => (
      (stretches += 1),
      asked.push(`collect ${stretches}`),
      { received: 4 * Math.min(stretches, 2), isDone: stretches > 2 }
    ),
    assignUsage: async () => (asked.push('assign'), { providers }),
    readUsageReport: async () => ({
      ...{ ...begun, phase: 'send' as const, counts },
      providers: providers.map((provider) => ({ ...acme, provider })),
    }),
    sendUsage: async ({ provider, cursor }) => {
      asked.push(`send ${provider} ${cursor}`);
      const left = open.get(provider) ?? 0;
      open.set(provider, Math.max(0, left - 1));
      if (left === 0) return { ...nothing, cursor: null };
      return { moved: 1, reported: 1, rejected: 0, cursor: left === 2 ? 'a' : null };
    },
    enterUsageComparison: async () => void asked.push('enter comparison'),
    compareUsage: async ({ provider, cursor, isAgain }) => (
      asked.push(`compare ${provider} ${cursor?.join('/') ?? null}${isAgain ? ' again' : ''}`),
      { cursor: null, compared: 2, differ: 0 }
    ),
    finishUsageReport: async (input) => (
      finished.push(input),
      { status: input.failure === null ? ('succeeded' as const) : ('failed' as const), counts }
    ),
  } satisfies FakeActivities;
  return { asked, finished, activities };
}

describe('a report of usage', () => {
  it('collects, decides who is told, tells them until nothing moves, compares, and ends', async () => {
    const { asked, finished, activities } = aProject();
    await world.withActivities(activities, async () => {
      const handle = await start();
      expect(await handle.result()).toEqual({ status: 'succeeded' });
      expect(asked).toEqual([
        ...['collect 1', 'collect 2', 'collect 3', 'assign'],
        ...['send acme null', 'send acme a', 'send acme null', 'enter comparison', 'compare acme null'],
      ]);
      expect(finished).toMatchObject([{ failure: null }]);
      expect(await handle.query(usageReportQuery)).toEqual({
        ...{ status: 'succeeded', phase: 'done', received: 8, reported: 7, rejected: 1, pending: 0 },
      });
      expect(await handle.query(whyQuery)).toMatch(/collects events[^]*tells the providers[^]*\*\*succeeded\*\*/);
    });
  });

  it.each([
    ['send', ['assign', 'send acme null', 'send acme a', 'send acme null', 'enter comparison', 'compare acme null']],
    ['compare', ['compare acme null']],
  ] as const)('goes on with %s where its row says so', async (phase, expected) => {
    const { asked, activities } = aProject({ phase });
    await world.withActivities(activities, async () => {
      expect(await (await start()).result()).toEqual({ status: 'succeeded' });
      expect(asked).toEqual(expected);
    });
  });

  it('does nothing about one that is over', async () => {
    const { asked, activities } = aProject({ status: 'succeeded', phase: 'done' });
    await world.withActivities(activities, async () => {
      expect(await (await start()).result()).toEqual({ status: 'succeeded' });
      expect(asked).toEqual([]);
    });
  });

  it('waits for a provider that is away, and leaves it to the next report when that lasts for hours', async () => {
    const { finished, activities } = aProject({ phase: 'send' }, ['acme', 'gone']);
    const away = { tries: 0, compared: 0 };
    const sendUsage: Activities['sendUsage'] = async (input) => {
      if (input.provider !== 'gone') return activities.sendUsage(input);
      away.tries += 1;
      throw ApplicationFailure.retryable('away', 'provider_unreachable');
    };
    const compareUsage: Activities['compareUsage'] = async (input) => {
      if (input.provider === 'gone') away.compared += 1;
      return activities.compareUsage(input);
    };
    const fakes = { ...activities, sendUsage, compareUsage };
    await world.withActivities(fakes, () =>
      world.withQueue('gone', fakes, async () => {
        const handle = await start();
        expect(await handle.result()).toEqual({ status: 'failed' });
        const { startTime, closeTime } = await handle.describe();
        expect(Number(closeTime) - Number(startTime)).toBeLessThan(2 * 3_600_000);
        expect(away.tries).toBeGreaterThan(10);
        expect(away.compared).toBe(0);
        expect(finished).toMatchObject([{ failure: { code: 'provider_unreachable' } }]);
        expect(await handle.query(whyQuery)).toMatch(/gone is left for the next report[^]*they counted/);
      }),
    );
  });

  it('does not wait for keys that went away', async () => {
    const { finished, activities } = aProject({ phase: 'send' });
    let tries = 0;
    const sendUsage: Activities['sendUsage'] = async () => {
      tries += 1;
      throw ApplicationFailure.retryable('no keys', 'provider_not_configured');
    };
    await world.withActivities({ ...activities, sendUsage }, async () => {
      expect(await (await start()).result()).toEqual({ status: 'failed' });
      expect(tries).toBe(1);
      expect(finished).toMatchObject([{ failure: { code: 'provider_not_configured' } }]);
    });
  });

  it('looks again at what differs, and ends though it still does', async () => {
    const { asked, finished, activities } = aProject({ phase: 'compare' });
    const compareUsage: Activities['compareUsage'] = async (input) => ({
      ...{ ...(await activities.compareUsage(input)), differ: 1 },
    });
    await world.withActivities({ ...activities, compareUsage }, async () => {
      await (await start()).result();
      expect(asked).toEqual(['compare acme null', ...Array.from({ length: 3 }, () => 'compare acme null again')]);
      expect(finished).toMatchObject([{ failure: null }]);
    });
  });

  it('goes on as a new run when its history is long, and knows whom it has left', async () => {
    const { finished, activities } = aProject({ phase: 'send' }, ['acme', 'gone']);
    const batches = 180;
    let done = 0;
    let gone = 0;
    const sendUsage: Activities['sendUsage'] = async ({ provider }) => {
      if (provider === 'gone') {
        gone += 1;
        throw ApplicationFailure.nonRetryable('no', 'provider_credentials_rejected');
      }
      done += 1;
      return done <= batches ? { moved: 1, reported: 1, rejected: 0, cursor: 'a' } : { ...nothing, cursor: null };
    };
    const fakes = { ...activities, sendUsage };
    await world.withActivities(fakes, () =>
      world.withQueue('gone', fakes, async () => {
        const handle = await start();
        expect(await handle.result()).toEqual({ status: 'failed' });
        expect([done, gone]).toEqual([batches + 2, 1]);
        expect(finished).toMatchObject([{ failure: { code: 'provider_credentials_rejected' } }]);
        const last = await world.env.client.workflow.getHandle(handle.workflowId).describe();
        expect(last.runId).not.toBe(handle.firstExecutionRunId);
      }),
    );
  });
});

describe('around it', () => {
  it('begins what is due by the clock, which goes on without it', async () => {
    const { finished, activities } = aProject({ phase: 'compare' });
    const reports = [aReport(), aReport()];
    await world.withActivities({ ...activities, requestUsageReports: async () => ({ reports }) }, async () => {
      const handle = await world.env.client.workflow.start<typeof reportUsage>('reportUsage', {
        ...{ workflowId: `schedule/${count}`, taskQueue: billingQueue, args: [] },
      });
      expect(await handle.result()).toEqual({ begun: 2 });
      for (const { id } of reports) await world.env.client.workflow.getHandle(usageReportWorkflowId(id)).result();
      expect(new Set(finished.map(({ reportId }) => reportId))).toEqual(new Set(reports.map(({ id }) => id)));
    });
  });

  it('reads a notice of refused usage until the provider tells', async () => {
    let tries = 0;
    const activities = {
      noteRefusedUsage: async ({ noticeId }) => {
        tries += 1;
        if (tries < 3) throw ApplicationFailure.retryable('away', 'provider_unreachable');
        return { named: noticeId.length, rejected: 2 };
      },
    } satisfies FakeActivities;
    await world.withActivities(activities, async () => {
      const input = { projectId: 'p', live: false, provider: 'acme', noticeId: 'evt_1' };
      const handle = await world.env.client.workflow.start<typeof noteRefusedUsage>(
        'noteRefusedUsage',
        refusedUsageStart(input, `evt_${count}`),
      );
      expect(await handle.result()).toEqual({ rejected: 2 });
      expect(tries).toBe(3);
    });
  });
});

import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { eraseCustomerData, exportCustomerData } from '../../src/workflows/customer-data.ts';
import { whyQuery } from '../../src/workflows/messages.ts';
import { customerDataStart } from '../../src/workflows/start-options.ts';
import { startWorkflowWorld, type FakeActivities } from './support.ts';

let world: Awaited<ReturnType<typeof startWorkflowWorld>>;
beforeAll(async () => {
  world = await startWorkflowWorld();
});
afterAll(() => world?.end());

let count = 0;
function aJob(kind: 'export' | 'erasure') {
  count += 1;
  return customerDataStart({ id: `job_${count}`, projectId: 'default', live: false, organizationId: 'org_1', kind });
}

/** Runs a job to its end with these activities, and tells what was called, in order. */
async function runJob(kind: 'export' | 'erasure', fakes: (calls: string[]) => FakeActivities) {
  const calls: string[] = [];
  const told: FakeActivities = {
    failCustomerDataJob: async ({ code }) => void calls.push(`fail ${code}`),
    finishExport: async () => void calls.push('finish'),
    finishErasure: async () => void calls.push('finish'),
    skipProviderExport: async ({ provider, code }) => void calls.push(`skip ${provider} ${code}`),
    ...fakes(calls),
  };
  let why = '';
  await world.withActivities(told, async () => {
    const { name, ...start } = aJob(kind);
    const handle = await world.env.client.workflow.start<typeof exportCustomerData | typeof eraseCustomerData>(
      name,
      start,
    );
    await handle.result();
    why = await handle.query(whyQuery);
  });
  return { calls, why };
}

const away = () => ApplicationFailure.retryable('away', 'provider_unreachable');

describe('an export', () => {
  it('asks every provider, then puts it together', async () => {
    const { calls, why } = await runJob('export', (calls) => ({
      listCustomerProviders: async () => ['acme'],
      exportFromProvider: async ({ provider }) => void calls.push(`ask ${provider}`),
    }));
    expect(calls).toEqual(['ask acme', 'finish']);
    expect(why).toContain('acme answered');
  });

  it('asks a provider that is away again until it answers', async () => {
    let tries = 0;
    const { calls } = await runJob('export', (calls) => ({
      listCustomerProviders: async () => ['acme'],
      exportFromProvider: async () => {
        tries += 1;
        if (tries < 5) throw away();
        calls.push('answered');
      },
    }));
    expect(tries).toBe(5);
    expect(calls).toEqual(['answered', 'finish']);
  });

  it('goes out without one that stays away, and says so', async () => {
    const { calls, why } = await runJob('export', () => ({
      listCustomerProviders: async () => ['acme'],
      exportFromProvider: async () => {
        throw away();
      },
    }));
    expect(calls).toEqual(['skip acme provider_unreachable', 'finish']);
    expect(why).toContain('acme left out');
  });

  it('does not let one that is away stop another', async () => {
    const asked: string[] = [];
    const other = { exportFromProvider: async ({ provider }: { provider: string }) => void asked.push(provider) };
    await world.withQueue('other', other, () =>
      runJob('export', () => ({
        listCustomerProviders: async () => ['acme', 'other'],
        exportFromProvider: async () => {
          throw ApplicationFailure.nonRetryable('no', 'provider_rejected');
        },
      })).then(({ calls }) => expect(calls).toEqual(['skip acme provider_rejected', 'finish'])),
    );
    expect(asked).toEqual(['other']);
  });

  it('that cannot be finished fails its job', async () => {
    const { calls } = await runJob('export', () => ({
      listCustomerProviders: async () => [],
      finishExport: async () => {
        throw ApplicationFailure.nonRetryable('no such job', 'job_not_found');
      },
    }));
    expect(calls).toEqual(['fail job_not_found']);
  });
});

describe('an erasure', () => {
  const ended = { liveSubscriptionIds: [], providers: ['acme'] };

  it('erases at the providers before our own tables', async () => {
    const { calls } = await runJob('erasure', (calls) => ({
      prepareErasure: async () => ended,
      eraseAtProvider: async ({ provider }) => void calls.push(`erase ${provider}`),
    }));
    expect(calls).toEqual(['erase acme', 'finish']);
  });

  it('waits until the subscriptions have ended', async () => {
    let looks = 0;
    const { calls, why } = await runJob('erasure', (calls) => ({
      prepareErasure: async () => {
        looks += 1;
        return looks < 4 ? { ...ended, liveSubscriptionIds: ['sub_1'] } : ended;
      },
      eraseAtProvider: async () => void calls.push(`erased after ${looks} looks`),
    }));
    expect(calls).toEqual(['erased after 4 looks', 'finish']);
    expect(why).toContain('waits for the end of sub_1');
  });

  it('gives up on subscriptions that do not end, and erases nothing', async () => {
    const { calls } = await runJob('erasure', (calls) => ({
      prepareErasure: async () => ({ ...ended, liveSubscriptionIds: ['sub_1'] }),
      eraseAtProvider: async () => void calls.push('erased'),
    }));
    expect(calls).toEqual(['fail subscription_live']);
  });

  it('goes on after a provider was down', async () => {
    let tries = 0;
    const { calls } = await runJob('erasure', () => ({
      prepareErasure: async () => ended,
      eraseAtProvider: async () => {
        tries += 1;
        if (tries < 10) throw away();
      },
    }));
    expect([tries, calls]).toEqual([10, ['finish']]);
  });

  it('leaves our tables alone where a provider refuses, and says why', async () => {
    const { calls } = await runJob('erasure', () => ({
      prepareErasure: async () => ended,
      eraseAtProvider: async () => {
        throw ApplicationFailure.nonRetryable('no', 'provider_rejected');
      },
    }));
    expect(calls).toEqual(['fail provider_rejected']);
  });
});

import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { archiveMigration } from '../../src/workflows/archive-migration.ts';
import { whyQuery } from '../../src/workflows/messages.ts';
import type { proveMigration } from '../../src/workflows/prove-migration.ts';
import { migrationArchiveStart, migrationProofStart } from '../../src/workflows/start-options.ts';
import { startWorkflowWorld, type FakeActivities } from './support.ts';

let world: Awaited<ReturnType<typeof startWorkflowWorld>>;
beforeAll(async () => {
  world = await startWorkflowWorld();
});
afterAll(() => world?.end());

let count = 0;
const aRow = (prefix: string) => ({
  id: `${prefix}_${(count += 1)}`,
  projectId: 'p',
  live: false,
  fromProvider: 'acme',
});

/** Three pages after the one that is done, and what was asked in order. */
function aWorld(changes: FakeActivities = {}) {
  const asked: string[] = [];
  const activities = {
    beginProof: async () => ({ status: 'running', cursor: 'b', done: 50, total: 170 }),
    provePage: async ({ cursor, isLast }) => {
      asked.push(`${cursor}${isLast ? ' at last' : ''}`);
      return { cursor: { b: 'c', c: 'd' }[cursor ?? ''] ?? null, done: 40 };
    },
    finishProof: async () => (asked.push('signed'), { isClean: true }),
    failProof: async ({ code }) => (asked.push(`failed ${code}`), { status: 'failed' }),
    archiveAccount: async () => ({ users: 2, payments: 3 }),
    failArchive: async ({ code }) => void asked.push(`failed ${code}`),
    ...changes,
  } satisfies FakeActivities;
  return { asked, activities };
}

async function prove(activities: FakeActivities) {
  return world.withActivities(activities, async () => {
    const { name: _, ...start } = migrationProofStart(aRow('prf'));
    const handle = await world.env.client.workflow.start<typeof proveMigration>('proveMigration', start);
    return { result: await handle.result(), why: await handle.query(whyQuery) };
  });
}

describe('a proof', () => {
  it('goes on where it was, page by page, and is signed at the end', async () => {
    const { asked, activities } = aWorld();
    expect(await prove(activities)).toEqual({
      result: { status: 'succeeded' },
      why: 'signed: no gap, no overlap; 170 of 170 subscriptions',
    });
    expect(asked).toEqual(['b', 'c', 'd', 'signed']);
  });

  it('asks for a page again and again, then once more with leave to say what could not be read', async () => {
    const { asked, activities } = aWorld();
    const provePage: typeof activities.provePage = async (page) => {
      const done = await activities.provePage(page);
      if (page.cursor === 'c' && !page.isLast) throw ApplicationFailure.retryable('away', 'provider_error');
      return done;
    };
    expect((await prove({ ...activities, provePage })).result).toEqual({ status: 'succeeded' });
    expect(asked).toEqual(['b', 'c', 'c', 'c', 'c', 'c', 'c', 'c at last', 'd', 'signed']);
  });

  it('that nobody can sign says why', async () => {
    const { asked, activities } = aWorld({
      finishProof: async () => {
        throw ApplicationFailure.nonRetryable('no key', 'encryption_not_configured');
      },
    });
    expect((await prove(activities)).result).toEqual({ status: 'failed' });
    expect(asked.at(-1)).toBe('failed encryption_not_configured');
  });

  it('that is finished asks nobody', async () => {
    const { asked, activities } = aWorld({
      beginProof: async () => ({ status: 'succeeded', cursor: 'd', done: 170, total: 170 }),
    });
    expect((await prove(activities)).result).toEqual({ status: 'succeeded' });
    expect(asked).toEqual([]);
  });
});

describe('an archive', () => {
  const archive = (activities: FakeActivities) =>
    world.withActivities(activities, async () => {
      const { name: _, ...start } = migrationArchiveStart(aRow('arc'));
      const handle = await world.env.client.workflow.start<typeof archiveMigration>('archiveMigration', start);
      return { result: await handle.result(), why: await handle.query(whyQuery) };
    });

  it('tells what is in it by counts alone', async () => {
    expect(await archive(aWorld().activities)).toEqual({
      result: { status: 'succeeded' },
      why: '2 users, 3 payments',
    });
  });

  it('that cannot be made says so in its row', async () => {
    const { asked, activities } = aWorld({
      archiveAccount: async () => {
        throw ApplicationFailure.nonRetryable('cannot', 'not_supported_by_provider');
      },
    });
    expect((await archive(activities)).result).toEqual({ status: 'failed' });
    expect(asked).toEqual(['failed not_supported_by_provider']);
  });
});

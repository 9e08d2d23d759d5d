import type { MikroORM } from '@mikro-orm/postgresql';
import type { Client } from '@temporalio/client';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ActivityDeps } from '../../../src/activities/deps.ts';
import { createRequestUsageReports } from '../../../src/activities/request-usage-reports.ts';
import { openOrm } from '../../../src/db/orm.ts';
import { listDueReports } from '../../../src/db/queries/usage-collect.ts';
import { sweepUsageReports } from '../../../src/worker/relay/sweep-usage-reports.ts';
import { healthy } from '../../support/healthy.ts';
import { createDatabase, type TestDatabase } from '../../support/servers/postgres.ts';
import { fakeProviders } from '../api/fake-providers.ts';

let database: TestDatabase;
let orm: MikroORM;
beforeAll(async () => {
  database = await createDatabase();
  orm = await openOrm(database.url, { poolSize: 4 });
});
afterAll(async () => {
  await orm?.close();
  await database.drop();
});

const run = async (sql: string, params: readonly unknown[] = []) =>
  void (await orm.em.fork().execute(sql, [...params], 'run'));

describe('a report of usage', () => {
  const dueOf = async (projectId: string) =>
    (await listDueReports(orm.em.fork())).filter((each) => each.projectId === projectId);
  const project = async (id: string, minutes: number) => {
    await run(
      `insert into projects (id, name, default_currency, routing_policy, usage_report_minutes) values (?, 'Q', 'USD', 'x', ?)`,
      [id, minutes],
    );
    await run(`insert into organizations (project_id, live, id) values (?, true, 'org_1')`, [id]);
  };
  const happens = async (projectId: string) => {
    await run(
      `insert into usage_events (event_key, project_id, live, organization_id, event_id, event_name, quantity, occurred_at)
       values (gen_random_uuid(), ?, true, 'org_1', 'e', 'x', 1, now())`,
      [projectId],
    );
    await settled();
  };
  const finished = (projectId: string, status: string, ago: string) =>
    run(
      `update usage_reports set status = ?, to_xid = pg_snapshot_xmin(pg_current_snapshot()), finished_at = now(),
         started_at = now() - ?::interval where project_id = ?`,
      [status, ago, projectId],
    );

  it('is due where something happened, not more often than the project wants', async () => {
    await project('q', 120);
    expect(await dueOf('q')).toEqual([]);
    await happens('q');
    expect(await dueOf('q')).toEqual([{ projectId: 'q', live: true }]);
    const requested = await createRequestUsageReports(deps())({});
    expect(requested.reports.filter(({ projectId }) => projectId === 'q')).toHaveLength(1);
    expect(await dueOf('q')).toEqual([]);
    await finished('q', 'succeeded', '90 minutes');
    await happens('q');
    expect(await dueOf('q')).toEqual([]);
    await finished('q', 'failed', '90 minutes');
    expect(await dueOf('q')).toEqual([]);
    await happens('q');
    expect(await dueOf('q')).toHaveLength(1);
    await finished('q', 'succeeded', '119 minutes');
    await happens('q');
    expect(await dueOf('q')).toHaveLength(1);
  });

  it('that nobody began, or whose workflow was lost, is started again', async () => {
    await project('r', 60);
    for (const [id, status, ago] of [
      ['ur_forgotten', 'requested', '1 minute'],
      ['ur_new', 'succeeded', '1 minute'],
    ])
      await run(
        `insert into usage_reports (id, project_id, live, cause, actor, status, phase, updated_at)
         values (?, 'r', true, 'request', 'a', ?, 'collect', now() - ?::interval)`,
        [id, status, ago],
      );
    const started: string[] = [];
    const sweep = async () => {
      started.length = 0;
      const start = async (name: string, { workflowId }: { workflowId: string }) =>
        void started.push(`${name} ${workflowId}`);
      const temporal = { workflow: { start } } as unknown as Client;
      await sweepUsageReports({ em: () => orm.em.fork(), temporal, logger: pino({ level: 'silent' }) });
      return started.filter((each) => each.includes('ur_forgotten') || each.includes('ur_new'));
    };
    expect(await sweep()).toEqual(['usageReport usage-report/ur_forgotten']);
    await run(`update usage_reports set status = 'running' where id = 'ur_forgotten'`);
    expect(await sweep()).toEqual([]);
    await run(`update usage_reports set updated_at = now() - interval '1 hour' where id = 'ur_forgotten'`);
    expect(await sweep()).toEqual(['usageReport usage-report/ur_forgotten']);
  });
});

const deps = (): ActivityDeps => ({
  ...{ orm, providers: fakeProviders(), background: fakeProviders(), health: healthy, keyRing: null },
  ...{ lookGapsMs: [], maxCallsInFlight: 1 },
});

/** Transactions of other tests on the same server hold back what a report may cover. */
async function settled(): Promise<void> {
  const rows = () =>
    orm.em
      .fork()
      .execute<{ isSettled: boolean }[]>(
        `select coalesce(max(xid) < pg_snapshot_xmin(pg_current_snapshot()), true) as "isSettled" from usage_events`,
      );
  await expect.poll(rows, { timeout: 60_000 }).toEqual([{ isSettled: true }]);
}

import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { newId } from '../../../src/db/new-id.ts';
import { openCli, rowsOf, type CliTools } from './cli-support.ts';
import { startApi, type TestApi } from './support.ts';

vi.setConfig({ testTimeout: 180_000 });

let api: TestApi;
let tools: CliTools;
const cli: CliTools['cli'] = (...asked) => tools.cli(...asked);
const json: CliTools['json'] = (...asked) => tools.json(...asked);
const faults: CliTools['faults'] = (...asked) => tools.faults(...asked);

beforeAll(async () => {
  api = await startApi();
  tools = await openCli(api);
});
afterAll(async () => {
  tools?.close();
  await api?.close();
});
beforeEach(() => {
  api.temporal.ran.length = 0;
});

describe('rollouts', () => {
  const start = ['rollout', 'start', '--name', 'Onwards', '--from', 'world', '--to', 'merchant'];
  beforeEach(async () => {
    await api.query(`update rollouts set status = 'completed'`);
  });

  it('begin with the stages that are named, and are read with both arms', async () => {
    const stages = ['--stages', 'first:50,10,100', '--stage-minutes', '30', '--no-legacy-fallback'];
    const made = await json([...start, ...stages]);
    expect({ code: made.code, faults: faults(made.body, '#/components/schemas/Rollout') }).toEqual({
      code: 0,
      faults: [],
    });
    expect(made.body).toMatchObject({
      ...{ stage_minutes: 30, keeps_legacy_fallback: false },
      stages: [{ first: 50 }, { percent: 10 }, { percent: 100 }],
    });
    const shown = await json(['rollout', 'show', String(made.body?.['id'])]);
    expect(faults(shown.body, '#/components/schemas/RolloutDetail')).toEqual([]);
    const { out } = await cli(['rollout', 'show', String(made.body?.['id'])]);
    expect(out).toMatch(/WORLD \(CONTROL\)\s+MERCHANT \(TREATMENT\)/);
    expect(out).toContain('success rate');
  });

  it('go back only when somebody agrees, and a dry run shows what they are', async () => {
    const id = String((await json(start)).body?.['id']);
    const { code, body } = await json(['rollout', 'rollback', id, '--dry-run']);
    expect(code).toBe(0);
    expect(body).toMatchObject({ request: { path: `/api/v1/ops/rollouts/${id}/rollback` }, now: { id, stage: 0 } });
    expect((await cli(['rollout', 'rollback', id])).code).toBe(5);
    expect(api.temporal.ran).toEqual([`rollout/${id}`]);
    expect((await cli(['rollout', 'stage', id, '3'])).code).toBe(0);
    expect((await cli(['rollout', 'rollback', id, '--yes'])).code).toBe(0);
    expect(api.temporal.ran.slice(1)).toEqual([`stage/${id}`, `rollback/${id}`]);
  });
});

describe('migrations', () => {
  let migration: string;
  let item: string;
  beforeAll(async () => {
    [migration, item] = [newId('mig'), newId('mi')];
    const settings = {
      ...{ concurrency: 20, noticesPerMinute: 60, remindAfterMinutes: [4_320], deadlineMinutes: 20_160 },
      ...{ lastCallMinutes: 360, watchMinutes: 1_440, prices: {} },
      routing: { policy: { name: 'standard', version: 3 } },
    };
    await api.query(
      `insert into migrations (id, name, from_provider, dry_run, source, settings, status, why, actor, project_id, live)
       values (?, 'First customer', 'merchant', false, 'provider', ?, 'running', 'It runs.', 'me', 'default', false)`,
      [migration, JSON.stringify(settings)],
    );
    await api.query(`insert into organizations (project_id, live, id) values ('default', false, 'org_moving')`);
    const legacy = {
      ...{ providerSubscriptionId: 'sub_old', providerCustomerId: 'cus', status: 'active', offerId: 'offer' },
      ...{ quantity: 1, amountMinor: 2_900, currency: 'USD', interval: 'month', cancelAtPeriodEnd: false },
      ...{ periodStart: '2026-11-01T00:00:00.000Z', paidThrough: '2026-12-01T00:00:00.000Z' },
    };
    const plan = {
      ...{ action: 'move', planId: api.plans.pro, priceId: 'price_1', provider: 'world', rule: 'merchant-of-record' },
      ...{ quantity: 1, amountMinor: 3_100, currency: 'USD', differenceMinor: 200 },
      firstChargeAt: '2026-12-01T00:00:00.000Z',
    };
    await api.query(
      `insert into migration_items (id, migration_id, organization_id, provider_subscription_id, provider_customer_id,
         legacy, plan, state, paid_through, notified_at, project_id, live)
       values (?, ?, 'org_moving', 'sub_old', 'cus', ?, ?, 'notified', '2026-12-01', now(), 'default', false)`,
      [item, migration, JSON.stringify(legacy), JSON.stringify(plan)],
    );
  });

  it('are read with their customers and their money', async () => {
    const shown = await json(['migration', 'show', migration]);
    expect(faults(shown.body, '#/components/schemas/Migration')).toEqual([]);
    const listed = await json(['migration', 'items', migration, '--state', 'notified']);
    expect(rowsOf(listed.body).flatMap((row) => faults(row, '#/components/schemas/MigrationItem'))).toEqual([]);
    const { out } = await cli(['migration', 'plan', migration]);
    expect(out).toMatch(/org_moving\s+notified\s+29\.00 USD\s+31\.00 USD\s+world\s+2026-12-01 00:00Z/);
  });

  it('lead one customer back only when somebody agrees', async () => {
    const words = ['migration', 'rollback', migration, item];
    const dry = await json([...words, '--dry-run']);
    expect(dry.body).toMatchObject({ dry_run: true, now: { id: item, state: 'notified' } });
    expect((await cli(words)).code).toBe(5);
    expect(api.temporal.ran).toEqual([]);
    await cli([...words, '--yes']);
    expect(api.temporal.ran).toEqual([`rollBack/${item}`]);
  });

  it('end with 1 where their proof is not clean, after it has been printed', async () => {
    expect((await cli(['migration', 'proof', migration])).code).toBe(3);
    const proof = newId('prf');
    const period = { start: '2026-12-01T00:00:00.000Z', end: '2027-01-01T00:00:00.000Z', state: 'gap', provider: null };
    const line = {
      item_id: item,
      organization_id: 'org_moving',
      verdict: 'gap',
      periods: [{ ...period, charges: [] }],
    };
    await api.query(
      `insert into migration_proofs (id, migration_id, status, as_of, items_total, items_done, report, signature, key_id,
         finished_at, actor, project_id, live)
       values (?, ?, 'succeeded', now(), 1, 1, ?, 'c2ln', 'k1', now(), 'me', 'default', false)`,
      [proof, migration, JSON.stringify({ is_clean: false, verdicts: { gap: 1 }, periods: { gap: 1 }, money: [] })],
    );
    await api.query('insert into migration_proof_lines (proof_id, item_id, rank, line) values (?, ?, 0, ?)', [
      ...[proof, item, JSON.stringify(line)],
    ]);
    const { code, out } = await cli(['migration', 'proof', migration]);
    expect(code).toBe(1);
    expect(out).toContain('✗ not clean');
    expect(out).toMatch(/org_moving\s+2026-12-01 00:00Z\s+2027-01-01 00:00Z\s+gap/);
  });
});

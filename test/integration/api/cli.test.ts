import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { copyFileSync, mkdirSync, readFileSync, statSync, writeFileSync, chmodSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { newId } from '../../../src/db/new-id.ts';
import { cliPath, runCli, type CliOptions } from '../../support/run-cli.ts';
import { failure, openCli, rowsOf, type CliTools } from './cli-support.ts';
import { startApi, type TestApi } from './support.ts';

// Each word typed is a process: a busy machine needs a second and more for one.
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
beforeEach(async () => {
  await api.query(`update usage_reports set status = 'succeeded' where status in ('requested', 'running')`);
  api.temporal.ran.length = 0;
  api.temporal.work = async () => undefined;
});

/** Where nobody listens. */
async function deadAddress(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return `http://127.0.0.1:${port}`;
}

async function anEvent(status: string): Promise<string> {
  const id = newId('evt');
  await api.query(
    `insert into provider_events (id, provider, event_id, type, object_kind, object_id, status, project_id, live)
     values (?, 'merchant', ?, 'order.paid', 'payment', 'pay_1', ?, 'default', false)`,
    [id, `their_${id}`, status],
  );
  return id;
}

describe('what --json prints', () => {
  const schema = (name: string) => `#/components/schemas/${name}`;

  it.each([
    [['usage-report', 'list'], 'UsageReportSummary'],
    [['reconcile', 'summary'], 'ReconciliationSummary'],
    [['webhooks', 'list'], 'WebhookEvent'],
    [['keys', 'list'], 'ApiKey'],
    [['projects', 'list'], 'Project'],
    [['plans', 'list', '--all'], 'Plan'],
  ])('%j is the API’s own page', async (words, name) => {
    const { code, body, err } = await json(words);
    expect({ code, err, members: Object.keys(body ?? {}) }).toEqual({
      code: 0,
      err: '',
      members: ['data', 'next_cursor'],
    });
    expect(rowsOf(body).flatMap((row) => faults(row, schema(name)))).toEqual([]);
  });

  it.each([
    [['plans', 'push', '--dry-run'], 'PlanPush'],
    [['usage-report', 'start'], 'UsageReport'],
    [
      ['explain', '--organization', 'org_1', '--product', 'pro', '--interval', 'monthly', '--country', 'US'],
      'RoutingExplanation',
    ],
  ])('%j is the API’s own answer', async (words, name) => {
    const { code, body, err } = await json(words);
    expect({ code, err, faults: faults(body, schema(name)) }).toEqual({ code: 0, err: '', faults: [] });
  });

  it('is a document of its own for status', async () => {
    const { code, body } = await json(['status']);
    expect(code).toBe(0);
    expect(faults(body, '#/$defs/status')).toEqual([]);
    expect(body).toMatchObject({ ok: true, ready: true, target: { api_url: api.url, mode: 'test' } });
  });
});

describe('how it ends', () => {
  it('with 1 where what it follows ended badly, after it has said how', async () => {
    api.temporal.work = async () => {
      await api.query(
        `update usage_reports set status = 'failed', failure_code = 'internal_error' where status = 'requested'`,
      );
    };
    const { code, body, err } = await json(['usage-report', 'start', '--watch']);
    expect(code).toBe(1);
    expect(body).toMatchObject({ status: 'failed' });
    expect(failure(err)).toMatchObject({ exit_code: 1, code: 'internal_error' });
    expect(faults(JSON.parse(err), '#/$defs/failure')).toEqual([]);
  });

  it('with 1 where the dependencies are not installed, and says what installs them', async () => {
    mkdirSync(join(tools.home, 'clone/bin'), { recursive: true });
    const copy = join(tools.home, 'clone/bin/plinto-billing.mjs');
    copyFileSync(cliPath, copy);
    const { code, err } = await runCli([], { program: copy });
    expect(code).toBe(1);
    expect(err).toContain('npm ci');
  });

  it.each([
    ['an unknown option', ['status', '--loud'], "unknown option '--loud'"],
    ['an unknown command', ['rolout'], 'Did you mean rollout?'],
    ['a value that cannot be', ['webhooks', 'list', '--limit', 'many'], 'whole number'],
    ['something that is missing', ['keys', 'create'], '--name'],
  ])('with 2 for %s', async (_what, words, told) => {
    const { code, out, err } = await cli(words);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(told);
  });

  it('with 2 where a key would travel unencrypted, or is none, without quoting it', async () => {
    const open = await cli(['status'], { env: { PLINTO_API_URL: 'http://billing.example' } });
    expect(open).toMatchObject({ code: 2, err: expect.stringContaining('--allow-http') });
    const other = await cli(['status'], { env: { PLINTO_API_KEY: 'rk_other_secret' } });
    expect(other).toMatchObject({ code: 2, err: expect.not.stringContaining('rk_other_secret') });
  });

  it('with 3 where the API refuses: its words, the field, and what to do', async () => {
    const words = ['projects', 'update', 'default', '--usage-report-minutes', '1'];
    const { code, err } = await cli(words);
    expect(code).toBe(3);
    expect(err).toMatch(/usage_report_minutes: .*15/);
    expect(err).toMatch(/→ .+/);
    const asJson = await json(words);
    expect(faults(JSON.parse(asJson.err), '#/$defs/failure')).toEqual([]);
    expect(failure(asJson.err)).toMatchObject({
      ...{ exit_code: 3, code: 'validation_failed', status: 422, idempotency_key: null },
      errors: [{ pointer: '/usage_report_minutes' }],
    });
  });

  it('with 3 for a key that may not', async () => {
    const { code, err } = await json(['keys', 'list'], { env: { PLINTO_API_KEY: api.keys.reader } });
    expect({ code, refusal: failure(err) }).toMatchObject({ code: 3, refusal: { status: 403 } });
  });

  it('with 4 where nothing answers', async () => {
    const { code, err } = await json(['keys', 'list'], { env: { PLINTO_API_URL: await deadAddress() } });
    expect({ code, told: failure(err) }).toMatchObject({ code: 4, told: { exit_code: 4, code: 'connection_refused' } });
  });

  it('with 5 where it cannot be undone and nobody can be asked; nothing is done', async () => {
    const made = await json(['keys', 'create', '--name', 'Short-lived']);
    const id = String(made.body?.['id']);
    const { code, err } = await cli(['keys', 'revoke', id]);
    expect({ code, err }).toMatchObject({ code: 5, err: expect.stringContaining('--yes') });
    expect(err).toContain('never works again');
    const dry = await json(['keys', 'revoke', id, '--dry-run']);
    expect(faults(dry.body, '#/$defs/dryRun')).toEqual([]);
    const revoked = () => api.query('select id from api_keys where id = ? and revoked_at is not null', [id]);
    expect(await revoked()).toEqual([]);
    expect(await json(['keys', 'revoke', id, '--yes'])).toMatchObject({ code: 0, body: { id } });
    expect(await revoked()).toEqual([{ id }]);
  });

  it('with 130 after Ctrl-C, which leaves the server’s work alone and says so', async () => {
    let isPressed = false;
    const { code, err } = await cli(['usage-report', 'start', '--watch'], {
      onErr: (child, soFar) => {
        if (isPressed || !soFar.includes('It waits for a worker')) return;
        isPressed = true;
        child.kill('SIGINT');
      },
    });
    expect(code).toBe(130);
    expect(err).toContain('goes on at the server');
    const [row] = await api.query(`select id, status from usage_reports where status = 'requested'`);
    expect(err).toContain(`plinto-billing usage-report watch ${String(row?.['id'])}`);
  });
});

describe('writing', () => {
  it('has no second effect under the same Idempotency-Key', async () => {
    const words = ['usage-report', 'start', '--idempotency-key', randomUUID()];
    const [one, two] = [await json(words), await json(words)];
    expect(two.body).toMatchObject({ id: one.body?.['id'] });
    expect(api.temporal.ran).toHaveLength(1);
  });

  it('is left out by --dry-run, which shows the request', async () => {
    const { code, body } = await json(['usage-report', 'start', '--dry-run']);
    expect(code).toBe(0);
    expect(faults(body, '#/$defs/dryRun')).toEqual([]);
    expect(body).toMatchObject({ request: { method: 'POST', path: '/api/v1/billing/usage-reports', body: {} } });
    expect(api.temporal.ran).toEqual([]);
  });

  it('pushes plans after their dry run, and only when somebody agrees', async () => {
    const pushed: boolean[] = [];
    api.temporal.pushPlans = async (_id, { dryRun }) => {
      pushed.push(!dryRun);
      return { isDone: true, expected: 0, dryRun, steps: [], benefits: [] };
    };
    expect((await cli(['plans', 'push'])).code).toBe(5);
    expect(pushed).toEqual([false]);
    expect((await cli(['plans', 'push', '--yes'])).code).toBe(0);
    expect(pushed).toEqual([false, false, true]);
  });

  it('replays the webhooks that a filter finds, each once', async () => {
    const [one, two, other] = [await anEvent('set_aside'), await anEvent('set_aside'), await anEvent('delivered')];
    const words = ['webhooks', 'replay', '--status', 'set_aside'];
    const dry = await json([...words, '--dry-run']);
    expect(dry.body).toMatchObject({ dry_run: true, now: { data: [{ id: two }, { id: one }] } });
    expect((await cli(words)).code).toBe(5);
    expect((await json([...words, '--yes'])).code).toBe(0);
    const rows = await api.query(`select id, status from provider_events where status = 'received' order by id`);
    expect(rows.map(({ id }) => id)).toEqual([one, two]);
    expect(rows.map(({ id }) => id)).not.toContain(other);
  });

  it('saves a CSV for its owner alone, and never over another file', async () => {
    const { body } = await json(['usage-report', 'start']);
    const file = join(tools.home, 'report.csv');
    const words = ['usage-report', 'csv', String(body?.['id']), '--out', file];
    const saved = await json(words);
    expect(faults(saved.body, '#/$defs/saved')).toEqual([]);
    expect(readFileSync(file, 'utf8')).toMatch(/^id,/);
    expect(statSync(file).mode & 0o077).toBe(0);
    expect((await json(words)).code).toBe(2);
  });
});

describe('profiles', () => {
  const bare = (words: readonly string[], options: CliOptions = {}) =>
    runCli(words, { ...options, env: { PLINTO_PROFILES: tools.profiles } });

  it('keep address and key for their owner alone, and name them', async () => {
    const added = await bare(['profiles', 'add', 'here', '--api-url', api.url, '--key-file', '-', '--json'], {
      input: `${api.keys.secret}\n`,
    });
    expect(added.code).toBe(0);
    expect(faults(JSON.parse(added.out), '#/$defs/profiles')).toEqual([]);
    expect(added.out).not.toContain(api.keys.secret);
    expect(statSync(tools.profiles).mode & 0o777).toBe(0o600);
    expect((await bare(['keys', 'list'])).code).toBe(0);
    expect((await bare(['keys', 'list', '--profile', 'here'])).code).toBe(0);
    expect((await bare(['keys', 'list', '--profile', 'elsewhere'])).code).toBe(2);
  });

  it('are not read where others may read them', async () => {
    writeFileSync(tools.profiles, JSON.stringify({ default: null, profiles: {} }));
    chmodSync(tools.profiles, 0o644);
    expect(await bare(['keys', 'list'])).toMatchObject({ code: 2, err: expect.stringContaining('chmod 600') });
    chmodSync(tools.profiles, 0o600);
  });

  it('may be missing: the system on this machine is found from a folder below', async () => {
    mkdirSync(join(tools.home, 'clone/.plinto'), { recursive: true });
    mkdirSync(join(tools.home, 'clone/apps/one'), { recursive: true });
    writeFileSync(
      join(tools.home, 'clone/.plinto/dev.json'),
      JSON.stringify({ api_url: api.url, ops_key: api.keys.secret }),
    );
    const { code, out } = await bare(['status', '--json'], { cwd: join(tools.home, 'clone/apps/one') });
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ target: { source: join(tools.home, 'clone/.plinto/dev.json') } });
  });
});

describe('completion', () => {
  it('knows commands, their options and what an option takes', async () => {
    const complete = async (...words: string[]) => (await runCli(['complete', '--', ...words])).out;
    expect(await complete('mig')).toMatch(/^migration\t/);
    expect(await complete('migration', 'pro')).toMatch(/^prove\t[^]*^proof\t/m);
    expect(await complete('keys', 'create', '--kind', 'p')).toMatch(/^publishable/);
  });

  it('is a script that the shell takes', async () => {
    const { code, out } = await runCli(['completion', 'bash']);
    expect(code).toBe(0);
    expect(out).toContain(cliPath);
    const shell = spawnSync('bash', ['-n'], { input: out, encoding: 'utf8' });
    expect({ status: shell.status, err: shell.stderr }).toEqual({ status: 0, err: '' });
  });
});

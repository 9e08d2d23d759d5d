import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startSandbox } from '../src/index.ts';
import { type Harness, aStripeSession, startHarness } from './support/harness.ts';
import { startReceiver } from './support/receiver.ts';

let stateDir: string;

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'provider-sandbox-'));
});
afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));

function startProcess(
  port: string,
): Promise<{ kill: () => Promise<void>; exit: Promise<number | null>; line: string }> {
  const child = spawn(process.execPath, [MAIN, '--port', port, '--state-dir', stateDir], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const output = new Promise<string>((resolve) => {
    child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString()));
    child.stderr.once('data', (chunk: Buffer) => resolve(chunk.toString()));
  });
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exit;
  };
  return output.then((line) => ({ kill, exit, line }));
}

describe('state', () => {
  it('of another version keeps who everybody is and where events go, and nothing else', async () => {
    const before = await startHarness({ stateDir, webhooks: { stripe: 'http://127.0.0.1:9/hook' } });
    const other = before.sandbox.createAccount({ name: 'other' });
    await before.stripe.customers.create({ email: 'gone@example.com' });
    await before.sandbox.close();
    const database = new DatabaseSync(join(stateDir, 'sandbox.sqlite'));
    database.exec('PRAGMA user_version = 0');
    database.close();

    const after = await startHarness({ stateDir });
    expect(after.sandbox.config).toMatchObject({ stripe: { api_key: before.sandbox.config.stripe.api_key } });
    expect((await after.stripe.customers.list()).data).toEqual([]);
    expect(await after.control('GET', '/accounts')).toMatchObject({ body: [{ id: 'default' }, { id: other.id }] });
    expect(await after.control('GET', '/config')).toMatchObject({
      body: { webhooks: { stripe: 'http://127.0.0.1:9/hook' } },
    });
    await after.sandbox.close();
  });

  it('survives a restart: keys, objects, ledger, faults, clock, idempotency keys, pending deliveries', async () => {
    const receiver = await startReceiver();
    receiver.answerWith(...Array<number>(40).fill(500));
    const before: Harness = await startHarness({
      stateDir,
      webhooks: { stripe: receiver.url('stripe') },
      retryScale: 60,
    });
    const session = await aStripeSession(before, { metadata: { checkout_id: 'chk_kept' } });
    await before.control('POST', '/checkouts/stripe/chk_kept/complete', { outcome: 'paid' });
    const options = { idempotencyKey: 'kept-key' };
    const customer = await before.stripe.customers.create({ email: 'kept@example.com' }, options);
    await before.control('POST', '/faults', { provider: 'polar', kind: 'latency', latency_ms: 1 });
    await before.control('POST', '/clock', { advance: 'P1D' });
    await receiver.waitFor((event) => event.type === 'customer.created');
    await before.sandbox.close();

    const after = await startHarness({ stateDir });
    expect(after.sandbox.config.stripe.api_key).toBe(before.sandbox.config.stripe.api_key);
    expect(after.sandbox.adminToken).toBe(before.sandbox.adminToken);
    expect(await after.stripe.checkout.sessions.retrieve(session.id)).toMatchObject({ payment_status: 'paid' });
    expect((await after.stripe.customers.create({ email: 'kept@example.com' }, options)).id).toBe(customer.id);
    expect((await after.control('GET', '/ledger')).body).toMatchObject([
      {
        provider: 'stripe',
        kind: 'charge',
        amount_minor: 4900,
        currency: 'USD',
        status: 'succeeded',
        metadata: { checkout_id: 'chk_kept' },
      },
    ]);
    expect((await after.control('GET', '/faults')).body).toMatchObject([{ provider: 'polar', kind: 'latency' }]);
    expect(Number((await after.control('GET', '/clock')).body['offset_ms'])).toBeGreaterThan(86_000_000);
    expect((await after.control('GET', '/deliveries?status=pending')).body).not.toEqual([]);
    await after.control('POST', '/reset');
    expect((await after.control('GET', '/ledger')).body).toEqual([]);
    await after.sandbox.close();
    await receiver.close();
  });

  it('loses nothing to kill -9 and names a taken port', async () => {
    const first = await startProcess('0');
    const url = /http:\/\/[\d.:]+/.exec(first.line)?.[0] ?? '';
    const token = /admin token (\S+)\)/.exec(first.line)?.[1] ?? '';
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    expect(await (await fetch(`${url}/_sandbox/health`)).json()).toMatchObject({ status: 'ok' });
    const taken = await startProcess(new URL(url).port);
    expect(taken.line).toContain('is taken');
    expect(await taken.exit).toBe(1);
    const fault = { provider: 'conekta', kind: 'reset' };
    await fetch(`${url}/_sandbox/faults`, { method: 'POST', headers, body: JSON.stringify(fault) });
    await first.kill();
    const again = await startSandbox({ stateDir });
    expect(again.adminToken).toBe(token);
    expect(await (await fetch(`${again.url}/_sandbox/faults`, { headers })).json()).toMatchObject([fault]);
    await again.close();
  });
});

describe('control interface', () => {
  it('wants its token, changes webhook targets and refuses nonsense', async () => {
    const harness = await startHarness();
    expect((await fetch(`${harness.sandbox.url}/_sandbox/ledger`)).status).toBe(401);
    const changed = await harness.control('POST', '/config', { webhooks: { polar: 'http://127.0.0.1:9/hook' } });
    expect(changed.body).toMatchObject({
      webhooks: { polar: 'http://127.0.0.1:9/hook', stripe: null },
      stripe: { base_url: harness.sandbox.url },
    });
    expect((await harness.control('POST', '/faults', { provider: 'stripe', kind: 'gremlins' })).status).toBe(422);
    expect((await harness.control('POST', '/clock', { advance: 'soon' })).status).toBe(422);
    expect((await harness.control('POST', '/checkouts/stripe/none/complete', { outcome: 'paid' })).status).toBe(404);
    expect((await harness.control('GET', '/nothing')).status).toBe(404);
    await harness.sandbox.close();
  });
});

import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { View } from './support.ts';
import { startApi, type TestApi } from './support.ts';
import { createProviderHealth } from '../../../src/health/create-provider-health.ts';
import { openAfterInRow } from '../../../src/domain/health/breaker.ts';
import type { ProviderHealth } from '../../../src/health/provider-health.ts';

interface Shown {
  readonly id: string;
  readonly configured: boolean;
  readonly health: Readonly<Record<string, unknown>> | null;
}

let api: TestApi;
/** A worker: another process beside the API. */
let worker: ProviderHealth;
beforeAll(async () => {
  api = await startApi();
  worker = createProviderHealth({ orm: api.orm, logger: pino({ level: 'silent' }), shareEveryMs: 0 });
});
afterAll(async () => {
  await worker.close();
  await api.close();
});
beforeEach(async () => {
  await api.query('delete from provider_health');
  await move('merchant', 'closed');
  await move('world', 'closed');
});

const move = (provider: string, state: string, more: object = {}) =>
  api.call('POST', `/ops/providers/${provider}/breaker`, { body: { state, reason: 'A test.', ...more } });
const shown = async (provider: string): Promise<Shown> => {
  const { body } = await api.call('GET', '/ops/providers');
  const found = (body.data as unknown as Shown[]).find(({ id }) => id === provider);
  if (!found) throw new Error('not listed');
  return found;
};
const buy = (more: object = {}) =>
  api.call('POST', '/billing/checkout', {
    body: {
      organization_id: `org_${Math.random().toString(36).slice(2)}`,
      product_id: 'starter-kit',
      country: 'US',
      ...more,
    },
  });
const chosen = ({ routing }: View) =>
  routing as unknown as { readonly provider?: string; readonly fallbacks: readonly string[] };

describe('a provider that fails', () => {
  it('is shown as it is, in every process’s figures', async () => {
    const key = { projectId: 'default', live: false, provider: 'local' };
    const { observe } = worker.http(key, { timeoutMs: 1, priority: 'foreground', rateLimit: null });
    for (let call = 0; call < openAfterInRow; call += 1)
      observe?.({ durationMs: 4_000, status: null, fault: 'timeout', retryAfter: null });
    await worker.sync();
    // As the API does twice a second.
    await api.health.sync();
    const { health } = await shown('local');
    expect(health).toMatchObject({
      ...{ state: 'open', held: null, calls: openAfterInRow, failures: openAfterInRow, failure_share: 1 },
      ...{ last_failure: 'timeout', credentials_rejected_at: null, budget: null },
    });
    expect(Date.parse(String(health?.['next_trial_at']))).toBeGreaterThan(Date.now());
    const metrics = await (await fetch(`${api.url}/metrics`)).text();
    expect(metrics).toContain('billing_provider_breaker_state{project="default",mode="test",provider="local"} 2');
  });

  it('is passed over by routing, which says so, and tried again when a trial is due', async () => {
    expect((await buy()).status).toBe(201);
    const before = api.temporal.opened.length;
    await move('merchant', 'open');
    const { status, body } = await buy();
    expect(status).toBe(201);
    const [decision] = await api.query('select decision from routing_decisions where checkout_id = ?', [
      body.checkout_id,
    ]);
    expect(decision).toMatchObject({
      decision: {
        provider: 'merchant',
        fallbacks: ['world'],
        skipped: [{ provider: 'merchant', reason: 'unavailable' }],
      },
    });
    expect(chosen(body).fallbacks).toEqual(['world']);
    expect(api.temporal.opened).toHaveLength(before + 1);
    await api.query(
      `update provider_health set trial_at = now(), held = null, updated_at = now() where provider = 'merchant'`,
    );
    await api.health.sync();
    const tried = await buy();
    const [second] = await api.query('select decision from routing_decisions where checkout_id = ?', [
      tried.body.checkout_id,
    ]);
    expect(second).toMatchObject({ decision: { provider: 'merchant', skipped: [] } });
  });

  it('leaves nobody when all that could serve are out', async () => {
    await move('merchant', 'open');
    await move('world', 'open');
    const { status, body, headers } = await buy();
    expect([status, body.code]).toEqual([503, 'no_provider_available']);
    expect(headers.get('retry-after')).not.toBeNull();
  });
});

describe('an operator', () => {
  it('takes a provider out of service and back, and the audit log says why', async () => {
    const opened = await move('world', 'open', { reason: 'Their maintenance.' });
    expect(opened).toMatchObject({
      status: 200,
      body: { state: 'open', held: 'Their maintenance.', next_trial_at: null },
    });
    expect((await shown('world')).health).toMatchObject({ state: 'open', held: 'Their maintenance.' });
    await worker.sync();
    expect(await worker.enter({ projectId: 'default', live: false, provider: 'world' })).toBe('open');
    expect((await move('world', 'closed')).body).toMatchObject({ state: 'closed', held: null });
    const acts = await api.query(
      `select action, actor, detail from audit_log where entity_id = 'world' and detail <> 'A test.'`,
    );
    expect(acts).toMatchObject([{ action: 'provider.breaker_opened', detail: 'Their maintenance.' }]);
    expect(String(acts[0]?.['actor'])).toMatch(/^key_/);
  });

  it('does it once per Idempotency-Key', async () => {
    const headers = { 'idempotency-key': 'out-of-service' };
    const body = { state: 'open', reason: 'Once.' };
    for (let time = 0; time < 2; time += 1)
      expect((await api.call('POST', '/ops/providers/world/breaker', { body, headers })).status).toBe(200);
    expect(await api.query(`select 1 from audit_log where detail = 'Once.'`)).toHaveLength(1);
  });

  it.each([
    ['an unknown provider', 'nobody', {}, 404, 'provider_not_found'],
    ['an unknown state', 'world', { state: 'half_open' }, 422, 'validation_failed'],
    ['no reason', 'world', { reason: ' ' }, 422, 'validation_failed'],
    ['an unknown field', 'world', { until: 'tomorrow' }, 422, 'validation_failed'],
  ])('is refused %s, and nothing changes', async (_what, provider, more, status, code) => {
    expect(await move(provider, 'open', more)).toMatchObject({ status, body: { code } });
    expect((await shown('world')).health).toMatchObject({ state: 'closed' });
  });

  it('needs the right key, and moves only what is of its own project and mode', async () => {
    const body = { state: 'open', reason: 'A test.' };
    const path = '/ops/providers/world/breaker';
    expect((await api.call('POST', path, { body, key: api.keys.reader })).status).toBe(403);
    expect(await api.call('POST', path, { body, key: api.keys.live })).toMatchObject({
      ...{ status: 404, body: { code: 'provider_account_not_found' } },
    });
    expect((await api.call('POST', path, { body, key: api.keys.other })).status).toBe(200);
    expect((await shown('world')).health).toMatchObject({ state: 'closed' });
  });
});

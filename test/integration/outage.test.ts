import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAfterInRow } from '../../src/domain/health/breaker.ts';
import { startSystem, type System } from './support.ts';

let system: System;
beforeAll(async () => {
  // A provider that hangs is given up sooner than in production: the story is the same, told faster.
  system = await startSystem({ PROVIDER_TIMEOUT_MS: '1000' });
}, 120_000);
afterAll(() => system?.end());

interface Health {
  readonly state: string;
  readonly failure_share: number | null;
  readonly last_failure: string | null;
  readonly next_trial_at: string | null;
}

const provider = 'conekta';
const buy = () => system.open({ country: 'MX' });
async function healthOf(id: string): Promise<Health> {
  const headers = { authorization: `Bearer ${system.stack.devFile().ops_key}` };
  const { body } = await system.api('GET', '/ops/providers', undefined, headers);
  const { data } = body as { readonly data: readonly { readonly id: string; readonly health: Health }[] };
  const found = data.find((entry) => entry.id === id);
  if (!found) throw new Error('not listed');
  return found.health;
}

describe('a provider that answers nothing', () => {
  it('costs its buyers a fallback each, is left alone, and comes back by itself', { timeout: 120_000 }, async () => {
    expect(await buy()).toMatchObject({ provider, fallback: null });
    expect(await healthOf(provider)).toMatchObject({ state: 'closed' });

    await system.fault({ provider, kind: 'timeout_before_work', rate: 1 });
    const first = await Promise.all(Array.from({ length: openAfterInRow }, buy));
    for (const view of first)
      expect(view).toMatchObject({ provider: 'stripe', fallback: { attempted_provider: provider, reason: 'timeout' } });
    await expect.poll(async () => (await healthOf(provider)).state, { timeout: 5_000, interval: 100 }).toBe('open');
    expect(await healthOf(provider)).toMatchObject({ last_failure: 'timeout' });

    // Others do not notice, and its own buyers no longer wait for it.
    const [passed, other] = await Promise.all([buy(), system.open({ country: 'US' })]);
    expect(other).toMatchObject({ provider: 'polar', fallback: null });
    expect(passed).toMatchObject({
      provider: 'stripe',
      fallback: { attempted_provider: provider, reason: 'unavailable' },
    });
    expect(await healthOf('polar')).toMatchObject({ state: 'closed' });

    await system.clearFaults();
    // Buyers go on coming; nobody else does anything.
    const isBack = async () => (await buy()).provider === provider && (await healthOf(provider)).state === 'closed';
    await expect.poll(isBack, { timeout: 60_000, interval: 300 }).toBe(true);
    expect(await buy()).toMatchObject({ provider, fallback: null });

    const { rows } = await system.db.query(
      `select action, actor from audit_log where entity_kind = 'provider' and entity_id = $1 order by id`,
      [provider],
    );
    expect(rows).toEqual([
      { action: 'provider.breaker_opened', actor: 'provider-health' },
      { action: 'provider.breaker_closed', actor: 'provider-health' },
    ]);
    const fallbacks = await system.db.query(
      `select distinct reason from fallbacks where attempted_provider = $1 order by reason`,
      [provider],
    );
    expect(fallbacks.rows).toEqual([{ reason: 'timeout' }, { reason: 'unavailable' }]);
  });
});

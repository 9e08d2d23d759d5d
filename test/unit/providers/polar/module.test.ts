import { describe, expect, it } from 'vitest';
import { operationsOf } from '../../../../src/providers/accounts.ts';
import { polar } from '../../../../src/providers/polar/index.ts';
import { POLAR_EVENTS, SUBSCRIBED_EVENTS } from '../../../../src/providers/polar/webhook-events.ts';

describe('the Polar module', () => {
  it.each([
    [{ POLAR_SANDBOX: 'true' }, false],
    [{ POLAR_SANDBOX: 'false' }, true],
    [{}, true],
    [{ POLAR_BASE_URL: 'https://sandbox-api.polar.sh' }, false],
    [{ POLAR_BASE_URL: 'http://127.0.0.1:4010' }, false],
    [{ POLAR_BASE_URL: 'http://127.0.0.1:4010', POLAR_SANDBOX: 'false' }, true],
    // A smoke test that is told "sandbox" but pointed at production must not run.
    [{ POLAR_BASE_URL: 'https://api.polar.sh/', POLAR_SANDBOX: 'true' }, true],
  ])('knows real money by %o', (env, live) => {
    expect(polar.isLive(env)).toBe(live);
  });

  it('has examples that its own schema takes, and names every key of it', () => {
    const examples = Object.entries(polar.credentials).map(([key, field]) => [key, field.example] as const);
    expect(polar.configSchema.safeParse(Object.fromEntries(examples)).success).toBe(true);
    const keys = Object.entries(polar.credentials).flatMap(([key, { previousKey }]) => [key, previousKey ?? key]);
    for (const key of keys) expect(polar.isConfigured({ [key]: 'x' }) || /SANDBOX|BASE_URL/.test(key)).toBe(true);
  });

  it('offers what Polar has, and nothing that it has not', () => {
    const operations = operationsOf('polar');
    expect(operations).toEqual(expect.arrayContaining(['refunds.create', 'benefits.grant', 'changes.list']));
    for (const absent of ['subscriptions.create', 'subscriptions.preview', 'invoices.pay', 'paymentMethods.attach'])
      expect(operations).not.toContain(absent);
    expect(operations.filter((name) => name.startsWith('payments.'))).toEqual([]);
  });

  it('knows all 42 messages, and asks for what it understands', () => {
    expect(Object.keys(POLAR_EVENTS)).toHaveLength(42);
    const decisive = Object.entries(POLAR_EVENTS).flatMap(([type, use]) => (use === 'decisive' ? [type] : []));
    expect(SUBSCRIBED_EVENTS).toEqual(expect.arrayContaining(decisive));
    expect(SUBSCRIBED_EVENTS).not.toContain('subscription.updated');
  });
});

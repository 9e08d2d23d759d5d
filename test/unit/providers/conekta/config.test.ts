import { describe, expect, it } from 'vitest';
import { moduleOf, operationsOf } from '../../../../src/providers/accounts.ts';

describe('a Conekta account', () => {
  it.each([
    [{ CONEKTA_API_KEY: 'key_x' }, true],
    [{ CONEKTA_API_KEY: 'key_x', CONEKTA_SANDBOX: 'true' }, false],
    [{ CONEKTA_TEST_KEY: 'key_x' }, false],
    [{ CONEKTA_API_KEY: 'key_x', CONEKTA_TEST_KEY: 'key_y', CONEKTA_SANDBOX: 'false' }, true],
    [{ CONEKTA_API_KEY: 'key_x', CONEKTA_BASE_URL: 'http://127.0.0.1:8010/conekta' }, false],
    // What does not parse is not called harmless.
    [{ CONEKTA_API_KEY: 'key_x', CONEKTA_WEBHOOK_PUBLIC_KEY: 'no key' }, true],
  ])('of %j moves real money: %s', (env, live) => {
    expect(moduleOf('conekta').isLive(env)).toBe(live);
  });

  it('offers what Conekta has and nothing else', () => {
    const operations = operationsOf('conekta');
    for (const there of ['payments.create', 'subscriptions.pause', 'disputes.list', 'portal.create', 'changes.list'])
      expect(operations).toContain(there);
    for (const absent of ['subscriptions.preview', 'subscriptions.undoCancel', 'invoices.document', 'invoices.pay'])
      expect(operations).not.toContain(absent);
    expect(operations.filter((name) => /^(usage|benefits|licenseKeys|discounts)\./.test(name))).toEqual([]);
  });
});

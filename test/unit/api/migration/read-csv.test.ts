import { describe, expect, it } from 'vitest';
import { readSubscriptionCsv } from '../../../../src/api/migration/read-csv.ts';
import { BillingError } from '../../../../src/domain/errors.ts';

describe('an export of subscriptions as CSV', () => {
  it('is read by the names of its columns, whatever stands between, quoted or not', () => {
    const text = [
      '\uFEFFEmail,Subscription_ID,plan,organization_id,customer_id',
      '"a@b.co",S1,"Pro, ""yearly""",org_1,u1',
      '',
      'x,#S2,"two\r\nlines",,',
      `y,'S3,Pro,org_3,u3`,
    ].join('\r\n');
    expect(readSubscriptionCsv(text)).toEqual([
      { providerSubscriptionId: 'S1', providerCustomerId: 'u1', organizationId: 'org_1' },
      { providerSubscriptionId: 'S2', providerCustomerId: '', organizationId: null },
      { providerSubscriptionId: 'S3', providerCustomerId: 'u3', organizationId: 'org_3' },
    ]);
  });

  it('counts a subscription once however often it stands there', () => {
    expect(readSubscriptionCsv('subscription_id\nS1\nS1\nS2')).toHaveLength(2);
  });

  it.each([
    ['id\nS1', /column subscription_id/],
    ['subscription_id,plan\nS1,a\n,b', /Line 3 names no subscription/],
    ['subscription_id\n"S1', /Line 2 has a quote/],
    ['subscription_id\n', /names no subscription/],
  ])('is refused with the line that is wrong: %j', (text, detail) => {
    expect(() => readSubscriptionCsv(text)).toThrow(
      expect.objectContaining({
        code: 'migration_csv_invalid',
        faults: [expect.objectContaining({ pointer: '/csv', detail: expect.stringMatching(detail) })],
      }),
    );
    expect(() => readSubscriptionCsv(text)).toThrow(BillingError);
  });

  it('reads a long cell that is not closed without losing itself', () => {
    expect(() => readSubscriptionCsv(`subscription_id\n"${'x""'.repeat(300_000)}`)).toThrow(/quote/);
  });
});

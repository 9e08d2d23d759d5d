import { describe, expect, it } from 'vitest';
import { OutcomeUnknownError } from '../../../../src/providers/failures.ts';
import {
  isDeclined,
  isPolarMissing,
  isRefundTooHigh,
  polarErrorOf,
  PolarValidationError,
} from '../../../../src/providers/polar/errors.ts';

const reply = (status: number, json?: unknown, headers: Record<string, string> = {}) => ({
  status,
  headers,
  text: json === undefined ? '' : JSON.stringify(json),
});
const named = (status: number, error: string) => reply(status, { error, detail: 'a sentence with jane@example.com' });

describe('Polar errors', () => {
  it.each([
    [403, 'AlreadyCanceledSubscription', 'provider_state_conflict', 'conflict'],
    [403, 'InactiveSubscription', 'provider_state_conflict', 'conflict'],
    [409, 'SubscriptionLocked', 'provider_object_locked', 'unavailable'],
    [403, 'RefundedAlready', 'payment_not_refundable', 'conflict'],
    [400, 'PaymentMethodInUseByActiveSubscription', 'payment_method_in_use', 'conflict'],
    [402, 'PaymentFailed', 'provider_rejected', 'invalid'],
    [403, 'NotPermitted', 'provider_rejected', 'invalid'],
    [403, 'insufficient_scope', 'provider_credentials_rejected', 'unavailable'],
    [401, 'Unauthorized', 'provider_credentials_rejected', 'unavailable'],
    [404, 'ResourceNotFound', 'provider_rejected', 'invalid'],
    [410, 'ExpiredCheckoutError', 'provider_rejected', 'invalid'],
    [409, 'OrderNotEligibleForInvoice', 'provider_error', 'unavailable'],
    [500, 'InternalServerError', 'provider_error', 'unavailable'],
  ])('reads %i %s as %s', (status, error, code, kind) => {
    expect(polarErrorOf(named(status, error))).toMatchObject({ code, kind });
  });

  it('repeats no sentence of the provider', () => {
    for (const status of [400, 402, 403, 404, 409, 422, 500]) {
      const error = polarErrorOf(named(status, 'Whatever'));
      expect(JSON.stringify([error.message, error.details])).not.toContain('jane');
    }
  });

  it('knows a race from a refusal: other 409s and 5xx may have done the work', () => {
    expect(polarErrorOf(named(409, 'Other'))).toBeInstanceOf(OutcomeUnknownError);
    expect(polarErrorOf(reply(502))).toBeInstanceOf(OutcomeUnknownError);
    expect(polarErrorOf(named(409, 'SubscriptionLocked'))).not.toBeInstanceOf(OutcomeUnknownError);
  });

  it('waits as long as an empty 429 says', () => {
    expect(polarErrorOf(reply(429, undefined, { 'retry-after': '7' }))).toMatchObject({
      code: 'provider_rate_limited',
      retryAfterMs: 7_000,
    });
  });

  it('tells a removed version from a missing object', () => {
    expect(polarErrorOf(reply(404, { detail: 'Not Found' }))).toMatchObject({ code: 'provider_version_unsupported' });
    expect(isPolarMissing(reply(404, { detail: 'Not Found' }))).toBe(false);
    expect(isPolarMissing(named(404, 'ResourceNotFound'))).toBe(true);
  });

  it('takes an id that is no UUID for one that is not there', () => {
    const detail = [{ loc: ['path', 'id'], msg: 'no uuid', type: 'uuid_parsing' }];
    expect(isPolarMissing(reply(422, { error: 'RequestValidationError', detail }))).toBe(true);
    const body = [...detail, { loc: ['body', 'name'], msg: 'missing', type: 'missing' }];
    expect(isPolarMissing(reply(422, { error: 'RequestValidationError', detail: body }))).toBe(false);
  });

  it('keeps every place that a 422 names', () => {
    const detail = [
      { loc: ['body', 'events', 1, 'customer_id'], msg: 'no', type: 'value_error' },
      { loc: ['body', 'events', 4, 'name'], msg: 'long', type: 'string_too_long' },
    ];
    const error = polarErrorOf(reply(422, { error: 'RequestValidationError', detail }));
    expect(error).toBeInstanceOf(PolarValidationError);
    expect(error).toMatchObject({
      code: 'provider_rejected',
      details: { param: 'body.events.1.customer_id' },
      faultsByLocation: [
        { location: ['body', 'events', 1, 'customer_id'], code: 'value_error' },
        { location: ['body', 'events', 4, 'name'], code: 'string_too_long' },
      ],
    });
  });

  it('knows a declined charge and a refund that is too high', () => {
    expect(isDeclined(polarErrorOf(named(402, 'PaymentFailed')))).toBe(true);
    expect(isDeclined(polarErrorOf(named(403, 'NotPermitted')))).toBe(false);
    expect(isRefundTooHigh(polarErrorOf(named(400, 'RefundAmountTooHigh')))).toBe(true);
    const detail = [{ loc: ['body', 'amount'], msg: 'too high', type: 'value_error' }];
    expect(isRefundTooHigh(polarErrorOf(reply(422, { error: 'PolarRequestValidationError', detail })))).toBe(true);
    expect(isRefundTooHigh(polarErrorOf(named(422, 'Other')))).toBe(false);
  });
});

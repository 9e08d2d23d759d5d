import { describe, expect, it } from 'vitest';
import { conektaErrorOf } from '../../../src/providers/conekta/errors.ts';
import { asUnknown, OutcomeUnknownError, retryAfterMs } from '../../../src/providers/failures.ts';
import { isDuplicateCustomer, isPolarMissing, polarErrorOf } from '../../../src/providers/polar/errors.ts';

const reply = (status: number, body: unknown = '', headers: Record<string, string> = {}) => ({
  status,
  headers,
  text: typeof body === 'string' ? body : JSON.stringify(body),
});

describe('error tables', () => {
  it.each([
    [401, { error: 'Unauthorized' }, 'unavailable', 'provider_credentials_rejected'],
    [403, { error: 'insufficient_scope' }, 'unavailable', 'provider_credentials_rejected'],
    [403, { error: 'AlreadyActiveSubscriptionError', detail: 'x' }, 'invalid', 'provider_rejected'],
    [404, { error: 'ResourceNotFound', detail: 'Not found' }, 'invalid', 'provider_rejected'],
    [404, { detail: 'Not Found' }, 'unavailable', 'provider_version_unsupported'],
    [
      422,
      { error: 'RequestValidationError', detail: [{ loc: ['body', 'products'], type: 'missing' }] },
      'invalid',
      'provider_rejected',
    ],
    [429, '', 'rate_limited', 'provider_rate_limited'],
    [500, 'oops', 'unavailable', 'provider_error'],
  ])('Polar %i %j is %s (%s)', (status, body, kind, code) => {
    expect(polarErrorOf(reply(status, body))).toMatchObject({ kind, code });
  });

  it('keeps codes and parameters, never sentences', () => {
    const detail = [
      { loc: ['body', 'email'], msg: 'person@example.com is taken', type: 'value_error', input: 'person@example.com' },
    ];
    const error = polarErrorOf(reply(422, { error: 'PolarRequestValidationError', detail }));
    expect(error.details).toMatchObject({
      provider: 'polar',
      status: 422,
      provider_code: 'value_error',
      param: 'body.email',
    });
    expect(JSON.stringify(error.details) + error.message).not.toContain('person@');
    expect(isDuplicateCustomer(error)).toBe(true);
  });

  it('does not mistake a retired version for a missing object', () => {
    expect(isPolarMissing(reply(404, { error: 'ResourceNotFound', detail: 'Not found' }))).toBe(true);
    expect(isPolarMissing(reply(404, { detail: 'Not Found' }))).toBe(false);
  });

  it.each([
    [401, 'authentication_error', 'unavailable', 'provider_credentials_rejected'],
    [402, 'processing_error', 'invalid', 'provider_rejected'],
    [409, 'conflict_error', 'unavailable', 'provider_version_unsupported'],
    [422, 'parameter_validation_error', 'invalid', 'provider_rejected'],
    [428, 'precondition_required_error', 'invalid', 'provider_rejected'],
    [429, 'x', 'rate_limited', 'provider_rate_limited'],
    [500, 'api_error', 'unavailable', 'provider_error'],
  ])('Conekta %i %s is %s (%s)', (status, type, kind, code) => {
    const body = { object: 'error', type, details: [{ code: 'conekta.errors.x', message: 'm', debug_message: 'd' }] };
    expect(conektaErrorOf(reply(status, body))).toMatchObject({
      kind,
      code,
      details: { provider_code: 'conekta.errors.x' },
    });
  });

  it('reads Retry-After in seconds and as a date', () => {
    expect(polarErrorOf(reply(429, '', { 'retry-after': '7' })).retryAfterMs).toBe(7000);
    expect(retryAfterMs('Sat, 21 Nov 2026 12:00:05 GMT', Date.parse('2026-11-21T12:00:00Z'))).toBe(5000);
    expect(retryAfterMs('soon')).toBeNull();
  });

  it('lets only unclear outcomes pass as unknown', () => {
    const fault = { provider: 'x', status: 502, providerCode: null };
    expect(asUnknown(new OutcomeUnknownError('timeout', fault))).toEqual({
      outcome: 'unknown',
      reason: 'timeout',
      providerCode: null,
    });
    expect(() => asUnknown(polarErrorOf(reply(422, '')))).toThrow(/refused/);
  });
});

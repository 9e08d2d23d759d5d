import { describe, expect, it } from 'vitest';
import { geoServices, type ServiceAnswer } from '../../../src/api/geo/http-services.ts';

type Case = readonly [what: string, status: number, body: unknown, headers: Record<string, string>, ServiceAnswer];

const text = (body: unknown) => (typeof body === 'string' ? body : JSON.stringify(body));
const found = (country: string): ServiceAnswer => ({ kind: 'country', country, pauseMs: null });
const unknown: ServiceAnswer = { kind: 'unknown', pauseMs: null };
const failed = (why: string, pauseMs: number | null = null): ServiceAnswer => ({ kind: 'failed', why, pauseMs });
const error = 'it answered with an error';

describe('ipapi.co', () => {
  const service = geoServices['ipapi.co'];

  it.each<Case>([
    ['a country', 200, { country_code: 'DE', country: 'DE' }, {}, found('DE')],
    ['only the other field', 200, { country: 'MX' }, {}, found('MX')],
    ['Kosovo', 200, { country_code: 'XK' }, {}, found('XK')],
    ['nulls', 200, { country_code: null, country: null, error: null }, {}, unknown],
    ['nothing of it', 200, {}, {}, unknown],
    ['no country', 200, { country_code: 'EU' }, {}, unknown],
    ['None in plain text', 200, 'None\n', {}, unknown],
    ['a reserved address, as 200', 200, { error: true, reason: 'Reserved IP Address', reserved: true }, {}, unknown],
    ['an invalid address, as 200', 200, { error: true, reason: 'Invalid IP Address' }, {}, unknown],
    ['an error nobody knows, as 200', 200, { error: true, reason: 'Quota', country_code: 'US' }, {}, failed(error)],
    ['too many', 429, { error: true, reason: 'RateLimited' }, {}, failed('rate limited', 600_000)],
    ['too many, with a date', 429, 'Too many', { 'retry-after': '30' }, failed('rate limited', 30_000)],
    ['too many, as 200', 200, { error: true, reason: 'RateLimited' }, {}, failed('rate limited', 600_000)],
    ['a bad key', 403, { error: true, reason: 'Invalid key' }, {}, failed('the key is refused', 600_000)],
    ['a page', 200, '<html>', {}, failed(error)],
    ['nothing', 200, '', {}, failed(error)],
    ['a list', 200, [], {}, failed(error)],
    ['a number as country', 200, { country_code: 7 }, {}, failed(error)],
    ['its own outage', 503, { country_code: 'US' }, {}, failed('it answered 503')],
    ['a redirect', 302, '', { location: 'https://elsewhere.example' }, failed('it answered 302')],
  ])('is read: %s', (_what, status, body, headers, answer) => {
    expect(service.read({ status, headers, text: text(body) })).toEqual(answer);
  });

  it('is asked by path, with the key when there is one', () => {
    expect(service.url('8.8.8.8', 'https://ipapi.co', null)).toBe('https://ipapi.co/8.8.8.8/json/');
    expect(service.url('2a00::1', 'https://ipapi.co', 'a&b')).toBe('https://ipapi.co/2a00%3A%3A1/json/?key=a%26b');
  });
});

describe('ip-api.com', () => {
  const service = geoServices['ip-api.com'];

  it.each<Case>([
    ['a country', 200, { status: 'success', countryCode: 'BR' }, { 'x-rl': '44', 'x-ttl': '60' }, found('BR')],
    ['an empty country', 200, { status: 'success', countryCode: '' }, {}, unknown],
    ['a private address, as 200', 200, { status: 'fail', message: 'private range' }, {}, unknown],
    ['a reserved address, as 200', 200, { status: 'fail', message: 'reserved range' }, {}, unknown],
    ['an invalid one, as 200', 200, { status: 'fail', message: 'invalid query' }, {}, unknown],
    ['another failure, as 200', 200, { status: 'fail', message: 'down' }, {}, failed(error)],
    ['a failure without a message', 200, { status: 'fail', countryCode: 'US' }, {}, failed(error)],
    ['no status', 200, { countryCode: 'US' }, {}, failed(error)],
    [
      'the last one of the minute',
      200,
      { status: 'success', countryCode: 'BR' },
      { 'x-rl': '0', 'x-ttl': '17' },
      { kind: 'country', country: 'BR', pauseMs: 17_000 },
    ],
    ['too many', 429, '', { 'x-rl': '0', 'x-ttl': '9' }, failed('rate limited', 9_000)],
    ['too many, without saying how long', 429, '', {}, failed('rate limited', 60_000)],
    ['a page', 200, '<html>', { 'x-rl': '0' }, failed(error, 60_000)],
    ['its own outage', 500, '', {}, failed('it answered 500')],
  ])('is read: %s', (_what, status, body, headers, answer) => {
    expect(service.read({ status, headers, text: text(body) })).toEqual(answer);
  });

  it('is asked for three fields', () => {
    expect(service.url('8.8.8.8', 'http://ip-api.com', null)).toBe(
      'http://ip-api.com/json/8.8.8.8?fields=status,message,countryCode',
    );
  });
});

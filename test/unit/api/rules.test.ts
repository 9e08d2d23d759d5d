import { describe, expect, it } from 'vitest';
import { requestHash } from '../../../src/api/canonical-json.ts';
import { canonicalJson } from '../../../src/domain/canonical-json.ts';
import { decodeCursor, encodeCursor, toPage } from '../../../src/api/cursor.ts';
import { hashSecret, looksLikeKey, mintKey } from '../../../src/api/keys.ts';
import { checkRedirect, isAllowedOrigin } from '../../../src/api/redirects.ts';
import { createTtlCache } from '../../../src/api/ttl-cache.ts';

describe('the hash of a request', () => {
  it('does not depend on the order of names', () => {
    expect(requestHash({ a: 1, b: { c: [1, 2], d: null } })).toBe(requestHash({ b: { d: null, c: [1, 2] }, a: 1 }));
  });

  it('depends on values, order of lists and number of parts', () => {
    const hashes = [
      requestHash({ a: 1 }),
      requestHash({ a: '1' }),
      requestHash([1, 2]),
      requestHash([2, 1]),
      requestHash(1, 2),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it('treats undefined as absent', () => {
    expect(canonicalJson({ a: undefined, b: 1 })).toBe('{"b":1}');
  });
});

describe('a cursor', () => {
  it('survives the round trip', () => {
    expect(decodeCursor(encodeCursor(3, 'plan_1'), ['number', 'string'])).toEqual([3, 'plan_1']);
  });

  it.each(['', 'junk', encodeCursor('a', 'b'), Buffer.from('{}').toString('base64url')])(
    'of another list, %s, is refused',
    (text) => {
      expect(() => decodeCursor(text, ['number', 'string'])).toThrow(
        expect.objectContaining({ code: 'cursor_invalid' }),
      );
    },
  );

  it('is null on the last page', () => {
    const page = (rows: string[]) =>
      toPage(
        rows,
        2,
        (row) => [row],
        (row) => row,
      );
    expect(page(['c', 'b'])).toEqual({ data: ['c', 'b'], next_cursor: null });
    expect(page(['c', 'b', 'a'])).toEqual({ data: ['c', 'b'], next_cursor: encodeCursor('b') });
  });
});

describe('origins', () => {
  const patterns = [
    'https://app.example',
    'http://localhost:*',
    'https://*.preview.example',
    'https://ported.example:8443',
  ];

  it.each([
    'https://app.example',
    'https://app.example:443',
    'http://localhost',
    'http://localhost:3000',
    'https://a.preview.example',
    'https://ported.example:8443',
  ])('allow %s', (origin) => expect(isAllowedOrigin(origin, patterns)).toBe(true));

  it.each([
    'http://app.example',
    'https://app.example:8443',
    'https://app.example.evil.example',
    'https://evilapp.example',
    'https://localhost:3000',
    'https://preview.example',
    'https://ported.example',
    'null',
    'javascript:alert(1)',
    '',
  ])('refuse %s', (origin) => expect(isAllowedOrigin(origin, patterns)).toBe(false));
});

describe('a redirect', () => {
  const rules = { allowedOrigins: ['https://app.example'], checkoutId: 'chk_1' };

  it('gets the checkout id filled in', () => {
    const url = checkRedirect('https://app.example/ok?c={CHECKOUT_ID}#{CHECKOUT_ID}', '/success_url', rules);
    expect(url).toBe('https://app.example/ok?c=chk_1#chk_1');
  });

  it.each([
    'https://app.example@evil.example/',
    'https://user:pass@app.example/',
    'https://evil.example\\@app.example/',
    '//app.example/ok',
    '/ok',
    'data:text/html,x',
    'javascript://app.example/%0aalert(1)',
  ])('to %s is refused', (url) => {
    expect(() => checkRedirect(url, '/success_url', rules)).toThrow(
      expect.objectContaining({ code: 'redirect_not_allowed' }),
    );
  });
});

describe('keys', () => {
  it('tell kind and mode, and are stored as hashes', () => {
    const secret = mintKey('secret', false);
    expect(secret.key).toMatch(/^sk_test_[\w-]{32}$/);
    expect(mintKey('publishable', true).key).toMatch(/^pk_live_/);
    expect(secret.hash).toBe(hashSecret(secret.key));
    expect(looksLikeKey(secret.key)).toBe(true);
    expect(looksLikeKey('eyJhbGciOiJFZERTQSJ9.e30.sig')).toBe(false);
  });
});

describe('the cache', () => {
  it('shares look-ups in flight, forgets failures and the oldest', async () => {
    const cache = createTtlCache<string>({ ttlMs: 1_000, maxEntries: 2 });
    let loads = 0;
    const load = async () => `v${(loads += 1)}`;
    await Promise.all([cache.get('a', load), cache.get('a', load)]);
    expect(loads).toBe(1);
    await expect(cache.get('b', () => Promise.reject(new Error('away')))).rejects.toThrow('away');
    await cache.get('b', load);
    await cache.get('c', load);
    await cache.get('a', load);
    expect(loads).toBe(4);
  });
});

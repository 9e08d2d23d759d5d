import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFormat } from '../../../src/api/portal/format.ts';
import { html, webAddress } from '../../../src/api/portal/html.ts';
import { pickTongue } from '../../../src/api/portal/language.ts';
import { noticeOf } from '../../../src/api/portal/notice.ts';
import { contentSecurityPolicy, style } from '../../../src/api/portal/style.ts';
import { wordsOf } from '../../../src/api/portal/words.ts';

describe('a template', () => {
  it('escapes what it is given, in text and in attributes', () => {
    const name = `<script>alert("1")</script> & 'co'`;
    expect(html`<b title="${name}">${name}</b>`.markup).toBe(
      '<b title="&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;co&#39;">' +
        '&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;co&#39;</b>',
    );
  });

  it('lets no value open a tag, end an attribute or begin an entity', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (value) => {
        const inside = html`${value}`.markup;
        expect(inside).not.toMatch(/[<>"']/);
        expect(inside.replaceAll(/&(amp|lt|gt|quot|#39);/g, '')).not.toContain('&');
      }),
    );
  });

  it('gives back by its entities what it was given', () => {
    const back: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
    fc.assert(
      fc.property(fc.string(), (value) => {
        expect(html`${value}`.markup.replaceAll(/&([a-z]+|#39);/g, (_, name: string) => back[name] ?? '?')).toBe(value);
      }),
    );
  });

  it('lets templates in templates pass, lists too, and leaves nothing of null and false', () => {
    const items = ['<', 'b'].map((text) => html`<i>${text}</i>`);
    expect(html`${items}${null}${false}${7}`.markup).toBe('<i>&lt;</i><i>b</i>7');
  });

  it('does not take a row for a template', () => {
    const row: never = JSON.parse('{"markup":"<b>"}') as never;
    expect(() => html`${row}`).toThrow(TypeError);
  });
});

describe('a link', () => {
  it.each([
    'javascript:alert(1)',
    ' javascript:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    '/relative',
    '',
    'mailto:a@b.example',
  ])('is not made of %j', (url) => expect(webAddress(url)).toBeNull());
  it('is made of web addresses', () => {
    expect(webAddress('https://app.example/a?b=1')).toBe('https://app.example/a?b=1');
    expect(webAddress(null)).toBeNull();
  });
});

describe('the language', () => {
  it.each([
    ['es', { language: 'es', locale: 'es-MX' }],
    ['es-ES,es;q=0.9,en;q=0.8', { language: 'es', locale: 'es-ES' }],
    ['es-419', { language: 'es', locale: 'es-419' }],
    ['fr-FR, en-gb;q=0.5, es;q=0.4', { language: 'en', locale: 'en-GB' }],
    ['en;q=0.1, es;q=0.9', { language: 'es', locale: 'es-MX' }],
    ['es;q=0, en', { language: 'en', locale: 'en-US' }],
    ['est', { language: 'en', locale: 'en-US' }],
    [';;q=,,', { language: 'en', locale: 'en-US' }],
    [undefined, { language: 'en', locale: 'en-US' }],
  ])('of %j', (header, tongue) => expect(pickTongue(header)).toEqual(tongue));
});

describe('sums and dates', () => {
  const en = createFormat({ language: 'en', locale: 'en-US' });
  it('are written as the currency and the customer do', () => {
    const plain = (text: string) => text.replaceAll(/\s/g, ' ');
    expect(plain(en.money(49900, 'MXN'))).toBe('MXN 499.00');
    expect(plain(en.money(1200, 'JPY'))).toBe('JPY 1,200');
    expect(plain(createFormat({ language: 'es', locale: 'es-ES' }).money(123456, 'EUR'))).toBe('1234,56 EUR');
    expect(en.day('2026-11-21T23:30:00.000Z')).toBe('November 21, 2026');
    expect(en.day(null)).toBeNull();
  });
});

describe('what the page says of the last form', () => {
  const words = wordsOf.en;
  it('is only what we have words for', () => {
    expect(noticeOf(words, { done: 'canceled' })).toEqual({ isGood: true, text: words.done.canceled });
    expect(noticeOf(words, { failed: 'payment_method_in_use' })?.text).toBe(words.failures.payment_method_in_use);
    expect(noticeOf(words, { failed: 'anything else' })).toEqual({ isGood: false, text: words.failed });
    for (const done of ['toString', 'Call +1 555 now', '', ['canceled']]) expect(noticeOf(words, { done })).toBeNull();
    expect(noticeOf(words, { failed: 'constructor' })?.text).toBe(words.failed);
  });
});

describe('the policy of the page', () => {
  it('allows the one style by its hash, and no script, frame or foreign form', () => {
    const hash = createHash('sha256').update(style).digest('base64');
    expect(contentSecurityPolicy).toContain(`style-src 'sha256-${hash}'`);
    expect(contentSecurityPolicy).toContain("default-src 'none'");
    expect(contentSecurityPolicy).toContain("frame-ancestors 'none'");
    expect(contentSecurityPolicy).not.toMatch(/script-src|unsafe|https?:/);
  });
});

import { describe, expect, it } from 'vitest';
import { checkerOf, documentFile } from '../../contract/openapi/documents.ts';
import type { ExchangeChecker } from '../../contract/openapi/check-exchange.ts';
import recorded from '../../fixtures/openapi/customer-created.json' with { type: 'json' };

interface Recorded {
  readonly url: string;
  readonly status: number;
  readonly requestHeaders: object;
  readonly requestBody: object;
  readonly responseBody: object;
}

const withoutId = (body: object) => Object.fromEntries(Object.entries(body).filter(([name]) => name !== 'id'));

const exchanges = recorded.map((row) => ({
  ...row,
  where: documentFile(row.provider) ? 'here' : 'not on this machine',
}));

describe.each(exchanges)('the official document of $provider ($where)', ({ provider, exchange }) => {
  describe.skipIf(documentFile(provider) === null)('and an exchange held against it', () => {
    const checker: ExchangeChecker | null = documentFile(provider) ? checkerOf(provider) : null;
    const check = (planted: Partial<Recorded> = {}) => {
      const { requestHeaders, requestBody, responseBody, ...rest } = { ...exchange, ...planted };
      const bodies = { requestBody: JSON.stringify(requestBody), responseBody: JSON.stringify(responseBody) };
      const headers = Object.entries(requestHeaders).map(([name, value]) => [name, String(value)] as const);
      return checker?.check({ ...exchange, ...rest, ...bodies, requestHeaders: Object.fromEntries(headers) }, '') ?? [];
    };
    const asRecorded = new Set(check().map((difference) => JSON.stringify(difference)));
    /** What is found beside what the recorded exchange itself differs in. */
    const found = (planted: Partial<Recorded>) =>
      check(planted).filter((difference) => !asRecorded.has(JSON.stringify(difference)));
    const { requestBody, responseBody } = exchange;

    it('fits as it was recorded, but for the media type that a document contradicts itself on', () => {
      expect(check().filter(({ pointer }) => pointer !== '/headers/content-type')).toEqual([]);
    });

    it('reports an answer without a required field', () => {
      expect(found({ responseBody: withoutId(responseBody) })).toMatchObject([
        { side: 'response', pointer: '/body/id', keyword: 'required' },
      ]);
    });

    it('reports an answer with a field that nobody documents', () => {
      expect(found({ responseBody: { ...responseBody, nickname: 'Ada' } })).toMatchObject([
        { side: 'response', pointer: '/body/nickname', keyword: 'undeclared' },
      ]);
    });

    it('reports a request whose field is of the wrong type, or of a wrong name', () => {
      expect(found({ requestBody: { ...requestBody, email: 5 } })).toContainEqual(
        expect.objectContaining({ side: 'request', pointer: '/body/email', keyword: 'type' }),
      );
      expect(found({ requestBody: { ...requestBody, e_mail: 'ada@example.com' } })).toMatchObject([
        { side: 'request', pointer: '/body/e_mail', keyword: 'undeclared' },
      ]);
    });

    it('reports a query, a status and a path that are not documented', () => {
      expect(found({ url: `${exchange.url}?nickname=ada` })).toMatchObject([
        { side: 'request', pointer: '/query/nickname', keyword: 'undeclared' },
      ]);
      expect(found({ status: 207 }).map(({ pointer }) => pointer)).toEqual(['/status']);
      expect(found({ url: 'https://provider.example/nowhere' }).map(({ pointer }) => pointer)).toEqual(['/path']);
    });

    it('reports a request of another API version', () => {
      const headers = { ...exchange.requestHeaders, accept: 'text/plain' };
      expect(found({ requestHeaders: headers }).map(({ pointer }) => pointer)).toContain('/headers/accept');
    });
  });
});

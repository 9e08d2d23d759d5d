import { describe, expect, it } from 'vitest';
import { checkerOf, documentFile } from '../../contract/openapi/documents.ts';
import type { ExchangeChecker } from '../../contract/openapi/check-exchange.ts';
import { objectAt } from '../../contract/openapi/json.ts';
import recorded from '../../fixtures/openapi/customer-created.json' with { type: 'json' };

type Recorded = (typeof recorded)[number]['exchange'];

const withoutId = (body: object) => Object.fromEntries(Object.entries(body).filter(([name]) => name !== 'id'));

describe.each(recorded)('an exchange held against the official document of $provider', ({ provider, exchange }) => {
  describe.skipIf(documentFile(provider) === null)(documentFile(provider) ? '' : 'not on this machine', () => {
    const checker: ExchangeChecker | null = documentFile(provider) ? checkerOf(provider) : null;
    /** What is found beside what the recorded exchange itself differs in. */
    const found = (planted: Partial<Recorded> = {}) => {
      const check = ({ requestBody, responseBody, requestHeaders, ...rest }: Recorded) =>
        checker?.check(
          {
            ...rest,
            requestHeaders: Object.fromEntries(Object.entries(requestHeaders)),
            requestBody: JSON.stringify(requestBody),
            responseBody: JSON.stringify(responseBody),
          },
          '',
        ) ?? [];
      const known = new Set(check(exchange).map((difference) => JSON.stringify(difference)));
      return check({ ...exchange, ...planted }).filter((difference) => !known.has(JSON.stringify(difference)));
    };
    const { requestBody, responseBody } = exchange;
    const planted = (change: object): Partial<Recorded> => Object.assign({}, change);

    it('fits as it was recorded, but for the media type that a document contradicts itself on', () => {
      const differences = checker?.check(
        {
          ...exchange,
          requestHeaders: Object.fromEntries(Object.entries(exchange.requestHeaders)),
          requestBody: JSON.stringify(requestBody),
          responseBody: JSON.stringify(responseBody),
        },
        '',
      );
      expect(differences?.filter(({ pointer }) => pointer !== '/headers/content-type')).toEqual([]);
    });

    it('reports an answer without a required field', () => {
      expect(found(planted({ responseBody: withoutId(responseBody) }))).toMatchObject([
        { side: 'response', pointer: '/body/id', keyword: 'required' },
      ]);
    });

    it('reports an answer with a field that nobody documents', () => {
      expect(found(planted({ responseBody: { ...responseBody, nickname: 'Ada' } }))).toMatchObject([
        { side: 'response', pointer: '/body/nickname', keyword: 'undeclared' },
      ]);
    });

    it('reports a request whose field is of the wrong type, or of a wrong name', () => {
      expect(found(planted({ requestBody: { ...requestBody, email: 5 } }))).toMatchObject([
        { side: 'request', pointer: '/body/email', keyword: 'type' },
      ]);
      expect(found(planted({ requestBody: { ...requestBody, e_mail: 'ada@example.com' } }))).toMatchObject([
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
      const headers = { ...objectAt(exchange.requestHeaders), accept: 'text/plain', 'polar-version': '2024-01' };
      expect(found(planted({ requestHeaders: headers })).map(({ pointer }) => pointer)).toContain('/headers/accept');
    });
  });
});

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ourRejections, rejectionOf, unmeteredCode } from '../../../../src/domain/usage/rejection.ts';

const doc = readFileSync(new URL('../../../../docs/usage-reports.md', import.meta.url), 'utf8');
/** Where items are refused: `code: '…'` of a decision. */
const decisions = ['biller', 'item-step'].map((name) =>
  readFileSync(new URL(`../../../../src/domain/usage/${name}.ts`, import.meta.url), 'utf8'),
);

describe('why usage is rejected', () => {
  it('is documented for each code of ours, and for no other', () => {
    const table = /^\| code +\| fix[\s\S]*?\n\n/m.exec(doc)?.[0] ?? '';
    const documented = [...table.matchAll(/^\| `([a-z_]+)`/gm)].map(([, code]) => code);
    expect(documented).toEqual(Object.keys(ourRejections));
  });

  it('is explained for everything that is decided here', () => {
    const decided = decisions.flatMap((text) =>
      [...text.matchAll(/(?:code: |refused\()'([a-z_]+)'/g)].flatMap(([, code]) => code ?? []),
    );
    expect(decided.length).toBeGreaterThan(4);
    for (const code of [...decided, unmeteredCode]) expect(ourRejections).toHaveProperty(code);
  });

  it('is the provider’s word where it is the provider’s code', () => {
    expect(rejectionOf('archived_customer', 'This customer is archived.').why).toBe('This customer is archived.');
    expect(rejectionOf('archived_customer', null)).toMatchObject({
      ...{ why: expect.stringContaining('archived_customer'), fix: expect.stringContaining('retry') },
    });
    expect(rejectionOf('not_billed', null).why).toMatch(/Nobody bills/);
  });
});

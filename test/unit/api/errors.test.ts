import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { errorPages, refusal } from '../../../src/api/error-codes.ts';
import { httpStatus, statusOf, toBillingError } from '../../../src/api/errors.ts';
import { authorize, authorizeFor, visibleOrganizations, type Caller } from '../../../src/api/caller.ts';
import type { Project } from '../../../src/db/entities/project.ts';
import { BillingError, type ErrorKind } from '../../../src/domain/errors.ts';

const kinds = Object.keys(httpStatus) as ErrorKind[];

describe('errors', () => {
  it.each(kinds)('of kind %s have their status', (kind) => {
    expect(statusOf(new BillingError({ code: 'whatever', kind, message: 'x' }))).toBe(httpStatus[kind]);
  });

  it('take the status of their code where it says more', () => {
    expect(statusOf(refusal('unauthorized', 'x'))).toBe(401);
    expect(statusOf(refusal('invalid_json', 'x'))).toBe(400);
    expect(statusOf(refusal('body_too_large', 'x'))).toBe(413);
  });

  it('from elsewhere become ours', () => {
    const code = (thrown: unknown) => toBillingError(thrown).code;
    expect(code(Object.assign(new Error(), { type: 'entity.too.large' }))).toBe('body_too_large');
    expect(code(Object.assign(new SyntaxError('secret'), { type: 'entity.parse.failed', body: 'secret' }))).toBe(
      'invalid_json',
    );
    expect(code(Object.assign(new Error(), { code: 'ECONNREFUSED' }))).toBe('unavailable');
    expect(code(new Error('duplicate key', { cause: { code: '57P01' } }))).toBe('unavailable');
    expect(code(new TypeError('x is not a function'))).toBe('internal_error');
    expect(code('a string')).toBe('internal_error');
  });

  it('stand in one table each', () => {
    const root = join(import.meta.dirname, '../../../src/api/error-tables');
    const codes = readdirSync(root).flatMap((file) =>
      [...readFileSync(join(root, file), 'utf8').matchAll(/^ {2}([a-z_]+): \{$/gm)].map(([, code]) => code),
    );
    expect(codes.length).toBe(new Set(codes).size);
    expect(new Set(codes)).toEqual(new Set(Object.keys(errorPages)));
  });

  it('have a page for each code that the source names', () => {
    const root = join(import.meta.dirname, '../../../src/api');
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
    const named = files.flatMap((file) =>
      [...readFileSync(join(root, file), 'utf8').matchAll(/(?:efusal|BillingError)\(\s*'([a-z_]+)'/g)].map(
        ([, code]) => code ?? '',
      ),
    );
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((code) => !Object.hasOwn(errorPages, code))).toEqual([]);
  });
});

describe('access', () => {
  const caller = (more: Partial<Caller>): Caller => ({
    project: {} as Project,
    projectId: 'default',
    live: false,
    keyId: 'key_1',
    kind: 'secret',
    scopes: ['billing:read'],
    organizations: null,
    userId: null,
    actor: 'key_1',
    ...more,
  });
  const read = { scope: 'billing:read', permission: 'read' } as const;
  const write = { scope: 'billing:write', permission: 'manage' } as const;
  const session = caller({ kind: 'publishable', scopes: [], organizations: new Map([['a', ['read']]]) });

  it('goes by scope for secret keys', () => {
    expect(() => authorize(caller({}), read)).not.toThrow();
    expect(() => authorize(caller({}), write)).toThrow(expect.objectContaining({ code: 'insufficient_scope' }));
  });

  it('goes by organization and permission for sessions', () => {
    expect(() => authorizeFor(session, read, 'a', 'checkout_not_found')).not.toThrow();
    expect(() => authorizeFor(session, write, 'a', 'checkout_not_found')).toThrow(
      expect.objectContaining({ kind: 'forbidden' }),
    );
    expect(() => authorizeFor(session, read, 'b', 'checkout_not_found')).toThrow(
      expect.objectContaining({ kind: 'not_found' }),
    );
  });

  it('narrows a secret key with a session too', () => {
    const narrowed = caller({ organizations: new Map([['a', ['read']]]) });
    expect(() => authorizeFor(narrowed, read, 'b', 'checkout_not_found')).toThrow(
      expect.objectContaining({ kind: 'not_found' }),
    );
    expect(visibleOrganizations(narrowed, read, undefined)).toEqual(['a']);
  });

  it('needs more than a publishable key alone, unless the route is open', () => {
    const browser = caller({ kind: 'publishable', scopes: [] });
    expect(() => authorize(browser, read)).toThrow(expect.objectContaining({ kind: 'forbidden' }));
    expect(() => authorize(browser, { ...read, openToPublishable: true })).not.toThrow();
    expect(visibleOrganizations(caller({}), read, undefined)).toBeNull();
  });
});

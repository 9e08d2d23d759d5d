import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { openCredentials, sealCredentials } from '../../../src/crypto/account-credentials.ts';
import { createKeyRing } from '../../../src/crypto/key-ring.ts';

const old = { id: 'old', key: randomBytes(32) };
const fresh = { id: 'new', key: randomBytes(32) };
const account = { projectId: 'acme', live: false, provider: 'p' };
const credentials = { KEY: 'value' };

describe('sealed credentials', () => {
  it('open with the key that sealed them, wherever it stands in the ring', () => {
    const sealed = sealCredentials(createKeyRing([old]), account, credentials);
    expect(openCredentials(createKeyRing([fresh, old]), account, sealed)).toEqual(credentials);
    expect(() => openCredentials(createKeyRing([fresh]), account, sealed)).toThrow('not in the ring');
  });

  it.each([
    ['project', { ...account, projectId: 'other' }],
    ['mode', { ...account, live: true }],
    ['provider', { ...account, provider: 'q' }],
  ])('do not open in the row of another %s', (_what, other) => {
    const ring = createKeyRing([old]);
    expect(() => openCredentials(ring, other, sealCredentials(ring, account, credentials))).toThrow('another account');
  });

  it('do not open once a bit has changed', () => {
    const ring = createKeyRing([old]);
    const sealed = sealCredentials(ring, account, credentials);
    sealed.writeUInt8(sealed.readUInt8(sealed.length - 1) ^ 1, sealed.length - 1);
    expect(() => openCredentials(ring, account, sealed)).toThrow();
  });
});

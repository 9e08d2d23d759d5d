import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createKeyRing } from '../../../src/crypto/key-ring.ts';
import { hashLicenseKey, mintLicenseKey, openLicenseKey, sealLicenseKey } from '../../../src/crypto/license-key.ts';

const ring = createKeyRing([{ id: 'k1', key: randomBytes(32) }]);

describe('a license key', () => {
  it('is unlike every other, and shows its last letters alone', () => {
    const minted = Array.from({ length: 1_000 }, () => mintLicenseKey('ACME'));
    expect(new Set(minted.map(({ key }) => key)).size).toBe(1_000);
    for (const { key, displayKey } of minted) {
      expect(key).toMatch(/^ACME(-[0-9A-HJKMNP-TV-Z]{5}){5}$/);
      expect(displayKey).toBe(`ACME-****-${key.slice(-5)}`);
    }
    expect(mintLicenseKey(null).key).toMatch(/^[^-]{5}(-[^-]{5}){4}$/);
  });

  it('is found however it was typed', () => {
    const { key } = mintLicenseKey('ACME');
    expect(hashLicenseKey(` ${key.toLowerCase()}\n`)).toBe(hashLicenseKey(key));
    expect(hashLicenseKey(key.slice(1))).not.toBe(hashLicenseKey(key));
  });

  it('opens for its own grant alone', () => {
    const { key } = mintLicenseKey(null);
    const sealed = sealLicenseKey(ring, 'grant_1', key);
    expect(sealed.toString('latin1')).not.toContain(key);
    expect(openLicenseKey(ring, 'grant_1', sealed)).toBe(key);
    expect(() => openLicenseKey(ring, 'grant_2', sealed)).toThrow('another grant');
  });
});

import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Webhook } from 'standardwebhooks';
import {
  liveSecrets,
  mintEndpointSecret,
  openEndpointSecrets,
  sealEndpointSecrets,
} from '../../../src/crypto/endpoint-secrets.ts';
import { createKeyRing } from '../../../src/crypto/key-ring.ts';

const ring = createKeyRing([{ id: 'k1', key: randomBytes(32) }]);
const key = { projectId: 'p', live: false, id: 'we_1' };

describe('secrets of endpoints', () => {
  it('open as they were sealed, and show nothing sealed', () => {
    const secrets = [{ secret: mintEndpointSecret(), expiresAt: null }];
    const sealed = sealEndpointSecrets(ring, key, secrets);
    expect(openEndpointSecrets(ring, key, sealed)).toEqual(secrets);
    expect(sealed.toString('latin1')).not.toContain(secrets[0]?.secret.slice(6));
  });

  it.each([
    ['another endpoint', { ...key, id: 'we_2' }],
    ['another project', { ...key, projectId: 'q' }],
    ['the other mode', { ...key, live: true }],
  ])('do not open for %s', (_what, other) => {
    const sealed = sealEndpointSecrets(ring, key, [{ secret: mintEndpointSecret(), expiresAt: null }]);
    expect(() => openEndpointSecrets(ring, other, sealed)).toThrow('another endpoint');
  });

  it('are long, never the same, and what receivers’ libraries read', () => {
    const [one, two] = [mintEndpointSecret(), mintEndpointSecret()];
    expect(one).not.toBe(two);
    expect(Buffer.from(one.replace('whsec_', ''), 'base64')).toHaveLength(32);
    expect(() => new Webhook(one).sign('evt_1', new Date(), '{}')).not.toThrow();
  });

  it('sign until they expire, the newest first', () => {
    const at = (ms: number) => new Date(Date.UTC(2026, 0, 1) + ms);
    const secrets = [
      { secret: 'new', expiresAt: null },
      { secret: 'old', expiresAt: at(1_000).toISOString() },
    ];
    expect(liveSecrets(secrets, at(999))).toEqual(['new', 'old']);
    expect(liveSecrets(secrets, at(1_000))).toEqual(['new']);
  });
});

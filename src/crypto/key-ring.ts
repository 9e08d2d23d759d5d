import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** Encrypts with its first key and reads with any: keys rotate by putting a new one in front. */
export interface KeyRing {
  /** AES-256-GCM; the result names its key. */
  encrypt(plain: Uint8Array): Buffer;
  /** @throws {Error} when the key has been removed, or the bytes were changed. */
  decrypt(sealed: Uint8Array): Buffer;
  /**
   * Keys for another purpose, one of each of the ring's, the writing one first: 32 bytes by HKDF-SHA256, from which the
   * ring's own cannot be told.
   */
  derive(purpose: string): readonly [Buffer, ...Buffer[]];
}

export interface EncryptionKey {
  readonly id: string;
  /** 32 bytes. */
  readonly key: Buffer;
}

const ivBytes = 12;
const tagBytes = 16;

/** Layout: length of the key id (1 byte), key id, IV (12), tag (16), ciphertext. The key id is authenticated. */
export function createKeyRing(keys: readonly [EncryptionKey, ...EncryptionKey[]]): KeyRing {
  const byId = new Map(keys.map((entry) => [entry.id, entry.key]));
  const writer = keys[0];
  const writerId = Buffer.from(writer.id);
  const prefix = Buffer.concat([Buffer.from([writerId.length]), writerId]);
  return {
    encrypt(plain) {
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv('aes-256-gcm', writer.key, iv).setAAD(writerId);
      const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
      return Buffer.concat([prefix, iv, cipher.getAuthTag(), sealed]);
    },
    decrypt(sealed) {
      const bytes = Buffer.from(sealed);
      const idEnd = 1 + (bytes[0] ?? 0);
      const id = bytes.subarray(1, idEnd);
      const key = byId.get(id.toString());
      if (!key) throw new Error('the key that sealed these bytes is not in the ring');
      const iv = bytes.subarray(idEnd, idEnd + ivBytes);
      const tag = bytes.subarray(idEnd + ivBytes, idEnd + ivBytes + tagBytes);
      const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: tagBytes }).setAAD(id).setAuthTag(tag);
      return Buffer.concat([decipher.update(bytes.subarray(idEnd + ivBytes + tagBytes)), decipher.final()]);
    },
    derive(purpose) {
      const from = ({ key }: EncryptionKey) => Buffer.from(hkdfSync('sha256', key, '', purpose, 32));
      const [, ...older] = keys;
      return [from(writer), ...older.map(from)];
    },
  };
}

/**
 * Reads `id:base64key,id:base64key`; the first writes.
 *
 * @returns the faults instead, without quoting any key.
 */
export function parseEncryptionKeys(
  text: string,
): { readonly keys: readonly [EncryptionKey, ...EncryptionKey[]] } | { readonly faults: readonly string[] } {
  const faults: string[] = [];
  const keys = text.split(',').map((entry, index): EncryptionKey => {
    const at = entry.indexOf(':');
    const id = entry.slice(0, at).trim();
    const key = Buffer.from(entry.slice(at + 1).trim(), 'base64');
    if (at < 1 || !/^[A-Za-z0-9_-]{1,32}$/.test(id)) faults.push(`entry ${index + 1} has no key id before a colon`);
    else if (key.length !== 32) faults.push(`key ${id} is not 32 bytes in base64`);
    else if (new Set(key).size < 8) faults.push(`key ${id} is not random`);
    return { id, key };
  });
  if (new Set(keys.map((entry) => entry.id)).size < keys.length) faults.push('a key id repeats');
  const [first, ...rest] = keys;
  return faults.length > 0 || !first ? { faults } : { keys: [first, ...rest] };
}

import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import type { KeyRing } from './key-ring.ts';

/** Stored in every signed report: another purpose is another key. */
const purpose = 'plinto-billing/migration-proof/1';
/** What DER has before the 32 bytes of an Ed25519 seed (RFC 8410, 7). */
const derPrefix = Buffer.from('302e020100300506032b657004220420', 'hex');

export interface ProofPublicKey {
  /** The first 16 hex digits of the key's SHA-256: it names itself. */
  readonly id: string;
  /** The 32 bytes of the Ed25519 public key, base64. */
  readonly publicKey: string;
}

export interface ProofSignature extends ProofPublicKey {
  /** 64 bytes, base64. */
  readonly signature: string;
}

/** Ed25519 (RFC 8032) over the text's UTF-8, by a key derived from the ring's first: nothing more to keep or to lose. */
export function signProof(ring: KeyRing, text: string): ProofSignature {
  const key = privateKey(ring.derive(purpose)[0]);
  return { ...publicPart(key), signature: sign(null, Buffer.from(text), key).toString('base64') };
}

/** The present key first, then those of the ring's older ones: what they signed can still be verified. */
export function proofPublicKeys(ring: KeyRing): readonly ProofPublicKey[] {
  return ring.derive(purpose).map((seed) => publicPart(privateKey(seed)));
}

function privateKey(seed: Buffer) {
  return createPrivateKey({ key: Buffer.concat([derPrefix, seed]), format: 'der', type: 'pkcs8' });
}

function publicPart(key: ReturnType<typeof privateKey>): ProofPublicKey {
  const raw = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32);
  return { id: createHash('sha256').update(raw).digest('hex').slice(0, 16), publicKey: raw.toString('base64') };
}

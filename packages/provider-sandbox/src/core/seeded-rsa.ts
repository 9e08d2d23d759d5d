import { checkPrimeSync, createPrivateKey, createPublicKey } from 'node:crypto';
import type { RandomStream } from './random.ts';

const PRIME_BYTES = 128;
const EXPONENT = 65_537n;

const toBigInt = (bytes: Buffer): bigint => BigInt(`0x${bytes.toString('hex')}`);

function toBase64Url(value: bigint): string {
  const hex = value.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex').toString('base64url');
}

/** Extended Euclid; `value` and `modulus` have no common divisor. */
function inverse(value: bigint, modulus: bigint): bigint {
  let [before, rest] = [modulus, value % modulus];
  let [left, right] = [0n, 1n];
  while (rest > 0n) {
    const times = before / rest;
    [before, rest] = [rest, before - times * rest];
    [left, right] = [right, left - times * right];
  }
  return ((left % modulus) + modulus) % modulus;
}

function drawPrime(stream: RandomStream): bigint {
  const drawn = stream.bytes(PRIME_BYTES);
  // The two highest bits make the product 2048 bits long.
  drawn[0] = (drawn[0] ?? 0) | 0xc0;
  let candidate = toBigInt(drawn) | 1n;
  while (!checkPrimeSync(candidate) || (candidate - 1n) % EXPONENT === 0n) candidate += 2n;
  return candidate;
}

/**
 * A 2048-bit RSA key pair in PEM, the same for the same stream: the system's generator cannot be seeded. For test data
 * only; whoever knows the seed knows the key.
 */
export function seededRsaPair(stream: RandomStream): { publicKey: string; privateKey: string } {
  const [first, second] = [drawPrime(stream), drawPrime(stream)];
  const [p, q] = first > second ? [first, second] : [second, first];
  const d = inverse(EXPONENT, (p - 1n) * (q - 1n));
  const parts = { n: p * q, e: EXPONENT, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: inverse(q, p) };
  const encoded = Object.fromEntries(Object.entries(parts).map(([name, value]) => [name, toBase64Url(value)]));
  const key = createPrivateKey({ key: { kty: 'RSA', ...encoded }, format: 'jwk' });
  return {
    privateKey: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString(),
  };
}

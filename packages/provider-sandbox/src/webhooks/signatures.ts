import { createHmac, createSign } from 'node:crypto';

/** `Stripe-Signature`: the key is the whole `whsec_…` text; several secrets give several `v1`. */
export function stripeSignature(secrets: readonly string[], timestampS: number, body: string): string {
  const digests = secrets.map(
    (secret) => `v1=${createHmac('sha256', secret).update(`${timestampS}.${body}`).digest('hex')}`,
  );
  return [`t=${timestampS}`, ...digests].join(',');
}

export type PolarKeyEra = 'standard' | 'legacy';

/**
 * `webhook-signature` of Polar. A `standard` secret is decoded from base64 after its prefix; a `legacy` one (born
 * before 2026-09-08) is keyed with the UTF-8 bytes of the whole text.
 */
export function polarSignature(input: {
  secret: string;
  era: PolarKeyEra;
  id: string;
  timestampS: number;
  body: string;
}): string {
  const key =
    input.era === 'legacy'
      ? Buffer.from(input.secret, 'utf8')
      : Buffer.from(input.secret.replace(/^whsec_/, ''), 'base64');
  const signed = createHmac('sha256', key).update(`${input.id}.${input.timestampS}.${input.body}`).digest('base64');
  return `v1,${signed}`;
}

/** `DIGEST` of Conekta: RSASSA-PKCS1-v1_5 with SHA-256 over the raw body, in base64. */
export function conektaDigest(privateKeyPem: string, body: string): string {
  return createSign('RSA-SHA256').update(body, 'utf8').sign(privateKeyPem, 'base64');
}

/** `x-fngs-signature` of Fungies: no timestamp is signed, and an underscore stands where others have `=`. */
export function fungiesSignature(secret: string, body: string): string {
  return `sha256_${createHmac('sha256', secret).update(body).digest('hex')}`;
}

import { createVerify, generateKeyPairSync } from 'node:crypto';
import { webhooks } from '@polar-sh/sdk/2026-10';
import Stripe from 'stripe';
import { describe, expect, it } from 'vitest';
import { conektaDigest, polarSignature, stripeSignature } from '../src/webhooks/signatures.ts';

describe('webhook signatures', () => {
  it("reproduces Stripe's worked example", () => {
    const body = '{"id":"evt_1SimExample0001","object":"event","type":"invoice.paid"}';
    const secret = 'whsec_example_not_a_real_secret';
    const header = stripeSignature([secret], 1_790_000_000, body);
    expect(header).toBe('t=1790000000,v1=781b7ca59b164e98a631e765b66b601c88cf446855f69718130bc018c95c9103');
    const event = new Stripe('sk_test_x').webhooks.constructEvent(
      body,
      header,
      secret,
      300,
      undefined,
      1_790_000_300_000,
    );
    expect(event.type).toBe('invoice.paid');
  });

  const polar = {
    secret: 'whsec_MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXY=',
    id: '7a1f6f0e-2c7e-4d2a-9b1e-5f3b8c9d0e11',
    timestampS: 1_790_000_000,
    body: '{"type":"order.paid","timestamp":"2026-09-21T13:33:20Z","api_version":"2026-10","data":{"id":"b6a1c2d3-4e5f-4a6b-8c7d-9e0f1a2b3c4d"}}',
  };

  it("reproduces Polar's worked example in both key eras", () => {
    expect(polarSignature({ ...polar, era: 'standard' })).toBe('v1,deyAJX5TTlrzUUPx/FcxZc9sRJHTMgEG+z67LkEIQTg=');
    expect(polarSignature({ ...polar, era: 'legacy' })).toBe('v1,iNsqY1pTg/cNyCp7kC8Z2iHFgQUB15qZ1ElTWiZIEOE=');
  });

  it.each(['standard', 'legacy'] as const)("signs what Polar's SDK accepts (%s)", async (era) => {
    const timestampS = Math.floor(Date.now() / 1000);
    const headers = {
      'webhook-id': polar.id,
      'webhook-timestamp': String(timestampS),
      'webhook-signature': polarSignature({ ...polar, timestampS, era }),
    };
    await expect(webhooks.validateEvent(polar.body, headers, polar.secret)).resolves.toMatchObject({
      type: 'order.paid',
    });
  });

  it('signs for Conekta with PKCS#1 v1.5 and SHA-256 over the raw bytes', () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    const digest = conektaDigest(privateKey, '{"name":"Suscripción Básica"}');
    expect(Buffer.from(digest, 'base64')).toHaveLength(256);
    const verifies = (body: string): boolean =>
      createVerify('RSA-SHA256').update(body).verify(publicKey, digest, 'base64');
    expect(verifies('{"name":"Suscripción Básica"}')).toBe(true);
    expect(verifies('{"name": "Suscripción Básica"}')).toBe(false);
  });
});

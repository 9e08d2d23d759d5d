import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fungiesWebhook } from '../../../../src/providers/fungies/webhook.ts';
import events from '../../../fixtures/fungies/events.json' with { type: 'json' };

const vector = {
  secret: 'whk_test_secret',
  rawBody: Buffer.from('{"id":"evt-1","type":"payment_success","testMode":true}'),
  signature: 'sha256_e7fc16f94f988fc04898fe24c4a281deee46790b95cbc686e831542582a4cd75',
};
const verify = (input: { rawBody?: Buffer; signature?: string; secrets?: readonly string[] } = {}): boolean =>
  fungiesWebhook.verify({
    rawBody: input.rawBody ?? vector.rawBody,
    headers: { 'x-fngs-signature': 'signature' in input ? input.signature : vector.signature },
    secrets: input.secrets ?? [vector.secret],
    nowMs: 0,
  });
const parse = (event: unknown) => fungiesWebhook.parse({ rawBody: Buffer.from(JSON.stringify(event)), headers: {} });

describe('Fungies signatures', () => {
  it('accept the vendor’s form over the raw bytes, whichever live secret signed', () => {
    expect(verify()).toBe(true);
    expect(verify({ secrets: ['whk_new', vector.secret] })).toBe(true);
  });

  it('refuse another spelling, body, length or secret, and no secret at all', () => {
    const hex = vector.signature.slice('sha256_'.length);
    for (const signature of [`sha256=${hex}`, hex, `sha256_${hex.slice(1)}`, `sha256_${hex}0`, 'sha256_', ''])
      expect(verify({ signature })).toBe(false);
    expect(verify({ rawBody: Buffer.from(`${vector.rawBody.toString()} `) })).toBe(false);
    expect(verify({ secrets: ['whk_other'] })).toBe(false);
    expect(verify({ secrets: [] })).toBe(false);
  });

  it('are over bytes, not characters', () => {
    const rawBody = Buffer.from('{"name":"Suscripción"}', 'latin1');
    const signature = `sha256_${createHmac('sha256', vector.secret).update(rawBody).digest('hex')}`;
    expect(verify({ rawBody, signature })).toBe(true);
    expect(verify({ rawBody: Buffer.from(rawBody.toString('latin1')), signature })).toBe(false);
  });
});

describe('Fungies events', () => {
  it.each([
    ['payment_success', 'payment', 'pay-1', true],
    ['payment_failed', 'payment', 'pay-1', true],
    ['payment_refunded', 'payment', 'pay-1', true],
    ['subscription_updated', 'subscription', 'S3oQQCCw7wOC6VeO', true],
    ['subscription_cancelled', 'subscription', 'S3oQQCCw7wOC6VeO', true],
    ['subscription_created', 'subscription', 'S3oQQCCw7wOC6VeO', false],
    ['subscription_interval', 'subscription', 'S3oQQCCw7wOC6VeO', false],
  ] as const)('%s is about the %s', (type, objectKind, objectId, isDecisive) => {
    const fact = parse(events[type]);
    expect(fact).toMatchObject({ type, objectKind, objectId, isDecisive, live: true, eventId: events[type].id });
    expect(fact.related).toContainEqual({ kind: 'customer', id: 'u-1' });
    expect(fact.related).not.toContainEqual({ kind: objectKind, id: objectId });
  });

  it('make a trial known, which no payment tells of', () => {
    const created = events.subscription_created;
    const subscription = { ...created.data.subscription, status: 'trialing' };
    expect(parse({ ...created, data: { ...created.data, subscription } }).isDecisive).toBe(true);
  });

  it('tell our checkout, the test mode and the key to remember', () => {
    const { data, ...envelope } = events.payment_success;
    const [item] = data.items;
    const asObject = { ...data, items: [{ ...item, customFields: { checkout_id: 'chk_1' } }] };
    const asList = {
      ...data,
      items: [{ ...item, quantity: '1', customFields: [{ id: 'checkout_id', value: 'chk_1' }] }],
    };
    expect(parse({ ...envelope, testMode: true, idempotencyKey: 'key', data: asObject })).toMatchObject({
      checkoutId: 'chk_1',
      live: false,
      eventId: 'key',
    });
    expect(parse({ ...envelope, idempotencyKey: null, data: asList })).toMatchObject({
      checkoutId: 'chk_1',
      eventId: envelope.id,
    });
  });

  it('are read though a dashboard test sends hardly anything', () => {
    const data = { items: [], customer: { id: 'u-9' }, subscription: { id: 'S1' } };
    expect(parse({ id: 'e', type: 'subscription_updated', testMode: true, data })).toMatchObject({
      objectId: 'S1',
      checkoutId: null,
      related: [{ kind: 'customer', id: 'u-9' }],
    });
    expect(() => parse({ id: 'e' })).toThrow('not a Fungies event');
  });
});

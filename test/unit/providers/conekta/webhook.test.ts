import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { conektaWebhook } from '../../../../src/providers/conekta/webhook.ts';
import signed from '../../../fixtures/conekta/webhook-signed.json' with { type: 'json' };

const rawBody = Buffer.from(signed.body, 'utf8');
const otherKey = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .publicKey.export({ type: 'spki', format: 'pem' })
  .toString();
const check = (input: { body?: Buffer; digest?: string; secrets?: string[] }): boolean =>
  conektaWebhook.verify({
    rawBody: input.body ?? rawBody,
    headers: { digest: input.digest ?? signed.digest },
    secrets: input.secrets ?? [signed.public_key],
    nowMs: 0,
  });

describe('Conekta webhook signatures', () => {
  it('accepts the reference vector, with any of the live keys', () => {
    expect(rawBody).toHaveLength(348);
    expect(check({})).toBe(true);
    expect(check({ secrets: [otherKey, signed.public_key] })).toBe(true);
  });

  it('refuses tampered, unsigned and foreign messages, and keys that are none', () => {
    expect(check({ body: Buffer.from(signed.body.replace('20000', '20001')) })).toBe(false);
    expect(check({ body: Buffer.from(signed.body, 'latin1') })).toBe(false);
    expect(check({ digest: '' })).toBe(false);
    expect(check({ digest: 'AAAA' })).toBe(false);
    expect(check({ secrets: [otherKey] })).toBe(false);
    expect(check({ secrets: ['not a key'] })).toBe(false);
  });
});

describe('Conekta webhook messages', () => {
  const parse = (type: string, object: Record<string, unknown>) =>
    conektaWebhook.parse({
      rawBody: Buffer.from(JSON.stringify({ id: 'e1', type, livemode: false, data: { object } })),
      headers: {},
    });

  it('finds the checkout of a paid order', () => {
    const order = {
      id: 'ord_1',
      checkout: { id: 'c1' },
      customer_info: { customer_id: 'cus_1' },
      metadata: { checkout_id: 'chk_1' },
    };
    expect(parse('order.paid', order)).toMatchObject({
      eventId: 'e1',
      live: false,
      objectKind: 'order',
      objectId: 'ord_1',
      checkoutId: 'chk_1',
      isDecisive: true,
    });
    expect(parse('charge.paid', { id: 'ch', order_id: 'ord_1' })).toMatchObject({
      related: [{ kind: 'order', id: 'ord_1' }],
      isDecisive: false,
    });
  });

  it('leaves the order of a renewal to the subscription', () => {
    expect(parse('order.paid', { id: 'ord_2', customer_info: { customer_id: 'cus_1' }, metadata: {} }).isDecisive).toBe(
      false,
    );
    expect(
      parse('subscription.paid', { id: 'sub_1', customer_id: 'cus_1', last_billing_cycle_order_id: 'ord_2' }),
    ).toMatchObject({
      objectKind: 'subscription',
      objectId: 'sub_1',
      related: [
        { kind: 'order', id: 'ord_2' },
        { kind: 'customer', id: 'cus_1' },
      ],
      isDecisive: true,
    });
  });

  it('notes a ping and refuses what is no event', () => {
    const ping = Buffer.from('{"id":"e2","type":"webhook_ping","data":{"action":"ping","livemode":false}}');
    expect(conektaWebhook.parse({ rawBody: ping, headers: {} })).toMatchObject({ objectId: 'e2', isDecisive: false });
    expect(() => conektaWebhook.parse({ rawBody: Buffer.from('nonsense'), headers: {} })).toThrow(
      /not a Conekta event/,
    );
  });
});

describe('Conekta chargebacks', () => {
  const parse = (object: Record<string, unknown>, type = 'charge.chargeback.created') =>
    conektaWebhook.parse({
      rawBody: Buffer.from(JSON.stringify({ id: 'evt', type, livemode: true, created_at: 1, data: { object } })),
      headers: {},
    });

  it('are disputes where the message shows both ids, else their charge', () => {
    const charge = { object: 'charge', id: 'ch_1', order_id: 'ord_1', chargeback: { id: 'chbk_1' } };
    expect(parse(charge)).toMatchObject({ objectKind: 'dispute', objectId: 'ord_1/chbk_1', isDecisive: true });
    expect(parse(charge).related).toEqual([
      { kind: 'order', id: 'ord_1' },
      { kind: 'charge', id: 'ch_1' },
    ]);
    expect(parse({ object: 'chargeback', id: 'chbk_1', charge_id: 'ch_1' })).toMatchObject({
      objectKind: 'charge',
      objectId: 'ch_1',
      isDecisive: true,
    });
  });

  it('are all that a charge tells a workflow', () => {
    expect(parse({ object: 'charge', id: 'ch_1', order_id: 'ord_1' }, 'charge.created').isDecisive).toBe(false);
    expect(parse({ object: 'charge', id: 'ch_1', order_id: 'ord_1' }, 'charge.paid').isDecisive).toBe(false);
  });
});

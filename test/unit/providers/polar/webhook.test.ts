import { webhooks } from '@polar-sh/sdk/2026-10';
import { describe, expect, it, vi } from 'vitest';
import { POLAR_EVENTS } from '../../../../src/providers/polar/webhook-events.ts';
import { polarWebhook } from '../../../../src/providers/polar/webhook.ts';
import refundFixture from '../../../fixtures/polar/refund.json' with { type: 'json' };

const secret = 'whsec_MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXY=';
const timestamp = 1790000000;
const rawBody = Buffer.from(
  '{"type":"order.paid","timestamp":"2026-09-21T13:33:20Z","api_version":"2026-10","data":{"id":"b6a1c2d3-4e5f-4a6b-8c7d-9e0f1a2b3c4d"}}',
);
const current = 'v1,deyAJX5TTlrzUUPx/FcxZc9sRJHTMgEG+z67LkEIQTg=';
const legacy = 'v1,iNsqY1pTg/cNyCp7kC8Z2iHFgQUB15qZ1ElTWiZIEOE=';
const headersWith = (signature: string): Record<string, string> => ({
  'webhook-id': '7a1f6f0e-2c7e-4d2a-9b1e-5f3b8c9d0e11',
  'webhook-timestamp': String(timestamp),
  'webhook-signature': signature,
});
const check = (input: { signature?: string; secrets?: string[]; body?: Buffer; afterS?: number }): boolean =>
  polarWebhook.verify({
    rawBody: input.body ?? rawBody,
    headers: headersWith(input.signature ?? current),
    secrets: input.secrets ?? [secret],
    nowMs: (timestamp + (input.afterS ?? 10)) * 1000,
  });

describe('Polar webhook signatures', () => {
  it.each([current, legacy, `v1,AAAA ${current}`])('accepts %s', (signature) => {
    expect(check({ signature })).toBe(true);
  });

  it('agrees with the SDK', async () => {
    vi.useFakeTimers({ now: (timestamp + 10) * 1000 });
    const event = await webhooks.validateEvent(rawBody.toString(), headersWith(legacy), secret);
    vi.useRealTimers();
    expect(event.type).toBe('order.paid');
    expect(check({ signature: legacy })).toBe(true);
  });

  it('accepts the previous secret during a rotation', () => {
    expect(check({ secrets: ['whsec_bmV3', secret] })).toBe(true);
    expect(check({ secrets: ['whsec_bmV3'] })).toBe(false);
  });

  it('refuses tampered, stale and unsigned messages', () => {
    expect(check({ body: Buffer.concat([rawBody, Buffer.from(' ')]) })).toBe(false);
    expect(check({ afterS: 301 })).toBe(false);
    expect(check({ afterS: -301 })).toBe(false);
    expect(check({ signature: 'v1,AAAA' })).toBe(false);
    expect(check({ signature: '' })).toBe(false);
    expect(check({ secrets: [] })).toBe(false);
  });
});

describe('Polar webhook messages', () => {
  const parse = (type: string, data: Record<string, unknown>) =>
    polarWebhook.parse({ rawBody: Buffer.from(JSON.stringify({ type, data })), headers: headersWith(current) });

  it('finds the checkout of an order by our metadata and by ids', () => {
    const data = {
      id: 'o1',
      checkout_id: 'c1',
      subscription_id: 's1',
      customer_id: 'u1',
      metadata: { checkout_id: 'chk_1' },
    };
    expect(parse('order.paid', data)).toEqual({
      eventId: '7a1f6f0e-2c7e-4d2a-9b1e-5f3b8c9d0e11',
      type: 'order.paid',
      live: null,
      objectKind: 'order',
      objectId: 'o1',
      checkoutId: 'chk_1',
      related: [
        { kind: 'checkout', id: 'c1' },
        { kind: 'subscription', id: 's1' },
        { kind: 'customer', id: 'u1' },
      ],
      isDecisive: true,
    });
  });

  it.each([
    'order.created',
    'order.updated',
    'checkout.updated',
    'subscription.created',
    'subscription.active',
    'customer.state_changed',
  ])('only notes %s of a paid order', (type) => {
    expect(parse(type, { id: 'x', paid: true, total_amount: 100 }).isDecisive).toBe(false);
  });

  it.each(Object.entries(POLAR_EVENTS))('reads %s, which is %s', (type, use) => {
    const fact = parse(type, { id: 'x', metadata: null });
    expect(fact).toMatchObject({ type, objectKind: type.split('.')[0], objectId: 'x', checkoutId: null });
    expect(fact.isDecisive).toBe(use === 'decisive');
  });

  it('only notes what Polar may add one day', () => {
    expect(parse('order.completed', { id: 'x' }).isDecisive).toBe(false);
  });

  it('hears of an order of nothing by its creation too', () => {
    expect(parse('order.created', { id: 'x', paid: true, total_amount: 0 }).isDecisive).toBe(true);
  });

  it('finds the order of a refund that failed later', () => {
    expect(parse('refund.updated', { ...refundFixture, status: 'failed' })).toMatchObject({
      objectKind: 'refund',
      objectId: refundFixture.id,
      related: [
        { kind: 'order', id: refundFixture.order_id },
        { kind: 'customer', id: refundFixture.customer_id },
      ],
      isDecisive: true,
    });
  });

  it('refuses what is no event', () => {
    expect(() => polarWebhook.parse({ rawBody: Buffer.from('{}'), headers: headersWith(current) })).toThrow(
      /not a Polar event/,
    );
  });
});

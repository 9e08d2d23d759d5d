import Stripe from 'stripe';
import { describe, expect, it } from 'vitest';
import { refusedUsage } from '../../../../src/providers/port.ts';
import { stripeWebhook } from '../../../../src/providers/stripe/webhook.ts';
import completed from '../../../fixtures/stripe/event-checkout-completed.json' with { type: 'json' };
import meterReport from '../../../fixtures/stripe/event-meter-error-report.json' with { type: 'json' };
import renewal from '../../../fixtures/stripe/event-renewal-paid.json' with { type: 'json' };

const secret = 'whsec_example_not_a_real_secret';
const rawBody = Buffer.from('{"id":"evt_1SimExample0001","object":"event","type":"invoice.paid"}');
const header = 't=1790000000,v1=781b7ca59b164e98a631e765b66b601c88cf446855f69718130bc018c95c9103';
const check = (input: { header?: string; secrets?: string[]; body?: Buffer; nowMs?: number }): boolean =>
  stripeWebhook.verify({
    rawBody: input.body ?? rawBody,
    headers: { 'stripe-signature': input.header ?? header },
    secrets: input.secrets ?? [secret],
    nowMs: input.nowMs ?? 1790000300_000,
  });

describe('Stripe webhook signatures', () => {
  it('accepts the reference vector, any v1 of several, and any live secret', () => {
    expect(check({})).toBe(true);
    expect(check({ header: header.replace(',v1=', ',v1=00,v1=') })).toBe(true);
    expect(check({ secrets: ['whsec_new', secret] })).toBe(true);
  });

  it('accepts what the SDK signs', () => {
    const nowMs = Date.now();
    const made = Stripe.webhooks.generateTestHeaderString({
      payload: rawBody.toString(),
      secret,
      timestamp: Math.floor(nowMs / 1000),
    });
    expect(check({ header: made, nowMs })).toBe(true);
  });

  it('refuses tampered, stale, decoy and unsigned messages', () => {
    expect(check({ body: Buffer.concat([rawBody, Buffer.from(' ')]) })).toBe(false);
    expect(check({ nowMs: 1790000301_000 })).toBe(false);
    expect(check({ header: header.replace('v1=', 'v0=') })).toBe(false);
    expect(check({ header: '' })).toBe(false);
    expect(check({ secrets: ['whsec_other'] })).toBe(false);
  });
});

describe('Stripe webhook messages', () => {
  const parse = (event: unknown) => stripeWebhook.parse({ rawBody: Buffer.from(JSON.stringify(event)), headers: {} });
  const event = (type: string, object: Record<string, unknown>, previous_attributes?: Record<string, unknown>) =>
    parse({ id: 'evt_x', object: 'event', type, livemode: true, data: { object, previous_attributes } });

  it('finds the checkout of a completed session', () => {
    expect(parse(completed)).toMatchObject({
      objectKind: 'checkout.session',
      objectId: 'cs_test_1',
      checkoutId: 'chk_1',
      live: false,
      related: [
        { kind: 'payment_intent', id: 'pi_1' },
        { kind: 'customer', id: 'cus_1' },
      ],
      isDecisive: true,
    });
  });

  it('routes a renewal by its subscription', () => {
    expect(parse(renewal)).toMatchObject({
      objectKind: 'invoice',
      related: [
        { kind: 'subscription', id: 'sub_1' },
        { kind: 'customer', id: 'cus_1' },
      ],
      isDecisive: true,
    });
  });

  it('names our own subscription, which may be all that is known of one begun without a page', () => {
    const own = { kind: 'our_subscription', id: 'sub_ours' };
    const metadata = { subscription_id: 'sub_ours' };
    expect(event('customer.subscription.updated', { id: 'sub_1', object: 'subscription', metadata }).related).toEqual([
      own,
    ]);
    const invoice = { id: 'in_1', object: 'invoice', billing_reason: 'subscription_create' };
    const parent = { subscription_details: { subscription: 'sub_1', metadata } };
    expect(event('invoice.paid', { ...invoice, parent })).toMatchObject({
      related: [{ kind: 'subscription', id: 'sub_1' }, own],
      isDecisive: true,
    });
  });

  it('hears of the first payment of a hosted checkout once', () => {
    const metadata = { checkout_id: 'chk_1' };
    const first = {
      ...{ id: 'in_1', object: 'invoice', billing_reason: 'subscription_create' },
      parent: { subscription_details: { subscription: 'sub_1', metadata } },
    };
    expect(event('invoice.paid', first).isDecisive).toBe(false);
    expect(event('payment_intent.succeeded', { id: 'pi_1', object: 'payment_intent' }).isDecisive).toBe(false);
    const subscription = { id: 'sub_1', object: 'subscription', metadata };
    expect(
      event('customer.subscription.updated', subscription, { status: 'incomplete', latest_invoice: 'in_0' }).isDecisive,
    ).toBe(false);
    expect(event('customer.subscription.updated', subscription, { latest_invoice: 'in_0' }).isDecisive).toBe(false);
    expect(event('customer.subscription.updated', subscription, { status: 'active' }).isDecisive).toBe(true);
  });

  it('hears of the first payment of a subscription begun without a page', () => {
    const first = { id: 'in_1', object: 'invoice', billing_reason: 'subscription_create' };
    expect(event('invoice.paid', first).isDecisive).toBe(true);
    const subscription = { id: 'sub_1', object: 'subscription', metadata: { subscription_id: 'sub_ours' } };
    expect(event('customer.subscription.updated', subscription, { status: 'incomplete' }).isDecisive).toBe(true);
  });

  it('reads thin events', () => {
    const thin = {
      id: 'evt_t',
      object: 'v2.core.event',
      type: 'v1.invoice.paid',
      created: '2026-10-01T00:00:00Z',
      livemode: false,
    };
    const related_object = { id: 'in_9', type: 'invoice', url: '/v1/invoices/in_9' };
    expect(parse({ ...thin, related_object })).toMatchObject({
      objectKind: 'invoice',
      objectId: 'in_9',
      isDecisive: true,
    });
  });

  it('has notices of refused usage read, whether or not they name a meter', () => {
    const noMeter = { ...meterReport, id: 'evt_t', type: 'v1.billing.meter.no_meter_found', related_object: null };
    expect(parse(noMeter)).toMatchObject({
      ...{ eventId: 'evt_t', objectKind: refusedUsage, objectId: 'evt_t', related: [], isDecisive: true },
    });
    const meter = { id: 'mtr_1', type: 'billing.meter', url: '/v1/billing/meters/mtr_1' };
    expect(parse({ ...meterReport, related_object: meter })).toMatchObject({
      objectKind: refusedUsage,
      objectId: meterReport.id,
      related: [{ kind: 'billing.meter', id: 'mtr_1' }],
      isDecisive: true,
    });
  });

  it('hears of direct charges by their intent, of all others by what they belong to', () => {
    const intent = { id: 'pi_1', object: 'payment_intent' };
    const ours = { ...intent, metadata: { business_id: 'inv_1' } };
    expect(event('payment_intent.succeeded', ours).isDecisive).toBe(true);
    expect(event('payment_intent.payment_failed', intent).isDecisive).toBe(false);
    const setup = { id: 'seti_1', object: 'setup_intent', customer: 'cus_1' };
    expect(event('setup_intent.succeeded', setup).isDecisive).toBe(true);
    expect(event('setup_intent.succeeded', { ...setup, metadata: { checkout_id: 'c' } }).isDecisive).toBe(false);
  });

  it('hears of money that goes back and comes again', () => {
    const refund = { id: 're_1', object: 'refund', charge: 'ch_1', payment_intent: 'pi_1' };
    expect(event('refund.failed', refund)).toMatchObject({
      isDecisive: true,
      related: [
        { kind: 'charge', id: 'ch_1' },
        { kind: 'payment_intent', id: 'pi_1' },
      ],
    });
    expect(event('refund.updated', refund, { status: 'pending' }).isDecisive).toBe(true);
    expect(event('refund.updated', refund, { destination_details: null }).isDecisive).toBe(false);
    const dispute = { id: 'du_1', object: 'dispute', charge: 'ch_1' };
    for (const type of ['created', 'updated', 'closed'])
      expect(event(`charge.dispute.${type}`, dispute)).toMatchObject({ objectKind: 'dispute', isDecisive: true });
    expect(event('charge.dispute.funds_withdrawn', dispute).isDecisive).toBe(false);
  });

  it('refuses what is no event', () => {
    expect(() => parse({ object: 'list' })).toThrow(/not a Stripe event/);
  });
});

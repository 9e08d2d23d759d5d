import { describe, expect, it } from 'vitest';
import { fromStripeAmount, toStripeAmount } from '../../../../src/providers/stripe/amount.ts';
import { checkoutState, mapCheckout } from '../../../../src/providers/stripe/map.ts';
import { directPayment } from '../../../../src/providers/stripe/map-payment.ts';
import {
  invoiceStatus,
  mapProviderInvoice,
  subscriptionStatus,
} from '../../../../src/providers/stripe/map-subscription.ts';
import { stripeInvoice, stripePaymentIntent, stripeSession } from '../../../../src/providers/stripe/wire.ts';
import oxxoFixture from '../../../fixtures/stripe/session-oxxo-pending.json' with { type: 'json' };
import paidFixture from '../../../fixtures/stripe/session-paid.json' with { type: 'json' };
import subscriptionFixture from '../../../fixtures/stripe/session-subscription-paid.json' with { type: 'json' };
import { anInvoice, aPaymentIntent } from './support.ts';

const refundedPayment = {
  providerPaymentId: 'pi_1',
  status: 'succeeded' as const,
  amount: { amountMinor: 2900, currency: 'USD' },
  taxMinor: null,
  refundedMinor: 0,
  method: 'card',
  declineCode: null,
  paidAt: null,
  providerInvoiceId: 'in_1',
};

describe('Stripe truth', () => {
  it('tells a paid session in one reading', () => {
    const truth = mapCheckout(stripeSession.parse(paidFixture));
    expect(truth).toMatchObject({
      state: 'paid',
      providerCustomerId: 'cus_1',
      payment: {
        providerPaymentId: 'pi_1',
        status: 'succeeded',
        amount: { amountMinor: 89900, currency: 'MXN' },
        method: 'card',
      },
      voucher: null,
      subscription: null,
    });
    expect(truth.objects.map(({ kind }) => kind)).toEqual(['checkout.session', 'payment_intent', 'charge', 'customer']);
  });

  it('waits for a voucher though the session is complete', () => {
    expect(mapCheckout(stripeSession.parse(oxxoFixture))).toMatchObject({
      state: 'pending',
      payment: { status: 'pending', method: 'oxxo' },
      voucher: { kind: 'oxxo', reference: '12345678901234657890123456789012' },
    });
  });

  it('ends with a voucher that was not paid', () => {
    const failed = {
      ...oxxoFixture.payment_intent,
      status: 'requires_payment_method',
      last_payment_error: { code: 'payment_intent_payment_attempt_expired' },
    };
    const truth = mapCheckout(stripeSession.parse({ ...oxxoFixture, payment_intent: failed }));
    expect(truth).toMatchObject({
      state: 'expired',
      payment: { status: 'declined', declineCode: 'payment_intent_payment_attempt_expired' },
    });
  });

  it('is open with a decline', () => {
    const declined = {
      ...paidFixture.payment_intent,
      status: 'requires_payment_method',
      latest_charge: null,
      last_payment_error: { code: 'card_declined', decline_code: 'insufficient_funds' },
    };
    const truth = mapCheckout(
      stripeSession.parse({ ...paidFixture, status: 'open', payment_status: 'unpaid', payment_intent: declined }),
    );
    expect(truth).toMatchObject({ state: 'open', payment: { status: 'declined', declineCode: 'insufficient_funds' } });
  });

  it('is paid when nothing is due', () => {
    expect(
      checkoutState(
        stripeSession.parse({ ...paidFixture, payment_status: 'no_payment_required', payment_intent: null }),
      ),
    ).toBe('paid');
  });

  it('reads periods from items and the payment from the invoice', () => {
    expect(mapCheckout(stripeSession.parse(subscriptionFixture))).toMatchObject({
      state: 'paid',
      payment: {
        providerPaymentId: 'pi_2',
        amount: { amountMinor: 2900, currency: 'USD' },
        method: 'card',
        providerInvoiceId: 'in_1',
      },
      invoice: { status: 'paid', periodEnd: '2026-10-21T14:13:20.000Z' },
      subscription: {
        status: 'active',
        quantity: 2,
        amount: { amountMinor: 2900, currency: 'USD' },
        currentPeriodEnd: '2026-10-21T14:13:20.000Z',
        invoices: [{ providerInvoiceId: 'in_1' }],
        payments: [{ providerPaymentId: 'pi_2' }],
      },
    });
  });

  it.each([
    ['incomplete', 'incomplete'],
    ['incomplete_expired', 'expired'],
    ['trialing', 'trialing'],
    ['active', 'active'],
    ['past_due', 'past_due'],
    ['unpaid', 'past_due'],
    ['paused', 'paused'],
    ['canceled', 'canceled'],
  ])('reads a subscription that is %s as %s', (status, ours) => {
    expect(subscriptionStatus(status)).toBe(ours);
  });

  it.each([
    ['draft', 'draft'],
    ['open', 'open'],
    ['paid', 'paid'],
    ['uncollectible', 'uncollectible'],
    ['void', 'void'],
    [null, 'open'],
  ])('reads an invoice that is %s as %s', (status, ours) => {
    expect(invoiceStatus(status)).toBe(ours);
  });

  it.each([
    ['requires_payment_method', null, 'pending'],
    ['requires_payment_method', { code: 'card_declined' }, 'declined'],
    ['requires_confirmation', null, 'pending'],
    ['requires_action', null, 'requires_action'],
    ['processing', null, 'pending'],
    ['requires_capture', null, 'authorized'],
    ['succeeded', null, 'succeeded'],
    ['canceled', null, 'canceled'],
    ['levitating', null, 'unknown'],
  ])('reads an intent that is %s (%j) as %s', (status, fault, ours) => {
    const intent = stripePaymentIntent.parse(aPaymentIntent({ status, last_payment_error: fault }));
    expect(directPayment(intent).state).toBe(ours);
  });

  it('tells why an invoice was raised, and for what', () => {
    const wire = anInvoice({
      billing_reason: 'subscription_cycle',
      parent: { subscription_details: { subscription: 'sub_1' } },
      total_taxes: [{ amount: 400 }],
    });
    const cycle = stripeInvoice.parse(wire);
    const payment = { ...refundedPayment, refundedMinor: 900 };
    expect(mapProviderInvoice(cycle, payment)).toMatchObject({
      status: 'partially_refunded',
      amountRefundedMinor: 900,
      taxMinor: 400,
      billingReason: 'subscription_cycle',
      providerSubscriptionId: 'sub_1',
      providerCustomerId: 'cus_1',
      lines: [{ description: '2 × Team', quantity: 2, amount: { amountMinor: 2900, currency: 'USD' } }],
    });
    expect(mapProviderInvoice(stripeInvoice.parse(anInvoice({ billing_reason: 'manual' })), null)).toMatchObject({
      billingReason: null,
      providerSubscriptionId: null,
    });
  });

  it('refuses to guess a new status', () => {
    expect(() => subscriptionStatus('sleeping')).toThrow(/not mapped/);
  });
});

describe('Stripe amounts', () => {
  it.each([
    ['USD', 4900, 4900],
    ['JPY', 500, 500],
    ['ISK', 500, 50000],
    ['KWD', 1230, 1230],
  ])('sends %s %i as %i and back', (currency, amountMinor, wire) => {
    expect(toStripeAmount({ amountMinor, currency })).toBe(wire);
    expect(fromStripeAmount(wire, currency.toLowerCase())).toEqual({ amountMinor, currency });
  });

  it('refuses three-digit amounts it cannot hit', () => {
    expect(() => toStripeAmount({ amountMinor: 1234, currency: 'KWD' })).toThrow(/steps of 10/);
  });
});

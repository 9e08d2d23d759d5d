import { describe, expect, it } from 'vitest';
import { fromStripeAmount, toStripeAmount } from '../../../../src/providers/stripe/amount.ts';
import { checkoutState, mapCheckout } from '../../../../src/providers/stripe/map.ts';
import { subscriptionStatus } from '../../../../src/providers/stripe/map-subscription.ts';
import { stripeSession } from '../../../../src/providers/stripe/wire.ts';
import oxxoFixture from '../../../fixtures/stripe/session-oxxo-pending.json' with { type: 'json' };
import paidFixture from '../../../fixtures/stripe/session-paid.json' with { type: 'json' };
import subscriptionFixture from '../../../fixtures/stripe/session-subscription-paid.json' with { type: 'json' };

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

  it('refuses to guess a new status', () => {
    expect(subscriptionStatus('unpaid')).toBe('past_due');
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

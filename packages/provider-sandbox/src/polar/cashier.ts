import type { Cashier, Challenge, CheckoutView, PayRequest, PayResult } from '../cashier.ts';
import { FAILED_AUTHENTICATION, judgeCard } from '../core/cards.ts';
import { uuid } from '../core/ids.ts';
import { amountsOf, checkoutUrl, trialOf } from './checkout-object.ts';
import { confirmRefusal, declineCheckout, payCheckout } from './checkout-payment.ts';
import type { PolarContext } from './context.ts';
import type { Checkout } from './objects.ts';
import { settingsOf } from './organization.ts';
import { UNSUPPORTED_COUNTRIES } from './validation.ts';

const DAYS = { day: 1, week: 7, month: 30, year: 365 } as const;

const refused = (message: string, field: string | null = null): PayResult => ({ kind: 'refused', field, message });

function viewOf(polar: PolarContext, checkout: Checkout): CheckoutView {
  const product = polar.products.get(checkout.product_id);
  const { discount, tax, due } = amountsOf(polar, checkout);
  const trial = trialOf(polar, checkout);
  const recurring = product?.recurring_interval ?? null;
  return {
    provider: 'polar',
    id: checkout.id,
    state: checkout.status === 'succeeded' ? 'complete' : checkout.status === 'expired' ? 'expired' : 'open',
    mode: recurring === null ? 'payment' : 'subscription',
    merchant: settingsOf(polar).name,
    lines: [
      {
        name: product?.name ?? 'Product',
        detail: null,
        quantity: checkout.seats ?? 1,
        amountMinor: checkout.amount,
      },
    ],
    discountMinor: discount,
    taxMinor: tax,
    totalMinor: due,
    currency: checkout.currency.toUpperCase(),
    recurring: recurring === null ? null : { interval: recurring, count: product?.recurring_interval_count ?? 1 },
    trialDays: trial ? trial.count * DAYS[trial.interval] : null,
    email: checkout.customer_email,
    name: checkout.customer_name,
    country: checkout.customer_billing_address?.country ?? null,
    methods: ['card'],
    backUrl: checkout.return_url,
    doneUrl: checkout.success_url.startsWith(checkoutUrl(polar, checkout)) ? null : checkout.success_url,
    voucher: null,
    pageUrl: checkoutUrl(polar, checkout),
    locale: checkout.locale,
  };
}

export function createPolarCashier(polar: PolarContext): Cashier {
  const find = (id: string): Checkout | undefined =>
    polar.checkouts.get(id) ?? polar.checkouts.findBy('secret', id)[0] ?? polar.checkouts.findBy('lookup', id).at(-1);

  function pay(id: string, request: PayRequest): PayResult {
    const checkout = find(id);
    if (!checkout) return refused('No such checkout.');
    if (checkout.status !== 'open') return refused('This checkout is no longer open.');
    if (request.method !== 'card' || !request.card) return refused('This payment method is not available.', 'method');
    const country = checkout.customer_billing_address?.country ?? request.country ?? '';
    if (UNSUPPORTED_COUNTRIES.includes(country))
      return refused('Purchases from this country are not supported.', 'country');
    const refusal = confirmRefusal(polar, checkout, request);
    if (refusal !== null) return refused(refusal);
    const verdict = judgeCard('polar', request.card);
    if (verdict.outcome === 'challenge') {
      const { email, name } = request;
      const challenges = polar.sandbox.store.collection<Challenge>('sandbox/challenges');
      const made = challenges.put({
        id: uuid(),
        provider: 'polar',
        checkoutId: checkout.id,
        card: verdict.card,
        email,
        name,
        country: request.country,
      });
      return { kind: 'challenge', challengeId: made.id };
    }
    if (verdict.decline) {
      declineCheckout(polar, checkout, verdict.card, verdict.decline);
      return { kind: 'declined', decline: verdict.decline };
    }
    payCheckout(polar, checkout, verdict.card, request);
    return { kind: 'paid' };
  }

  return {
    provider: 'polar',
    find(id) {
      const checkout = find(id);
      return checkout ? viewOf(polar, checkout) : null;
    },
    pay,
    answerChallenge(challenge, approved) {
      const checkout = polar.checkouts.get(challenge.checkoutId);
      if (checkout?.status !== 'open') return refused('This checkout is no longer open.');
      if (approved) {
        payCheckout(polar, checkout, challenge.card, challenge);
        return { kind: 'paid' };
      }
      declineCheckout(polar, checkout, challenge.card, FAILED_AUTHENTICATION);
      return { kind: 'declined', decline: FAILED_AUTHENTICATION };
    },
    settleVoucher: () => refused('Polar has no vouchers.'),
  };
}

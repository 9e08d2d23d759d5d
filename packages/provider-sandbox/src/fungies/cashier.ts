import type { Cashier, Challenge, CheckoutView, PayRequest, PayResult } from '../cashier.ts';
import { FAILED_AUTHENTICATION, judgeCard } from '../core/cards.ts';
import { uuid } from '../core/ids.ts';
import type { FungiesContext } from './context.ts';
import type { Sale } from './objects.ts';
import { declineSale, paySale } from './sale-payment.ts';
import { basketOf, findSale, saleUrl } from './sales.ts';

const DAYS = { day: 1, week: 7, month: 30, year: 365 } as const;

const refused = (message: string, field: string | null = null): PayResult => ({ kind: 'refused', field, message });

/** The store-wide redirect with what the dashboard lets it append. */
function redirectOf(fungies: FungiesContext, sale: Sale): string | null {
  const { redirectUrl, redirectParameters } = fungies.settings();
  if (redirectUrl === null) return null;
  const url = new URL(redirectUrl);
  const order = sale.orderId === null ? undefined : fungies.orders.get(sale.orderId);
  const product = fungies.products.get(fungies.offers.get(sale.offerIds[0] ?? '')?.productId ?? '');
  const values: Record<string, string | null | undefined> = {
    'fngs-order-id': order?.number,
    'fngs-user-email': order && fungies.users.get(order.userId)?.email,
    'fngs-product-internal-id': product?.internalId,
  };
  for (const name of redirectParameters) if (values[name] != null) url.searchParams.set(name, values[name]);
  return url.toString();
}

function viewOf(fungies: FungiesContext, sale: Sale): CheckoutView {
  const { items, offer, discount, due, isTrial } = basketOf(fungies, sale);
  const name = [sale.firstName, sale.lastName].filter((part) => part !== null).join(' ');
  const { taxPercent, currency } = fungies.settings();
  return {
    provider: 'fungies',
    id: sale.id,
    state: sale.state,
    mode: offer ? 'subscription' : 'payment',
    merchant: 'Sandbox Store',
    lines: items.map((item) => ({
      name: item.name,
      detail: taxPercent > 0 ? `incl. ${taxPercent} % tax` : null,
      quantity: item.quantity,
      amountMinor: item.value,
    })),
    discountMinor: discount?.value ?? 0,
    taxMinor: 0,
    totalMinor: due,
    currency: items[0]?.currency ?? currency,
    recurring: offer?.recurringInterval
      ? { interval: offer.recurringInterval, count: offer.recurringIntervalCount ?? 1 }
      : null,
    trialDays: isTrial && offer?.trialInterval ? (offer.trialIntervalCount ?? 1) * DAYS[offer.trialInterval] : null,
    email: sale.email,
    name: name === '' ? null : name,
    country: sale.country,
    methods: ['card'],
    backUrl: null,
    doneUrl: redirectOf(fungies, sale),
    voucher: null,
    pageUrl: saleUrl(fungies, sale),
    locale: null,
  };
}

function refusalOf(fungies: FungiesContext, sale: Sale, request: PayRequest): PayResult | null {
  if (sale.state !== 'open') return refused('This checkout is no longer open.');
  if (request.method !== 'card' || !request.card) return refused('This payment method is not available.', 'method');
  if ((sale.email ?? request.email ?? '') === '') return refused('Enter your e-mail address.', 'email');
  if (!sale.needsEveryField) return null;
  const missing = fungies.settings().declaredFields.filter((name) => sale.customFields[name] === undefined);
  return missing.length === 0 ? null : refused(`Required custom fields are missing: ${missing.join(', ')}`);
}

export function createFungiesCashier(fungies: FungiesContext): Cashier {
  const challenges = fungies.sandbox.store.collection<Challenge>('sandbox/challenges');

  function pay(id: string, request: PayRequest): PayResult {
    const sale = findSale(fungies, id);
    if (!sale) return refused('No such checkout.');
    const refusal = refusalOf(fungies, sale, request);
    if (refusal || !request.card) return refusal ?? refused('This payment method is not available.', 'method');
    const { card, outcome, decline } = judgeCard('fungies', request.card);
    if (outcome === 'challenge') {
      const { email, name, country } = request;
      const made = { id: uuid(), provider: 'fungies', checkoutId: sale.id, card, email, name, country } as const;
      return { kind: 'challenge', challengeId: challenges.put(made).id };
    }
    if (decline) {
      declineSale(fungies, sale, request, card);
      return { kind: 'declined', decline };
    }
    paySale(fungies, sale, request, card);
    return { kind: 'paid' };
  }

  return {
    provider: 'fungies',
    find(id) {
      const sale = findSale(fungies, id);
      return sale ? viewOf(fungies, sale) : null;
    },
    pay,
    answerChallenge(challenge, approved) {
      const sale = fungies.sales.get(challenge.checkoutId);
      if (sale?.state !== 'open') return refused('This checkout is no longer open.');
      if (approved) {
        paySale(fungies, sale, challenge, challenge.card);
        return { kind: 'paid' };
      }
      declineSale(fungies, sale, challenge, challenge.card);
      return { kind: 'declined', decline: FAILED_AUTHENTICATION };
    },
    settleVoucher: () => refused('Fungies has no vouchers.'),
  };
}

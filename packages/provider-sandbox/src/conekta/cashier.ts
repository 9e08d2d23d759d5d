import type { Cashier, Challenge, CheckoutView, PayMethod, PayRequest, PayResult } from '../cashier.ts';
import { type Card, type Decline, judgeCard } from '../core/cards.ts';
import { uuid } from '../core/ids.ts';
import { DECLINED_BY_3DS, answerAuthorization } from './authorizations.ts';
import type { ConektaContext } from './context.ts';
import { createCustomer, newCardSource } from './customers.ts';
import type { Order } from './objects.ts';
import { chargeCard, issueReference, pendingCharge, saveOrder, settleReference } from './settlement.ts';
import { markCyclePaid, startSubscription } from './subscription-cycle.ts';

const refused = (message: string, field: string | null = null): PayResult => ({ kind: 'refused', field, message });

const SPANISH: Record<string, string> = {
  generic_decline: 'Tu tarjeta fue declinada. Intenta con otra o comunícate con tu banco.',
  insufficient_funds: 'Tu tarjeta no tiene fondos suficientes.',
  authentication_required: 'No pudimos autenticar el pago con tu banco. Intenta de nuevo.',
};

function inSpanish(decline: Decline): Decline {
  return { ...decline, message: SPANISH[decline.declineCode] ?? SPANISH['generic_decline'] ?? decline.message };
}

function stateOf(order: Order): CheckoutView['state'] {
  if (order.authorization) return 'open';
  switch (order.payment_status) {
    case null:
    case 'declined':
      return order.checkout?.status === 'Issued' ? 'open' : 'expired';
    case 'pending_payment':
      return 'voucher';
    case 'expired':
      return 'expired';
    case 'canceled':
      return 'canceled';
    default:
      return 'complete';
  }
}

function methodsOf(order: Order): PayMethod[] {
  if (order.authorization) return ['card'];
  const allowed = order.checkout?.allowed_payment_methods ?? [];
  const shown: PayMethod[] = [];
  if (allowed.includes('card')) shown.push('card');
  const recurring = (order.checkout?.plan_ids ?? []).length > 0;
  if (allowed.includes('cash') && !recurring) shown.push('cash');
  if (allowed.includes('bank_transfer') && !recurring) shown.push('spei');
  return shown;
}

function voucherOf(order: Order): CheckoutView['voucher'] {
  const method = pendingCharge(order)?.payment_method;
  if (!method) return null;
  const spei = method['type'] === 'spei';
  return {
    kind: spei ? 'spei' : 'cash',
    reference: String(spei ? method['clabe'] : method['reference']),
    barcodeUrl: spei ? null : String(method['barcode_url']),
    expiresAtMs: Number(method['expires_at']) * 1000,
    amountMinor: order.amount,
  };
}

function viewOf(conekta: ConektaContext, order: Order): CheckoutView {
  const plan = conekta.plans.get(order.checkout?.plan_ids[0] ?? '');
  const sum = (lines: { amount: number }[]): number => lines.reduce((total, line) => total + line.amount, 0);
  return {
    provider: 'conekta',
    id: order.id,
    state: stateOf(order),
    mode: plan ? 'subscription' : 'payment',
    merchant: 'Comercio de pruebas',
    lines: order.line_items.map((line) => ({
      name: line.name,
      detail: line.description,
      quantity: line.quantity,
      amountMinor: line.unit_price * line.quantity,
    })),
    discountMinor: sum(order.discounts),
    taxMinor: sum(order.taxes),
    totalMinor: order.amount,
    currency: order.currency,
    recurring: plan ? { interval: plan.interval, count: plan.frequency } : null,
    trialDays: plan?.trial_period_days ? plan.trial_period_days : null,
    email: order.customer_info.email || null,
    name: order.customer_info.name || null,
    country: 'MX',
    methods: methodsOf(order),
    backUrl: order.checkout?.failure_url ? order.checkout.failure_url : null,
    doneUrl: order.checkout?.success_url ? order.checkout.success_url : (order.authorization?.returnUrl ?? null),
    voucher: voucherOf(order),
    pageUrl: order.checkout?.url ?? `${conekta.sandbox.publicUrl()}/conekta/checkout/${order.id}`,
    locale: 'es-MX',
  };
}

/** A paid hosted sign-up saves the card and starts the plan's subscription; its order is the first cycle's. */
function subscribe(conekta: ConektaContext, order: Order, card: Card): void {
  const plan = conekta.plans.get(order.checkout?.plan_ids[0] ?? '');
  if (!plan) return;
  const { customer_id: known, name, email, phone } = order.customer_info;
  const customer = conekta.customers.get(known ?? '') ?? createCustomer(conekta, { name, email, phone });
  order.customer_info.customer_id = customer.id;
  const source = newCardSource(conekta, customer, { card, decline: null, challenges: false });
  const subscription = startSubscription(conekta, { customerId: customer.id, plan, cardId: source.id, trialEnd: null });
  order.subscription_id = subscription.id;
  saveOrder(conekta, order);
  markCyclePaid(conekta, subscription, order);
}

export function createConektaCashier(conekta: ConektaContext): Cashier {
  const find = (id: string): Order | undefined => {
    return (
      conekta.orders.get(id) ??
      conekta.orders.findBy('checkout', id)[0] ??
      conekta.orders.findBy('charge', id)[0] ??
      conekta.orders.findBy('lookup', id).at(-1)
    );
  };

  /** A direct charge that waits for its payer: paying means agreeing, a card the bank refuses means not to. */
  function confirm(order: Order, request: PayRequest): PayResult {
    const decline = request.card ? judgeCard('conekta', request.card).decline : null;
    answerAuthorization(conekta, order, decline && DECLINED_BY_3DS);
    return decline ? { kind: 'declined', decline: inSpanish(DECLINED_BY_3DS) } : { kind: 'paid' };
  }

  function charge(order: Order, card: Card, decline: Decline | null): PayResult {
    chargeCard(conekta, order, card, decline);
    if (decline) return { kind: 'declined', decline: inSpanish(decline) };
    subscribe(conekta, order, card);
    return { kind: 'paid' };
  }

  function payByCard(order: Order, request: PayRequest): PayResult {
    if (!request.card) return refused('El número de tarjeta está incompleto.', 'number');
    const verdict = judgeCard('conekta', request.card);
    if (verdict.outcome !== 'challenge') return charge(order, verdict.card, verdict.decline);
    const { email, name, country } = request;
    const challenges = conekta.sandbox.store.collection<Challenge>('sandbox/challenges');
    const made = challenges.put({
      id: uuid(),
      provider: 'conekta',
      checkoutId: order.id,
      card: verdict.card,
      email,
      name,
      country,
    });
    return { kind: 'challenge', challengeId: made.id };
  }

  return {
    provider: 'conekta',
    find(id) {
      const order = find(id);
      return order ? viewOf(conekta, order) : null;
    },
    pay(id, request) {
      const order = find(id);
      if (!order) return refused('No existe ese pago.');
      if (stateOf(order) !== 'open') return refused('Este pago ya no está disponible.');
      if (!methodsOf(order).includes(request.method))
        return refused('Este método de pago no está disponible.', 'method');
      if (order.authorization) return confirm(order, request);
      // Payment links know their buyer only now.
      order.customer_info.email ||= request.email ?? '';
      order.customer_info.name ||= request.name ?? '';
      if (request.method === 'card') return payByCard(order, request);
      // This merchant's account still has OXXO, and its page offers nothing else for cash.
      issueReference(conekta, order, request.method, { productType: request.method === 'cash' ? 'oxxo' : null });
      return { kind: 'voucher' };
    },
    answerChallenge(challenge, approved) {
      const order = conekta.orders.get(challenge.checkoutId);
      if (!order || stateOf(order) !== 'open') return refused('Este pago ya no está disponible.');
      return charge(order, challenge.card, approved ? null : DECLINED_BY_3DS);
    },
    settleVoucher(id) {
      const order = find(id);
      return order && settleReference(conekta, order)
        ? { kind: 'paid' }
        : refused('Este pago no espera una referencia.');
    },
  };
}

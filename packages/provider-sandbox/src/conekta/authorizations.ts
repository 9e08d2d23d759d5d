import type { Decline } from '../core/cards.ts';
import { addMonths } from '../core/duration.ts';
import { base62, digits } from '../core/ids.ts';
import { formatMoney } from '../core/money-format.ts';
import type { Answer, ApiRequest, Route } from '../http/answer.ts';
import { escape } from '../pages/html.ts';
import { page } from '../pages/layout.ts';
import type { ConektaContext } from './context.ts';
import type { Authorization, Charge, Order } from './objects.ts';
import { appendCharge, showCharge } from './order-object.ts';
import { chargeCard, declinePending, planChargeExpiry, recordCharge, saveOrder, settleCharge } from './settlement.ts';

export const AUTHORIZE_PATH = '/conekta/authorize';

export const DECLINED_BY_3DS: Decline = {
  code: 'declined_by_3ds',
  declineCode: 'authentication_required',
  message: 'No pudimos autenticar el pago.',
};

export const authorizationUrl = (conekta: ConektaContext, slug: string): string =>
  `${conekta.sandbox.publicUrl()}${AUTHORIZE_PATH}/${slug}`;

export interface RedirectInput {
  kind: 'bnpl' | 'pay_by_bank';
  productType: string;
  amount: number;
  referenceId: string | null;
  expiresAt: number | null;
  successUrl: string | null;
  failureUrl: string | null;
}

function paymentMethodOf(url: string, now: number, input: RedirectInput): Record<string, unknown> {
  const expiresAt = input.expiresAt ?? Math.floor(addMonths(now * 1000, 1) / 1000);
  if (input.kind === 'pay_by_bank')
    return {
      type: 'pay_by_bank',
      object: 'pay_by_bank_payment',
      product_type: input.productType,
      redirect_url: url,
      deep_link: url,
      reference: digits(20),
      expires_at: expiresAt,
    };
  return {
    type: 'bnpl',
    object: 'bnpl_payment',
    product_type: input.productType,
    redirect_url: url,
    success_url: input.successUrl,
    failure_url: input.failureUrl,
    cancel_url: input.failureUrl,
    can_not_expire: false,
    expires_at: expiresAt,
  };
}

/** A payment by instalments or by bank: a pending charge, and an address where the payer agrees to it. */
export function redirectPayment(conekta: ConektaContext, order: Order, input: RedirectInput): Charge {
  const slug = base62(30);
  order.authorization = {
    slug,
    kind: input.kind,
    returnUrl: input.successUrl,
    failureUrl: input.failureUrl,
    vault: null,
    referenceId: input.referenceId,
    amount: input.amount,
  };
  const charge = appendCharge(conekta, order, {
    payment: paymentMethodOf(authorizationUrl(conekta, slug), conekta.now(), input),
    status: 'pending_payment',
    amount: input.amount,
    referenceId: input.referenceId,
  });
  order.payment_status = 'pending_payment';
  recordCharge(conekta, order, charge);
  conekta.emit('charge.created', showCharge(charge));
  saveOrder(conekta, order, 'pending_payment');
  planChargeExpiry(conekta, order, charge);
  return charge;
}

/**
 * The payer's answer. A refused 3-D Secure confirmation leaves a declined charge.
 *
 * @param decline why the money does not move; null moves it
 */
export function answerAuthorization(conekta: ConektaContext, order: Order, decline: Decline | null): void {
  const { authorization } = order;
  if (!authorization) return;
  order.authorization = null;
  delete order['next_action'];
  const { vault, amount, referenceId } = authorization;
  if (vault) {
    chargeCard(conekta, order, vault.card, decline ?? vault.decline, { referenceId, amount });
    return;
  }
  const charge = order.charges.findLast(({ status }) => status === 'pending_payment');
  if (!charge) return;
  if (decline) declinePending(conekta, order, charge);
  else settleCharge(conekta, order, charge);
}

const HTML = { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' };

const QUESTIONS: Record<Authorization['kind'], string> = {
  '3ds': 'Tu banco quiere confirmar que eres tú',
  bnpl: 'Confirma tu compra a plazos',
  pay_by_bank: 'Confirma el pago desde tu banco',
};

function shell(title: string, body: string, status = 200): Answer {
  const html = page({
    provider: 'conekta',
    locale: 'es-MX',
    title,
    ribbon: 'Modo de prueba',
    body: `<main class="single"><div class="card"><h1>${escape(title)}</h1>${body}</div></main>`,
  });
  return { status, headers: HTML, body: html };
}

function ask(order: Order, { kind, amount }: Authorization): Answer {
  const money = formatMoney(amount, order.currency, 'es-MX');
  const button = (answer: string, text: string, kindOf = ''): string =>
    `<p><button name="answer" value="${answer}"${kindOf}>${text}</button></p>`;
  return shell(
    QUESTIONS[kind],
    `<p class="amount">${escape(money)}</p><form method="post">${button('approve', 'Confirmar')}${button('decline', 'Rechazar', ' class="quiet"')}</form>`,
  );
}

function decide(conekta: ConektaContext, order: Order, request: ApiRequest): Answer {
  const { authorization } = order;
  const approved = new URLSearchParams(request.rawBody.toString('utf8')).get('answer') === 'approve';
  answerAuthorization(conekta, order, approved ? null : DECLINED_BY_3DS);
  const target = approved ? authorization?.returnUrl : (authorization?.failureUrl ?? authorization?.returnUrl);
  if (target) return { status: 303, headers: { location: target } };
  return shell(approved ? 'Pago confirmado' : 'Pago rechazado', '<p>Puedes cerrar esta página.</p>');
}

/** Where `next_action` and `redirect_url` lead. */
export function authorizationRoutes(conekta: ConektaContext): Route[] {
  const answering = (respond: (order: Order, authorization: Authorization, request: ApiRequest) => Answer) => {
    return (request: ApiRequest): Answer => {
      const order = conekta.orders.findBy('authorization', request.params['slug'] ?? '')[0];
      if (!order?.authorization) return shell('Este enlace ya no está disponible', '', 404);
      return respond(order, order.authorization, request);
    };
  };
  return [
    { method: 'get', path: '/authorize/:slug', operations: [], handle: answering(ask) },
    {
      method: 'post',
      path: '/authorize/:slug',
      operations: [],
      handle: answering((order, _authorization, request) => decide(conekta, order, request)),
    },
  ];
}

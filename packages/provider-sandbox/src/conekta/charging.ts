import type { z } from 'zod';
import { base62 } from '../core/ids.ts';
import { authorizationUrl, redirectPayment } from './authorizations.ts';
import type { ConektaContext } from './context.ts';
import { declined, invalid, notFound } from './errors.ts';
import { requireChargeable } from './limits.ts';
import type { Charge, Order, Vault } from './objects.ts';
import { showOrder } from './order-object.ts';
import type { chargeBody } from './order-params.ts';
import { chargeCard, issueReference, saveOrder } from './settlement.ts';
import { takeToken, vaultOf } from './tokens.ts';

type ChargeBody = z.output<typeof chargeBody>;

export interface ChargeManner {
  preAuthorize: boolean;
  threeDsMode: 'smart' | 'strict' | null;
  returnUrl: string | null;
}

export const PLAIN: ChargeManner = { preAuthorize: false, threeDsMode: null, returnUrl: null };

/** What earlier charges leave of the order. */
function openAmount(order: Order): number {
  const live = order.charges.filter(({ status }) => ['paid', 'pending_payment', 'pre_authorized'].includes(status));
  return order.amount - live.reduce((sum, { amount }) => sum + amount, 0);
}

type CardMethod = Extract<ChargeBody['payment_method'], { type: 'card' }>;

function cardOf(conekta: ConektaContext, order: Order, method: CardMethod): Omit<Vault, 'id'> {
  const { token_id: tokenId, payment_source_id: sourceId, number } = method;
  if (tokenId !== undefined) return takeToken(conekta, tokenId);
  if (number !== undefined) {
    if (!method.exp_year || !method.exp_month || !method.cvc || !/^\d{4}$/.test(method.exp_year))
      throw invalid(
        'payment_method.exp_year',
        'format',
        'Give exp_month, cvc and a four-digit exp_year.',
        'Envía exp_month, cvc y exp_year de cuatro dígitos.',
      );
    return vaultOf({
      number,
      expMonth: Number(method.exp_month),
      expYear: Number(method.exp_year),
      name: method.name ?? null,
    });
  }
  const preferred =
    order.customer_info.customer_id === null
      ? null
      : (conekta.customers.get(order.customer_info.customer_id)?.default_payment_source_id ?? null);
  const wanted = sourceId ?? preferred;
  if (wanted === null)
    throw invalid(
      'payment_method.token_id',
      'presence',
      'A token_id or payment_source_id is required.',
      'Se requiere token_id o payment_source_id.',
    );
  const vault = conekta.vault.get(wanted);
  if (!vault) throw notFound('PaymentSource', wanted);
  return vault;
}

/** The order waits for the cardholder: no charge yet, and `next_action` says where to go. */
function askCardholder(
  conekta: ConektaContext,
  order: Order,
  input: { vault: Omit<Vault, 'id'>; returnUrl: string; amount: number; referenceId: string | null },
): void {
  const { returnUrl, vault, amount, referenceId } = input;
  const slug = base62(30);
  order.authorization = {
    slug,
    kind: '3ds',
    returnUrl,
    failureUrl: null,
    vault: { id: slug, ...vault },
    referenceId,
    amount,
  };
  order.payment_status = 'pending_payment';
  order['next_action'] = {
    redirect_to_url: { url: authorizationUrl(conekta, slug), return_url: returnUrl },
    type: 'redirect_to_url',
  };
  saveOrder(conekta, order, 'pending_payment');
}

interface CardCharge {
  method: CardMethod;
  referenceId: string | null;
  manner: ChargeManner;
}

type Run = (amount: number) => Charge | null;

function prepareCard(conekta: ConektaContext, order: Order, { method, referenceId, manner }: CardCharge): Run {
  const vault = cardOf(conekta, order, method);
  if (manner.threeDsMode !== null && vault.challenges) {
    const { returnUrl } = manner;
    if (returnUrl === null)
      throw invalid(
        'return_url',
        'presence',
        'The parameter "return_url" is required.',
        'El parámetro "return_url" es requerido.',
      );
    return (amount) => {
      askCardholder(conekta, order, { vault, returnUrl, amount, referenceId });
      return null;
    };
  }
  // A saved card that fails without its holder fails here too.
  const isUnattended = method.payment_source_id !== undefined && vault.card.renewal === 'declines';
  const decline = vault.decline ?? (isUnattended ? GENERIC : null);
  return (amount) => {
    const charge = chargeCard(conekta, order, vault.card, decline, {
      referenceId,
      amount,
      installments: method.monthly_installments ?? null,
      preAuthorize: manner.preAuthorize,
    });
    if (decline) throw declined(decline, showOrder(order));
    return charge;
  };
}

const GENERIC = {
  code: 'card_declined',
  declineCode: 'generic_decline',
  message: 'La tarjeta fue declinada por el banco emisor.',
};

function prepareMethod(conekta: ConektaContext, order: Order, body: ChargeBody, manner: ChargeManner): Run {
  const { payment_method: method, reference_id: referenceId = null } = body;
  switch (method.type) {
    case 'card':
      return prepareCard(conekta, order, { method, referenceId, manner });
    case 'cash':
    case 'spei': {
      const productType = method.type === 'cash' ? (method.product_type ?? null) : null;
      const expiresAt = method.expires_at ?? null;
      return (amount) => issueReference(conekta, order, method.type, { expiresAt, referenceId, amount, productType });
    }
    case 'bnpl':
    case 'pay_by_bank':
      return (amount) =>
        redirectPayment(conekta, order, {
          kind: method.type,
          productType: method.product_type,
          amount,
          referenceId,
          expiresAt: method.expires_at ?? null,
          successUrl: method.type === 'bnpl' ? method.success_url : null,
          failureUrl: method.type === 'bnpl' ? method.failure_url : null,
        });
  }
}

/**
 * Checks the charges of an order all at once, so that nothing is created when one cannot be.
 *
 * @returns what runs them, one result each: null while the cardholder has to confirm first. It throws a 402 with the whole
 * order, which exists all the same, when the bank declines
 * @throws {ConektaFailure} 422 for an amount, card or token that cannot be charged, 402 for a token used before
 */
export function prepareCharges(
  conekta: ConektaContext,
  order: Order,
  bodies: readonly ChargeBody[],
  manner: ChargeManner,
): () => (Charge | null)[] {
  let left = openAmount(order);
  const runs = bodies.map((body) => {
    const amount = body.amount ?? left;
    if (amount > left)
      throw invalid(
        'amount',
        'range',
        `The amount exceeds what is left to pay (${left}).`,
        `El monto excede lo que falta por pagar (${left}).`,
      );
    left -= amount;
    requireChargeable(body.payment_method.type, amount, order.currency);
    const run = prepareMethod(conekta, order, body, manner);
    return (): Charge | null => run(amount);
  });
  return () => runs.map((run) => run());
}

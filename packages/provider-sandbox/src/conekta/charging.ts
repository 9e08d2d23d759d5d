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

function needsChallenge(vault: Omit<Vault, 'id'>, manner: ChargeManner): boolean {
  return manner.threeDsMode !== null && vault.challenges;
}

/** The order waits for the cardholder: no charge yet, and `next_action` says where to go. */
function askCardholder(
  conekta: ConektaContext,
  order: Order,
  input: { vault: Omit<Vault, 'id'>; manner: ChargeManner; amount: number; referenceId: string | null },
): void {
  const { manner, vault, amount, referenceId } = input;
  const { returnUrl } = manner;
  if (returnUrl === null)
    throw invalid(
      'return_url',
      'presence',
      'The parameter "return_url" is required.',
      'El parámetro "return_url" es requerido.',
    );
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

function runCard(
  conekta: ConektaContext,
  order: Order,
  input: { method: CardMethod; amount: number; referenceId: string | null; manner: ChargeManner },
): Charge | null {
  const { method, amount, referenceId, manner } = input;
  const vault = cardOf(conekta, order, method);
  if (needsChallenge(vault, manner)) {
    askCardholder(conekta, order, { vault, manner, amount, referenceId });
    return null;
  }
  // A saved card that fails without its holder fails here too.
  const isUnattended = method.payment_source_id !== undefined && vault.card.renewal === 'declines';
  const decline = vault.decline ?? (isUnattended ? GENERIC : null);
  const charge = chargeCard(conekta, order, vault.card, decline, {
    referenceId,
    amount,
    installments: method.monthly_installments ?? null,
    preAuthorize: manner.preAuthorize,
  });
  if (decline) throw declined(decline, showOrder(order));
  return charge;
}

const GENERIC = {
  code: 'card_declined',
  declineCode: 'generic_decline',
  message: 'La tarjeta fue declinada por el banco emisor.',
};

/**
 * Runs one charge of an order.
 *
 * @returns null while the cardholder has to confirm first
 * @throws {ConektaFailure} 402 with the whole order, which exists all the same, when the bank declines
 */
export function runCharge(
  conekta: ConektaContext,
  order: Order,
  body: ChargeBody,
  manner: ChargeManner,
): Charge | null {
  const { payment_method: method, reference_id: referenceId = null } = body;
  const amount = body.amount ?? openAmount(order);
  if (amount > openAmount(order))
    throw invalid(
      'amount',
      'range',
      `The amount exceeds what is left to pay (${openAmount(order)}).`,
      `El monto excede lo que falta por pagar (${openAmount(order)}).`,
    );
  requireChargeable(method.type, amount, order.currency);
  switch (method.type) {
    case 'card':
      return runCard(conekta, order, { method, amount, referenceId, manner });
    case 'cash':
    case 'spei':
      return issueReference(conekta, order, method.type, {
        expiresAt: method.expires_at ?? null,
        referenceId,
        amount,
        productType: method.type === 'cash' ? (method.product_type ?? null) : null,
      });
    case 'bnpl':
    case 'pay_by_bank':
      return redirectPayment(conekta, order, {
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

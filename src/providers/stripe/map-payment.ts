import type { DirectPaymentTruth, MoneyResult, NextAction, PaymentMethodTruth } from '../port-money.ts';
import { fromStripeAmount } from './amount.ts';
import { declined } from './declines.ts';
import { mapPaymentIntent, mapVoucher } from './map.ts';
import { ourMethod } from './methods.ts';
import { idOf, type StripePaymentIntent } from './wire.ts';
import type { StripePaymentMethod } from './wire-money.ts';

/** Ours, in the intent's metadata: a transfer has no expiry at Stripe. */
export const VOUCHER_EXPIRY = 'voucher_expires_at';
const NEVER = '9999-12-31T23:59:59.000Z';

export function directPayment(intent: StripePaymentIntent): DirectPaymentTruth {
  const metadata = intent.metadata ?? {};
  const voucher = mapVoucher(intent, metadata[VOUCHER_EXPIRY] ?? NEVER);
  const refs: readonly (readonly [string, string | null])[] = [
    ['payment_intent', intent.id],
    ['charge', idOf(intent.latest_charge)],
    ['customer', idOf(intent.customer)],
  ];
  return {
    providerObjectId: intent.id,
    state: paymentState(intent, voucher !== null),
    amount: fromStripeAmount(intent.amount, intent.currency),
    payment: mapPaymentIntent(intent, null),
    voucher,
    nextAction: nextActionOf(intent),
    metadata,
    objects: refs.flatMap(([kind, id]) => (id === null ? [] : [{ kind, id }])),
  };
}

/** A declined intent returns to `requires_payment_method`; a voucher that is out waits for a person, not for a page. */
function paymentState(intent: StripePaymentIntent, hasVoucher: boolean): DirectPaymentTruth['state'] {
  switch (intent.status) {
    case 'succeeded':
    case 'canceled':
      return intent.status;
    case 'requires_payment_method':
      return intent.last_payment_error ? 'declined' : 'pending';
    case 'requires_action':
      return hasVoucher ? 'pending' : 'requires_action';
    case 'requires_capture':
      return 'authorized';
    case 'requires_confirmation':
    case 'processing':
      return 'pending';
    default:
      return 'unknown';
  }
}

/** Stripe's own script confirms by the client secret where no page was asked for. */
export function nextActionOf(intent: {
  readonly status: string;
  readonly client_secret?: string | null | undefined;
  readonly next_action?:
    | {
        readonly redirect_to_url?: { readonly url?: string | null | undefined } | null | undefined;
        readonly oxxo_display_details?: unknown;
        readonly display_bank_transfer_instructions?: unknown;
      }
    | null
    | undefined;
}): NextAction | null {
  const { next_action: next, client_secret: clientSecret } = intent;
  if (intent.status !== 'requires_action' && intent.status !== 'requires_confirmation') return null;
  if (next?.oxxo_display_details || next?.display_bank_transfer_instructions) return null;
  const url = next?.redirect_to_url?.url;
  if (url != null) return { kind: 'redirect', url };
  return clientSecret == null ? null : { kind: 'confirm', clientSecret };
}

export function paymentResult(intent: StripePaymentIntent): MoneyResult<DirectPaymentTruth> {
  const value = directPayment(intent);
  const error = intent.last_payment_error;
  switch (value.state) {
    case 'succeeded':
    case 'authorized':
      return { outcome: 'succeeded', value };
    case 'declined':
    case 'canceled':
      return { ...declined(error?.decline_code ?? error?.code), value };
    case 'unknown':
      return { outcome: 'unknown', reason: 'api_error', providerCode: intent.status };
    default:
      return { outcome: 'pending', value, nextAction: value.nextAction };
  }
}

export function mapPaymentMethod(
  method: StripePaymentMethod,
  owner: { readonly providerCustomerId: string; readonly defaultId: string | null },
): PaymentMethodTruth {
  const { card } = method;
  const bank =
    method.us_bank_account ??
    method.sepa_debit ??
    method.bacs_debit ??
    method.au_becs_debit ??
    method.acss_debit ??
    method.nz_bank_account;
  return {
    providerPaymentMethodId: method.id,
    providerCustomerId: idOf(method.customer) ?? owner.providerCustomerId,
    type: ourMethod(method.type),
    brand: card?.brand ?? bank?.bank_name ?? null,
    last4: card?.last4 ?? bank?.last4 ?? null,
    expMonth: card?.exp_month ?? null,
    expYear: card?.exp_year ?? null,
    country: card?.country ?? bank?.country ?? null,
    isDefault: method.id === owner.defaultId,
  };
}

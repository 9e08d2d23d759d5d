import type Stripe from 'stripe';
import type { CheckoutLine, CreateCheckoutInput } from '../port.ts';
import { toStripeAmount } from './amount.ts';
import { wireMethods } from './methods.ts';

type Params = Stripe.Checkout.SessionCreateParams;

/** As typed in stripe-node 23.1.0; another value would be refused, so it becomes `auto`. */
const LOCALES = new Set(
  'bg cs da de el en en-GB es es-419 et fi fil fr fr-CA hi-IN hr hu id it ja ko lt lv ms mt nb nl pl pt pt-BR ro ru sk sl sv th tr vi zh zh-HK zh-TW'.split(
    ' ',
  ),
);
const DAY_MS = 86_400_000;

/** @param found.discountId A promotion code's id, looked up before. */
export function sessionParams(
  input: CreateCheckoutInput,
  found: { readonly customerId: string; readonly promotionCodeId: string | null; readonly automaticTax: boolean },
): Params {
  const metadata = metadataOf(input.metadata);
  return {
    mode: input.mode,
    client_reference_id: input.checkoutId,
    customer: found.customerId,
    success_url: input.successUrl,
    cancel_url: input.cancelUrl,
    metadata,
    locale: localeOf(input.locale),
    ...(input.line === null ? {} : { line_items: [lineItem(input.line)] }),
    ...(found.promotionCodeId === null ? {} : { discounts: [{ promotion_code: found.promotionCodeId }] }),
    ...methodParams(input),
    ...taxParams(input, found.automaticTax),
    ...modeParams(input, metadata),
  };
}

/** Stripe Tax needs to know where the buyer is: what the page asks for is kept with the customer. */
function taxParams(input: CreateCheckoutInput, automaticTax: boolean): Partial<Params> {
  if (!automaticTax || input.mode === 'setup') return {};
  return { automatic_tax: { enabled: true }, customer_update: { address: 'auto' } };
}

/** The session's metadata is copied nowhere, so each mode's object gets its own. */
function modeParams(input: CreateCheckoutInput, metadata: Record<string, string>): Partial<Params> {
  switch (input.mode) {
    case 'payment':
      return { payment_intent_data: { metadata } };
    case 'subscription':
      return {
        subscription_data: {
          metadata,
          ...(input.trialDays === null || input.trialDays === 0 ? {} : { trial_period_days: input.trialDays }),
        },
      };
    case 'setup':
      // Required when no method is named, but it decides nothing: a saved method charges in any currency.
      return { setup_intent_data: { metadata }, ...(input.paymentMethods === null ? { currency: 'usd' } : {}) };
  }
}

/** `payment_method_types` is gone since 2026-09-30 (endive); the new filter silently drops what the account lacks. */
function methodParams(input: CreateCheckoutInput): Partial<Params> {
  if (input.paymentMethods === null) return {};
  const types = wireMethods(input.paymentMethods);
  return {
    allowed_payment_method_types: types,
    payment_method_options: {
      ...(types.includes('oxxo') ? { oxxo: { expires_after_days: oxxoDays(input.voucherExpiresAt) } } : {}),
      ...(types.includes('customer_balance')
        ? { customer_balance: { funding_type: 'bank_transfer', bank_transfer: { type: 'mx_bank_transfer' } } }
        : {}),
    },
  };
}

/** Whole days, ending 23:59 in Mexico City; 1–7. */
export function oxxoDays(expiresAt: string | null): number {
  if (expiresAt === null) return 3;
  return Math.min(7, Math.max(1, Math.ceil((Date.parse(expiresAt) - Date.now()) / DAY_MS)));
}

function lineItem(line: CheckoutLine): Stripe.Checkout.SessionCreateParams.LineItem {
  const { providerPrice, quantity } = line;
  if (providerPrice?.providerPriceId) return { price: providerPrice.providerPriceId, quantity };
  return {
    quantity,
    price_data: {
      currency: line.unitAmount.currency.toLowerCase(),
      unit_amount: toStripeAmount(line.unitAmount),
      ...(providerPrice
        ? { product: providerPrice.providerProductId }
        : {
            product_data: { name: line.name, ...(line.description === null ? {} : { description: line.description }) },
          }),
      ...(line.billingInterval === null
        ? {}
        : { recurring: { interval: line.billingInterval === 'monthly' ? 'month' : 'year' } }),
    },
  };
}

function localeOf(locale: string | null): NonNullable<Params['locale']> {
  if (locale === null) return 'auto';
  const language = locale.split('-')[0] ?? locale;
  return [locale, language].find((candidate) => LOCALES.has(candidate)) ?? 'auto';
}

/** At most 50 keys of 40 characters and values of 500. */
export function metadataOf(metadata: Readonly<Record<string, string>>): Record<string, string> {
  const fitting = Object.entries(metadata).filter(([key]) => key.length <= 40);
  return Object.fromEntries(fitting.map(([key, value]) => [key, value.slice(0, 500)]));
}

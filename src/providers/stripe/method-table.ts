import type { CheckoutMode } from '../../domain/catalogue.ts';
import type { ProviderAbilities } from '../../domain/routing/abilities.ts';

type Method = ProviderAbilities['paymentMethods'][number];

const ONCE: readonly CheckoutMode[] = ['payment'];
/** Charged again through what the first payment left behind (an IBAN behind iDEAL); cannot be saved alone. */
const RECURRING: readonly CheckoutMode[] = ['payment', 'subscription'];
const ALL: readonly CheckoutMode[] = ['payment', 'subscription', 'setup'];

const EURO = 'AT BE BG CY DE EE ES FI FR GR HR IE IT LT LU LV MT NL PT SI SK'.split(' ');
const KLARNA = 'AT AU BE CA CH CZ DE DK ES FI FR GB GR IE IT NL NO NZ PL PT RO SE US'.split(' ');

/** @param currencies Separated by blanks; absent: every currency. @param countries Of the buyer; absent: everywhere. */
function method(
  name: string,
  modes: readonly CheckoutMode[],
  currencies?: string,
  countries?: string | readonly string[],
): Method {
  return {
    method: name,
    modes,
    ...(currencies === undefined ? {} : { currencies: currencies.split(' ') }),
    ...(countries === undefined ? {} : { countries: typeof countries === 'string' ? countries.split(' ') : countries }),
  };
}

/**
 * What Checkout can offer (`AllowedPaymentMethodType` of stripe-node 23.1.0), by charge currency, buyer's country and
 * mode. `subscription`: where Stripe charges renewals by itself; sending an invoice each month is no renewal of ours.
 * Left out: giropay and SOFORT, which have closed; SeQura and Sunbit, which are by invitation; Afterpay, whose lender
 * asks for a shipping address.
 * Whether an account has a method turned on, only Stripe knows: it drops the others from the page without a word.
 *
 * @see https://docs.stripe.com/payments/payment-methods/payment-method-support (November 2026)
 */
export const stripeMethods: readonly Method[] = [
  method('card', ALL),
  method('link', ALL),
  method('apple_pay', ALL),
  method('google_pay', ALL),
  // Bank debits: reusable, told days later.
  method('ach', ALL, 'USD', 'US'),
  method('sepa', ALL, 'EUR'),
  method('bacs_debit', ALL, 'GBP', 'GB'),
  method('au_becs_debit', ALL, 'AUD', 'AU'),
  method('acss_debit', ALL, 'CAD USD', 'CA US'),
  method('nz_bank_account', ALL, 'NZD', 'NZ'),
  // Bank redirects and real-time transfers.
  method('ideal', RECURRING, 'EUR', 'NL'),
  method('bancontact', RECURRING, 'EUR', 'BE'),
  method('eps', ONCE, 'EUR', 'AT'),
  method('p24', ONCE, 'EUR PLN', 'PL'),
  method('blik', ONCE, 'PLN', 'PL'),
  method('fpx', ONCE, 'MYR', 'MY'),
  method('paynow', ONCE, 'SGD', 'SG'),
  method('promptpay', ONCE, 'THB', 'TH'),
  method('pix', ONCE, 'BRL', 'BR'),
  method('payto', ALL, 'AUD', 'AU'),
  method('pay_by_bank', ONCE, 'GBP EUR', 'GB DE FI FR IE'),
  method('swish', ONCE, 'SEK', 'SE'),
  method('twint', ONCE, 'CHF', 'CH'),
  method('bizum', ONCE, 'EUR', 'ES'),
  method('mb_way', ONCE, 'EUR', 'PT'),
  method('upi', RECURRING, 'INR', 'IN'),
  // Vouchers and pushed transfers.
  method('oxxo', ONCE, 'MXN', 'MX'),
  method('spei', ONCE, 'MXN', 'MX'),
  method('boleto', RECURRING, 'BRL', 'BR'),
  method('konbini', ONCE, 'JPY', 'JP'),
  method('multibanco', ONCE, 'EUR', 'PT'),
  // Wallets.
  method('paypal', ALL, 'AUD CAD CHF CZK DKK EUR GBP HKD NOK NZD PLN SEK SGD USD'),
  method('amazon_pay', ALL, 'AUD CHF DKK EUR GBP HKD JPY NOK NZD SEK USD ZAR'),
  method('cashapp', ALL, 'USD', 'US'),
  method('revolut_pay', ALL, 'EUR GBP', ['GB', ...EURO]),
  method('mobilepay', ONCE, 'DKK EUR NOK SEK', 'DK FI'),
  method('satispay', ONCE, 'EUR', 'IT'),
  method('alipay', ONCE, 'AUD CAD CNY EUR GBP HKD JPY MYR NZD SGD USD', 'CN HK'),
  method('wechat_pay', ONCE, 'AUD CAD CHF CNY DKK EUR GBP HKD JPY NOK SEK SGD USD', 'CN'),
  method('grabpay', ONCE, 'MYR SGD', 'MY SG'),
  method('paypay', ONCE, 'JPY', 'JP'),
  method('kakao_pay', ALL, 'KRW', 'KR'),
  method('naver_pay', ALL, 'KRW', 'KR'),
  method('kr_card', ALL, 'KRW', 'KR'),
  method('payco', ONCE, 'KRW', 'KR'),
  method('samsung_pay', ONCE, 'KRW', 'KR'),
  method('crypto', ONCE, 'USD'),
  // By instalments.
  method('klarna', RECURRING, 'AUD CAD CHF CZK DKK EUR GBP NOK NZD PLN RON SEK USD', KLARNA),
  method('affirm', ONCE, 'CAD USD', 'CA US'),
  method('alma', ONCE, 'EUR', 'BE DE ES FR IE IT LU NL PT'),
  method('billie', ONCE, 'EUR GBP SEK', 'DE FR GB NL SE'),
  method('scalapay', ONCE, 'EUR', 'ES FR IT PT'),
  method('zip', ONCE, 'AUD', 'AU'),
];

import type { CheckoutMode } from '../../catalogue.ts';
import type { Money } from '../../money.ts';
import type { ProviderAbilities } from '../abilities.ts';
import { bucketCount } from '../bucket.ts';
import { bucketsOf } from '../compile-policy.ts';
import { countryCodes } from '../country-codes.ts';
import { normalizeCountry } from '../country.ts';
import type { RoutingPolicy, RoutingRule, RuleConditions } from '../policy.ts';
import { covers, prepareAbilities, type Offered } from '../prepared-abilities.ts';
import type { Box } from './region.ts';

/**
 * A request that stands for all that a policy treats alike.
 *
 * Wishes are none or one method: a condition over methods holds for a set where it holds for one of them, so that a set
 * reaches a rule only where one of its methods alone does too.
 */
export interface ExampleRequest {
  readonly country: string | null;
  readonly card_country: string | null;
  readonly mode: CheckoutMode;
  readonly digital: boolean;
  /** null in mode setup, which sells nothing. */
  readonly amount: Money | null;
  readonly payment_methods: readonly string[] | null;
  /** The first bucket that it may be in. */
  readonly bucket: number;
}

/** The order of dimensions in boxes: those with few values first, which keeps regions small. */
const dimensions = ['product', 'wish', 'bucket', 'charge', 'cardCountry', 'country'] as const;
type Dimension = (typeof dimensions)[number];

/** Every request there can be, in finitely many classes that the rules and abilities at hand cannot tell apart. */
export interface RequestSpace {
  /** Boxes that no request is in: what sells nothing has no amount, what sells something has one. */
  readonly impossible: readonly Box[];
  readonly everything: Box;
  boxOf(rule: RoutingRule): Box;
  /** What the rule selects for a card whose country nobody knows. */
  withUnknownCard(rule: RoutingRule): Box;
  readonly countryUnknown: Box;
  /** What a provider can do for requests of a rule, one ability after the other: each narrows the one before. */
  abilityBoxes(abilities: ProviderAbilities): Readonly<Record<'mode' | 'country' | 'currency', Box>>;
  /** One box per method on the provider's page; where the rule asks for methods, only those count. */
  methodBoxes(rule: RoutingRule, abilities: ProviderAbilities): readonly Box[];
  example(point: readonly number[]): ExampleRequest;
}

interface Charge {
  readonly currency: string;
  /** Amounts in minor units, both ends in. */
  readonly from: number;
  readonly to: number;
}

const products = [
  { mode: 'subscription', digital: true },
  { mode: 'payment', digital: true },
  { mode: 'subscription', digital: false },
  { mode: 'payment', digital: false },
  { mode: 'setup', digital: false },
] as const;
/** Any three letters may be a currency. */
const moreCurrencies = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'.split('').map((letter) => `XX${letter}`);
const usualAmountMinor = 4_900;

export function createRequestSpace(
  policy: RoutingPolicy,
  abilities: Readonly<Record<string, ProviderAbilities>>,
): RequestSpace {
  const wishes = [null, ...new Set(policy.rules.flatMap(({ when }) => when.payment_method ?? []))];
  const buckets = startsOfBuckets(policy);
  const charges = [...chargesOf(policy, abilities), null];
  const countries = countriesOf(policy, abilities);
  const box = (parts: Partial<Readonly<Record<Dimension, bigint>>>): Box =>
    dimensions.map((dimension) => parts[dimension] ?? everyOf[dimension]);
  const everyOf: Readonly<Record<Dimension, bigint>> = {
    product: maskOf(products, () => true),
    wish: maskOf(wishes, () => true),
    bucket: maskOf(buckets, () => true),
    charge: maskOf(charges, () => true),
    cardCountry: maskOf(countries, () => true),
    country: maskOf(countries, () => true),
  };
  const setup = maskOf(products, ({ mode }) => mode === 'setup');
  const free = maskOf(charges, (charge) => charge === null);

  function boxOf({ when, provider }: RoutingRule): Box {
    const { card_country: card, digital, mode, payment_method: methods, percent } = when;
    const end = percent === undefined ? bucketCount : bucketsOf(percent);
    const isProduct = (product: (typeof products)[number]) =>
      (mode?.includes(product.mode) ?? true) && (digital === undefined || product.digital === digital);
    return box({
      product: maskOf(products, isProduct),
      wish: maskOf(wishes, (wish) => methods === undefined || (wish !== null && methods.includes(wish))),
      bucket: maskOf(buckets, (start) => start < end),
      charge: maskOf(charges, (charge) => chargeHolds(when, charge)),
      cardCountry: maskOf(countries, (code) => card === undefined || card.includes(code ?? 'unknown')),
      country: maskOf(countries, (code) => countryHolds(when.country, code, abilities[provider])),
    });
  }

  return {
    everything: box({}),
    impossible: [
      box({ product: setup, charge: ~free & everyOf.charge }),
      box({ product: ~setup & everyOf.product, charge: free }),
    ],
    boxOf,
    withUnknownCard: (rule) => boxOf({ ...rule, when: { ...rule.when, card_country: ['unknown'] } }),
    countryUnknown: box({ country: maskOf(countries, (code) => code === null) }),
    abilityBoxes(able) {
      const { countries: served, currencies } = prepareAbilities(able);
      return {
        mode: box({ product: maskOf(products, ({ mode }) => able.modes.includes(mode)) }),
        country: box({ country: maskOf(countries, (code) => code === null || covers(served, code)) }),
        currency: box({ charge: maskOf(charges, (charge) => charge === null || covers(currencies, charge.currency)) }),
      };
    },
    methodBoxes({ when }, able) {
      const { methods } = prepareAbilities(able);
      const asked = when.payment_method;
      return products.flatMap((product, index) =>
        methods[product.mode]
          .filter(({ method }) => asked?.includes(method) ?? true)
          .map((offered) => ({
            product: 1n << BigInt(index),
            wish: maskOf(wishes, (wish) => wish === (asked === undefined ? null : offered.method)),
            ...placesOf(offered),
          }))
          .map(box),
      );
    },
    example([product = 0, wish = 0, bucket = 0, charge = 0, cardCountry = 0, country = 0]) {
      const method = wishes[wish] ?? null;
      return {
        country: countries[country] ?? null,
        card_country: countries[cardCountry] ?? null,
        mode: products[product]?.mode ?? 'payment',
        digital: products[product]?.digital ?? false,
        amount: amountOf(charges[charge] ?? null),
        payment_methods: method === null ? null : [method],
        bucket: buckets[bucket] ?? 0,
      };
    },
  };

  function placesOf(offered: Offered): { readonly charge: bigint; readonly country: bigint } {
    return {
      charge: maskOf(charges, (charge) => charge === null || (offered.currencies?.has(charge.currency) ?? true)),
      country: maskOf(countries, (code) => code === null || (offered.countries?.has(code) ?? true)),
    };
  }
}

function maskOf<T>(values: readonly T[], isIn: (value: T) => boolean): bigint {
  return values.reduce((mask, value, index) => (isIn(value) ? mask | (1n << BigInt(index)) : mask), 0n);
}

function countryHolds(wanted: RuleConditions['country'], code: string | null, able: ProviderAbilities | undefined) {
  if (wanted === undefined) return true;
  if (wanted === 'unknown') return code === null;
  if (wanted === 'served') return code !== null && able !== undefined && covers(prepareAbilities(able).countries, code);
  return wanted.includes(code ?? 'unknown');
}

function chargeHolds({ amount_minor: amount, currency }: RuleConditions, charge: Charge | null): boolean {
  if (charge === null) return currency === undefined && amount === undefined;
  if (currency !== undefined && !currency.includes(charge.currency)) return false;
  if (amount === undefined) return true;
  const { max = Number.MAX_SAFE_INTEGER, min = 0 } = amount;
  return charge.currency === amount.currency && charge.from >= min && charge.to <= max;
}

/** What costs nothing is not routed, so amounts begin at 1. */
function amountOf(charge: Charge | null): Money | null {
  if (charge === null) return null;
  const { currency, from, to } = charge;
  return { amountMinor: Math.max(from, Math.min(usualAmountMinor, to)), currency };
}

function startsOfBuckets({ rules }: RoutingPolicy): readonly number[] {
  const ends = rules.flatMap(({ when }) => (when.percent === undefined ? [] : [bucketsOf(when.percent)]));
  return [...new Set([0, ...ends])].filter((start) => start < bucketCount).sort((a, b) => a - b);
}

/** Each currency that anything names, cut where amounts are, and one that stands for all others. */
function chargesOf(
  { rules }: RoutingPolicy,
  abilities: Readonly<Record<string, ProviderAbilities>>,
): readonly Charge[] {
  const named = new Set([
    ...rules.flatMap(({ when }) => [
      ...(when.currency ?? []),
      ...(when.amount_minor ? [when.amount_minor.currency] : []),
    ]),
    ...Object.values(abilities).flatMap((able) => [
      ...listed(able.currencies),
      ...able.paymentMethods.flatMap(({ currencies }) => currencies ?? []),
    ]),
  ]);
  return [...named, otherThan(named, 'USD EUR MXN GBP BRL', moreCurrencies) ?? 'XXX'].flatMap((currency) => {
    const cuts = rules.flatMap(({ when: { amount_minor: amount } }) =>
      amount?.currency === currency ? [amount.min ?? 1, (amount.max ?? Number.MAX_SAFE_INTEGER) + 1] : [],
    );
    const starts = [...new Set([1, ...cuts.filter((cut) => cut > 1 && cut <= Number.MAX_SAFE_INTEGER)])];
    starts.sort((a, b) => a - b);
    return starts.map((from, index) => ({
      currency,
      from,
      to: (starts[index + 1] ?? Number.MAX_SAFE_INTEGER + 1) - 1,
    }));
  });
}

/** Each country that anything names, one that stands for all others, and null: unknown. */
function countriesOf(
  { rules }: RoutingPolicy,
  abilities: Readonly<Record<string, ProviderAbilities>>,
): readonly (string | null)[] {
  const named = new Set([
    ...rules.flatMap(({ when: { card_country: card = [], country } }) => [
      ...(country === undefined || typeof country === 'string' ? [] : country),
      ...card,
    ]),
    ...Object.values(abilities).flatMap((able) => [
      ...listed(able.countries),
      ...able.paymentMethods.flatMap(({ countries }) => countries ?? []),
    ]),
  ]);
  // Codes that no request can carry (`EU`, and `unknown` itself) are no countries.
  const real = [...named].filter((code) => normalizeCountry(code) === code);
  const other = otherThan(named, 'US DE JP BR IN ZA', countryCodes);
  return [...(other === null ? [] : [other]), ...real, null];
}

function listed(list: ProviderAbilities['countries']): readonly string[] {
  return 'only' in list ? list.only : list.except;
}

/** A code that nothing names: a well-known one, if there is any; null: all are named. */
function otherThan(named: ReadonlySet<string>, wellKnown: string, all: Iterable<string>): string | null {
  for (const code of [...wellKnown.split(' '), ...all]) if (!named.has(code)) return code;
  return null;
}

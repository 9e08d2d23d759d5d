import type { CheckoutMode } from '../catalogue.ts';
import type { Money } from '../money.ts';
import type { ProviderAbilities } from './abilities.ts';

/** A list that names what is in, or what is not. */
export interface Coverage {
  readonly listed: ReadonlySet<string>;
  readonly isListedIn: boolean;
}

export interface Offered {
  readonly method: string;
  /** null: every one that the provider takes. */
  readonly currencies: ReadonlySet<string> | null;
  readonly countries: ReadonlySet<string> | null;
}

/** A provider's abilities as sets: made once for each, and only looked up after that. */
export interface PreparedAbilities {
  readonly countries: Coverage;
  readonly currencies: Coverage;
  readonly methods: Readonly<Record<CheckoutMode, readonly Offered[]>>;
}

interface Wish {
  readonly mode: CheckoutMode;
  readonly amount: Pick<Money, 'currency'> | null;
  readonly evidence: { readonly country: string | null };
  readonly wishedPaymentMethods: readonly string[] | null;
}

/** Abilities are constants of the adapters; what was made of them is kept as long as they live. */
const prepared = new WeakMap<ProviderAbilities, PreparedAbilities>();

export function prepareAbilities(abilities: ProviderAbilities): PreparedAbilities {
  const known = prepared.get(abilities);
  if (known !== undefined) return known;
  const made: PreparedAbilities = {
    countries: coverageOf(abilities.countries),
    currencies: coverageOf(abilities.currencies),
    methods: {
      payment: methodsOf(abilities, 'payment'),
      subscription: methodsOf(abilities, 'subscription'),
      setup: methodsOf(abilities, 'setup'),
    },
  };
  prepared.set(abilities, made);
  return made;
}

export function covers({ listed, isListedIn }: Coverage, code: string): boolean {
  return listed.has(code) === isListedIn;
}

/** Whether the provider's page could offer at least one of the wished methods, or any where none is wished. */
export function offersAny(able: PreparedAbilities, wish: Wish): boolean {
  const wished = wish.wishedPaymentMethods;
  for (const offered of able.methods[wish.mode])
    if (fits(offered, wish) && (wished === null || wished.includes(offered.method))) return true;
  return false;
}

/** What the provider's page can offer, whatever is wished. */
export function offersOf(able: PreparedAbilities, wish: Wish): readonly Offered[] {
  return able.methods[wish.mode].filter((offered) => fits(offered, wish));
}

function fits({ countries, currencies }: Offered, { amount, evidence: { country } }: Wish): boolean {
  if (currencies !== null && amount !== null && !currencies.has(amount.currency)) return false;
  return countries === null || country === null || countries.has(country);
}

function coverageOf(list: ProviderAbilities['countries']): Coverage {
  return 'only' in list
    ? { listed: new Set(list.only), isListedIn: true }
    : { listed: new Set(list.except), isListedIn: false };
}

function methodsOf(abilities: ProviderAbilities, mode: CheckoutMode): readonly Offered[] {
  return abilities.paymentMethods
    .filter(({ modes }) => modes.includes(mode))
    .map(({ method, currencies, countries }) => ({
      method,
      currencies: currencies ? new Set(currencies) : null,
      countries: countries ? new Set(countries) : null,
    }));
}

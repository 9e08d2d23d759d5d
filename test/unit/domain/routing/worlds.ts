import fc from 'fast-check';
import type { CheckoutMode } from '../../../../src/domain/catalogue.ts';
import type { ProviderAbilities } from '../../../../src/domain/routing/abilities.ts';
import { bucketOf } from '../../../../src/domain/routing/bucket.ts';
import type { RoutingPolicy, RoutingRule, RuleConditions } from '../../../../src/domain/routing/policy.ts';
import type { ProviderFacts, RouteRequest } from '../../../../src/domain/routing/route.ts';

export const modes: readonly CheckoutMode[] = ['payment', 'subscription', 'setup'];

/** A provider that can do everything, but for what is changed. */
export const anAbility = (changes: Partial<ProviderAbilities> = {}): ProviderAbilities => ({
  merchantOfRecord: false,
  countries: { except: [] },
  currencies: { except: [] },
  paymentMethods: [{ method: 'card', modes }],
  modes,
  features: { quantity: modes, discountCode: modes, trialDays: modes, voucherExpiry: modes, embed: modes },
  requires: [],
  needsProviderPrice: [],
  subscriptions: null,
  retains: [],
  ...changes,
});

/** Three providers, as different as ours are. */
export const abilities = {
  local: anAbility({
    countries: { only: ['MX'] },
    currencies: { only: ['MXN'] },
    modes: ['payment', 'subscription'],
    paymentMethods: [
      { method: 'card', modes: ['payment', 'subscription'] },
      { method: 'oxxo', modes: ['payment'], currencies: ['MXN'], countries: ['MX'] },
    ],
  }),
  seller: anAbility({ countries: { except: ['RU', 'KP'] }, modes: ['payment', 'subscription'] }),
  universal: anAbility(),
} as const satisfies Record<string, ProviderAbilities>;

export const factsOf = (able: Readonly<Record<string, ProviderAbilities>>): Record<string, ProviderFacts> =>
  Object.fromEntries(
    Object.entries(able).map(([id, each]) => [
      id,
      { isConfigured: true, isSellable: true, isAvailable: true, abilities: each },
    ]),
  );

export const aRequest = (changes: Partial<RouteRequest> = {}): RouteRequest => ({
  projectId: 'default',
  organizationId: 'org_1',
  mode: 'payment',
  digital: true,
  quantity: 1,
  amount: { amountMinor: 4900, currency: 'USD' },
  evidence: { country: 'US', source: 'request' },
  cardCountry: null,
  wishedPaymentMethods: null,
  hasDiscountCode: false,
  hasTrial: false,
  hasVoucherExpiry: false,
  hasEmbedOrigin: false,
  forcedProvider: null,
  liveProvider: null,
  preferredProvider: null,
  ...changes,
});

export const percents = [0, 10, 50, 100];
const codes = ['MX', 'US', 'RU', 'unknown'];

/** Policies small enough that every request they can tell apart is tried. */
export const smallPolicy: fc.Arbitrary<RoutingPolicy> = fc
  .array(
    fc.record({
      provider: fc.constantFrom('local', 'seller', 'universal'),
      when: fc.record(
        {
          country: fc.oneof(
            fc.subarray(codes, { minLength: 1 }),
            fc.constantFrom('served' as const, 'unknown' as const),
          ),
          card_country: fc.subarray(codes, { minLength: 1 }),
          mode: fc.subarray([...modes], { minLength: 1 }),
          digital: fc.boolean(),
          currency: fc.subarray(['USD', 'MXN'], { minLength: 1 }),
          payment_method: fc.subarray(['card', 'oxxo'], { minLength: 1 }),
          amount_minor: fc.constantFrom(
            { currency: 'USD', min: 1_000 },
            { currency: 'USD', max: 999 },
            { currency: 'MXN', min: 500, max: 1_500 },
          ),
          percent: fc.constantFrom(...percents),
        },
        { requiredKeys: [] },
      ) satisfies fc.Arbitrary<RuleConditions>,
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((rules) => aPolicy(rules.map((rule, index) => ({ id: `rule-${index}`, ...rule }))));

export const aPolicy = (rules: readonly RoutingRule[]): RoutingPolicy => ({
  name: 'test',
  version: 3,
  description: '',
  rules,
  fallback_provider: 'universal',
});

/** An organization in exactly this bucket. */
export function organizationIn(bucket: number): string {
  const known = organizations.get(bucket);
  if (known !== undefined) return known;
  for (let index = 0; ; index += 1) {
    const id = `org_${index}`;
    if (bucketOf('default', id) !== bucket) continue;
    organizations.set(bucket, id);
    return id;
  }
}

const organizations = new Map<number, string>();

/** Every request that a small policy can tell apart, and some that it cannot. */
export function* allSmallRequests(): Generator<RouteRequest> {
  const products = [
    ...(['payment', 'subscription'] as const).flatMap((mode) =>
      [true, false].flatMap((digital) =>
        [
          ...['USD', 'MXN', 'EUR'].flatMap((currency) =>
            [1, 999, 1_000, 1_501].map((amountMinor) => ({ amountMinor, currency })),
          ),
        ].map((amount) => ({ mode, digital, amount })),
      ),
    ),
    { mode: 'setup' as const, digital: false, amount: null },
  ];
  for (const product of products)
    for (const country of ['MX', 'US', 'RU', 'DE', null])
      for (const cardCountry of ['MX', 'US', 'RU', 'DE', null])
        for (const wishedPaymentMethods of [null, ['card'], ['oxxo'], ['oxxo', 'card'], ['paypal']])
          for (const bucket of [0, 1_000, 5_000])
            yield aRequest({
              ...product,
              evidence: { country, source: 'request' },
              cardCountry,
              wishedPaymentMethods,
              organizationId: organizationIn(bucket),
            });
}

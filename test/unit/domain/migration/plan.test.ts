import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LegacySubscription, MigrationPlan } from '../../../../src/domain/migration/migration.ts';
import { planMigration, type MigrationGround, type MigrationSubject } from '../../../../src/domain/migration/plan.ts';
import { compilePolicy } from '../../../../src/domain/routing/compile-policy.ts';
import type { SubscriptionAbilities } from '../../../../src/domain/routing/abilities.ts';
import { anAbility } from '../routing/worlds.ts';

const movable: SubscriptionAbilities = {
  ...{ cancel: ['now', 'period_end'], undoCancel: true, pause: [], pauseUntil: false, proration: ['none'] },
  change: { plan: ['now'], interval: ['now'], quantity: ['now'] },
  ...{ preview: false, moveTrialEnd: true, renews: true },
};
const able = (changes: Parameters<typeof anAbility>[0] = {}) => ({
  ...{ isConfigured: true, isAvailable: true },
  abilities: anAbility({ subscriptions: movable, ...changes }),
});

/** Everybody would be routed back to `old`; `seller` sells all but to RU, `fixed` cannot move a trial, `world` steps in. */
const ground = (changes: Partial<MigrationGround> = {}): MigrationGround => ({
  ...{ projectId: 'p', fromProvider: 'old', toProvider: 'seller' },
  policy: compilePolicy({
    ...{ name: 'x', version: 1, description: '', fallback_provider: 'world' },
    rules: [
      { id: 'bavarians', when: { country: ['DE'] }, provider: 'fixed' },
      { id: 'everybody', when: {}, provider: 'old' },
    ],
  }),
  blockedCountries: [{ country: 'KP', regions: null, since: '2026-01-01', reason: 'Embargo.' }],
  providers: {
    old: able(),
    seller: able({ countries: { except: ['RU'] } }),
    fixed: able({ subscriptions: { ...movable, moveTrialEnd: false } }),
    world: able(),
  },
  ...changes,
});

const legacy = (changes: Partial<LegacySubscription> = {}): LegacySubscription => ({
  ...{ providerSubscriptionId: 'S1', providerCustomerId: 'u1', status: 'active', offerId: 'offer', quantity: 2 },
  ...{ amountMinor: 3800, currency: 'USD', interval: 'month', periodStart: '2026-11-01T00:00:00.000Z' },
  ...{ paidThrough: '2026-12-01T00:00:00.000Z', cancelAtPeriodEnd: false, isRefunded: false, ...changes },
});
const subject = (
  changes: Partial<Omit<MigrationSubject, 'legacy'>> & { readonly legacy?: Partial<LegacySubscription> } = {},
): MigrationSubject => ({
  itemId: 'mi_1',
  organization: { id: 'org_1', hasEmail: true, country: 'US', preferredProvider: null },
  price: {
    ...{ planId: 'plan_pro', priceId: 'price_pro', digital: true, billingInterval: 'monthly' },
    ...{ unitAmount: { amountMinor: 2900, currency: 'USD' }, pushedTo: ['seller'] },
  },
  ...{ elsewhere: null, second: null, ...changes, legacy: legacy(changes.legacy) },
});
const planOf = (one: MigrationSubject, on: MigrationGround = ground()): MigrationPlan | undefined =>
  planMigration([one], on).get(one.itemId);
const organization = subject().organization ?? never();
const price = subject().price ?? never();

describe('the plan of one subscription', () => {
  it('moves it to whom the migration leads, with its money and the day of the first charge', () => {
    expect(planOf(subject())).toEqual({
      ...{
        action: 'move',
        planId: 'plan_pro',
        priceId: 'price_pro',
        interval: 'month',
        provider: 'seller',
        rule: 'preferred',
      },
      ...{ quantity: 2, amountMinor: 5800, currency: 'USD', firstChargeAt: '2026-12-01T00:00:00.000Z' },
      differenceMinor: 2000,
    });
  });

  it.each([
    [{ currency: 'EUR' }, null],
    [{ interval: 'year' as const }, null],
    [{ amountMinor: null }, null],
    [{ interval: null }, 2000],
  ])('compares money only where currency and interval stay: %o', (changes, differenceMinor) => {
    expect(planOf(subject({ legacy: changes }))).toMatchObject({ differenceMinor });
  });

  it.each([
    ['canceled', subject({ legacy: { status: 'canceled' } })],
    ['canceled', subject({ legacy: { cancelAtPeriodEnd: true } })],
    ['past_due', subject({ legacy: { status: 'past_due' } })],
    ['past_due', subject({ legacy: { status: 'paused' } })],
    ['past_due', subject({ legacy: { status: 'incomplete' } })],
    ['past_due', subject({ legacy: { paidThrough: null } })],
    ['refunded', subject({ legacy: { isRefunded: true } })],
    ['organization_unknown', subject({ organization: null })],
    ['no_email', subject({ organization: { ...organization, hasEmail: false } })],
    ['price_unmapped', subject({ price: null })],
    ['duplicate', subject({ second: { id: 'sub_2', provider: 'seller' } })],
    ['already_moved', subject({ elsewhere: { code: 'already_moved', migrationId: 'mig_0' } })],
    ['in_other_migration', subject({ elsewhere: { code: 'in_other_migration', migrationId: 'mig_0' } })],
    ['no_provider', subject({ organization: { ...organization, country: 'KP' } })],
  ] as const)('leaves it where it is, and says why: %s', (code, one) => {
    const plan = planOf(one);
    expect(plan).toMatchObject({ action: 'exclude', code });
    expect(plan?.action === 'exclude' && plan.because).toMatch(/\w{3}/);
  });

  it('goes to the next who can where the preferred one cannot, and never back', () => {
    const russian = subject({ organization: { ...organization, country: 'RU' } });
    expect(planOf(russian)).toMatchObject({ provider: 'world' });
    const german = subject({ organization: { ...organization, country: 'DE' } });
    expect(planOf(german, ground({ toProvider: null }))).toMatchObject({
      provider: 'world',
      rule: 'bavarians:fallback',
    });
    const loyal = subject({ organization: { ...organization, preferredProvider: 'old' } });
    expect(planOf(loyal, ground({ toProvider: null }))).toMatchObject({ provider: 'world' });
  });

  it('goes only where the price can be sold, and names everybody’s reason where nobody is left', () => {
    const pushed = able({ needsProviderPrice: ['subscription'] });
    const only = ground({ providers: { old: able(), seller: pushed, fixed: ground().providers.fixed ?? never() } });
    expect(planOf(subject(), only)).toMatchObject({ provider: 'seller' });
    const unsold = planOf(subject({ price: { ...price, pushedTo: [] } }), only);
    expect(unsold).toMatchObject({
      code: 'no_provider',
      because: expect.stringMatching(/seller: the price has not been pushed[^]*world: it has no account/),
    });
  });
});

describe('the plan of many', () => {
  const many = fc.array(
    fc.record({
      org: fc.constantFrom('a', 'b', null),
      plan: fc.constantFrom('plan_pro', 'plan_max', null),
      status: fc.constantFrom('active', 'trialing', 'past_due', 'canceled'),
      day: fc.constantFrom('01', '02', '03', null),
      country: fc.constantFrom('US', 'RU', 'KP', null),
      isElsewhere: fc.boolean(),
    }),
    { maxLength: 30 },
  );
  const subjectsOf = (drawn: typeof many extends fc.Arbitrary<infer T> ? T : never) =>
    drawn.map((one, index) =>
      subject({
        itemId: `mi_${index}`,
        organization: one.org === null ? null : { ...organization, id: one.org, country: one.country },
        price: one.plan === null ? null : { ...price, planId: one.plan },
        elsewhere: one.isElsewhere ? { code: 'already_moved', migrationId: 'mig_0' } : null,
        legacy: {
          ...{ providerSubscriptionId: `S${index}`, status: one.status },
          paidThrough: one.day && `2026-12-${one.day}T00:00:00.000Z`,
        },
      }),
    );

  it('gives every subscription exactly one verdict, and moves exactly one of each customer and product that can move', () => {
    fc.assert(
      fc.property(many, (drawn) => {
        const subjects = subjectsOf(drawn);
        const plans = planMigration(subjects, ground());
        expect([...plans.keys()].toSorted()).toEqual(subjects.map(({ itemId }) => itemId).toSorted());
        const groups = Map.groupBy(
          subjects.filter((one) => planOf(one)?.action === 'move'),
          (one) => `${one.organization?.id}/${one.price?.planId}`,
        );
        const moved = subjects.filter(({ itemId }) => plans.get(itemId)?.action === 'move');
        expect(moved).toHaveLength(groups.size);
        for (const group of groups.values()) expect(group.filter((one) => moved.includes(one))).toHaveLength(1);
      }),
    );
  });

  it('decides the same in whatever order they come', () => {
    fc.assert(
      fc.property(many, (drawn) => {
        const subjects = subjectsOf(drawn);
        const forward = planMigration(subjects, ground());
        const backward = planMigration(subjects.toReversed(), ground());
        for (const { itemId } of subjects) expect(backward.get(itemId)).toEqual(forward.get(itemId));
      }),
    );
  });

  it('of duplicates moves a paid one before a trial, then the one paid for longest, and the other says which', () => {
    const until = (day: string) => `2026-12-${day}T00:00:00.000Z`;
    const plans = planMigration(
      [
        subject({
          itemId: 'trial',
          legacy: { providerSubscriptionId: 'T', status: 'trialing', paidThrough: until('31') },
        }),
        subject({ itemId: 'short', legacy: { providerSubscriptionId: 'A', paidThrough: until('05') } }),
        subject({ itemId: 'long', legacy: { providerSubscriptionId: 'B', paidThrough: until('20') } }),
      ],
      ground(),
    );
    expect(plans.get('long')).toMatchObject({ action: 'move' });
    for (const other of ['trial', 'short'])
      expect(plans.get(other)).toMatchObject({ code: 'duplicate', because: expect.stringMatching(/^B of/) });
  });
});

function never(): never {
  throw new Error('the scene is incomplete');
}

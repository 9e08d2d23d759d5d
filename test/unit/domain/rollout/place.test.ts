import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProviderAbilities } from '../../../../src/domain/routing/abilities.ts';
import { attemptsOf } from '../../../../src/domain/routing/attempts.ts';
import { compilePolicy } from '../../../../src/domain/routing/compile-policy.ts';
import { route, type RouteRequest } from '../../../../src/domain/routing/route.ts';
import { placeInRollout, type Placing, type RolloutInForce } from '../../../../src/domain/rollout/place.ts';
import type { Arm, RolloutStage } from '../../../../src/domain/rollout/rollout.ts';
import { stageFault } from '../../../../src/domain/rollout/stage-fault.ts';

const able: ProviderAbilities = {
  merchantOfRecord: false,
  countries: { except: [] },
  currencies: { except: [] },
  paymentMethods: [{ method: 'card', modes: ['payment', 'subscription'] }],
  modes: ['payment', 'subscription'],
  features: { quantity: [], discountCode: [], trialDays: ['subscription'], voucherExpiry: [], embed: [] },
  requires: [],
  needsProviderPrice: [],
  subscriptions: null,
  retains: [],
};
const facts = (changes: Partial<ProviderAbilities> = {}, isAvailable = true) => ({
  ...{ isConfigured: true, isSellable: true, isAvailable, abilities: { ...able, ...changes } },
});
const providers = { old: facts(), fresh: facts(), spare: facts() };
const policy = compilePolicy({
  ...{ name: 'test', version: 1, description: '', fallback_provider: 'spare' },
  rules: [{ id: 'all', when: { country: ['US'] }, provider: 'fresh' }],
});
const aRequest = (changes: Partial<RouteRequest> = {}): RouteRequest => ({
  ...{ projectId: 'default', organizationId: 'org_1', mode: 'payment', digital: true, quantity: 1 },
  ...{ amount: { amountMinor: 4900, currency: 'USD' }, evidence: { country: 'US', source: 'request' } },
  ...{ cardCountry: null, wishedPaymentMethods: null, hasDiscountCode: false, hasTrial: false },
  ...{ hasVoucherExpiry: false, hasEmbedOrigin: false },
  ...{ forcedProvider: null, liveProvider: null, preferredProvider: null },
  ...changes,
});
const percents = [1, 10, 50, 100].map((percent): RolloutStage => ({ kind: 'percent', percent }));
const aRollout = (changes: Partial<RolloutInForce> = {}): RolloutInForce => ({
  ...{ id: 'ro_1', name: 'leave', planId: null, fromProvider: 'old', toProvider: 'fresh', status: 'running' },
  ...{ stage: 0, stages: percents, keepsLegacyFallback: true },
  ...changes,
});
const aPlacing = (rollout: Partial<RolloutInForce> = {}, more: Partial<Placing> = {}): Placing => ({
  ...{ rollout: aRollout(rollout), assigned: null, isNew: true, treated: 0, ...more },
});

function decide(
  placing: Placing,
  { request = {}, known = providers }: { request?: Partial<RouteRequest>; known?: typeof providers } = {},
) {
  const asked = aRequest(request);
  const byPolicy = route(asked, policy, known);
  const question = { request: asked, providers: known, fallbacks: policy.fallbacks, placings: [placing] };
  return { byPolicy, placed: placeInRollout(byPolicy, question) };
}
const armAt = (organizationId: string, stage: number, assigned: Arm | null = null) =>
  decide(aPlacing({ stage }, { assigned }), { request: { organizationId } }).placed.rollout?.arm;

const organization = fc.uuid().map((id) => `org_${id}`);

describe('an arm', () => {
  it('is kept whatever the stage becomes', () => {
    fc.assert(
      fc.property(organization, fc.nat(3), fc.array(fc.nat(3)), (id, first, later) => {
        const arm = armAt(id, first);
        for (const stage of later) expect(armAt(id, stage, arm)).toBe(arm);
      }),
    );
  });

  it('is drawn the same at every ask, and by every later stage once it was treatment', () => {
    fc.assert(
      fc.property(organization, (id) => {
        const drawn = () => percents.map((_, stage) => armAt(id, stage)).join(' ');
        expect(drawn()).toBe(drawn());
        expect(drawn()).toMatch(/^(control )*(treatment ?)*$/);
      }),
    );
  });

  it('has the share that its stage says', () => {
    const ids = Array.from({ length: 20_000 }, (_, index) => `org_${index}`);
    for (const [stage, share] of [0.01, 0.1, 0.5, 1].entries()) {
      const treated = ids.filter((id) => armAt(id, stage) === 'treatment').length / ids.length;
      // Five standard deviations of a fair draw.
      expect(Math.abs(treated - share)).toBeLessThanOrEqual(5 * Math.sqrt((share * (1 - share)) / ids.length));
    }
  });

  it('is treatment for the first so many, and for those who are named', () => {
    const first: RolloutStage[] = [{ kind: 'first', customers: 3 }];
    expect(decide(aPlacing({ stages: first }, { treated: 2 })).placed.rollout?.arm).toBe('treatment');
    expect(decide(aPlacing({ stages: first }, { treated: 3 })).placed.rollout?.arm).toBe('control');
    const named: RolloutStage[] = [{ kind: 'organizations', organizations: ['org_1'] }];
    expect(decide(aPlacing({ stages: named })).placed.rollout?.arm).toBe('treatment');
    expect(decide(aPlacing({ stages: named }), { request: { organizationId: 'o' } }).placed.rollout?.arm).toBe(
      'control',
    );
  });
});

describe('the control arm', () => {
  it('is served by the old provider; the new one does not step in', () => {
    const { placed } = decide(aPlacing({}, { assigned: 'control' }));
    expect(placed).toMatchObject({ rule: 'rollout:leave:control', provider: 'old', fallbacks: ['spare'] });
    expect(attemptsOf(placed)).toEqual(['old', 'spare']);
    expect(placed.rollout).toMatchObject({ policy_rule: 'all', policy_provider: 'fresh', assigns: false });
  });

  it('falls to who steps in while the old provider fails, and stays the control arm', () => {
    const known = { ...providers, old: facts({}, false) };
    const { placed } = decide(aPlacing({}, { assigned: 'control' }), { known });
    expect(attemptsOf(placed)).toEqual(['spare']);
    expect(placed.rollout?.arm).toBe('control');
  });
});

describe('the treatment arm', () => {
  it('is served as the policy says, with the old provider before who else steps in', () => {
    const { placed } = decide(aPlacing({ stage: 3 }));
    expect(placed).toMatchObject({ rule: 'rollout:leave:treatment', provider: 'fresh', fallbacks: ['old', 'spare'] });
    expect(placed.rollout?.assigns).toBe(true);
  });

  it('falls to the policy’s own where the old provider shall not step in', () => {
    expect(decide(aPlacing({ stage: 3, keepsLegacyFallback: false })).placed.fallbacks).toEqual(['spare']);
  });

  it('goes to the old provider after a rollback, and so does everybody new, who is put into no arm', () => {
    for (const assigned of ['treatment', null] as const) {
      const { placed } = decide(aPlacing({ stage: 3, status: 'rolled_back' }, { assigned }));
      expect(placed).toMatchObject({ rule: 'rollout:leave:rolled_back', provider: 'old' });
      expect(placed.rollout).toMatchObject({ arm: assigned, assigns: false, rolled_back: true });
    }
  });
});

describe('a rollout has nothing to say of', () => {
  const untouched = ({ byPolicy, placed }: ReturnType<typeof decide>) => expect(placed).toBe(byPolicy);

  it('what is forced, preferred or bound by a live subscription', () => {
    for (const request of [{ forcedProvider: 'fresh' }, { preferredProvider: 'fresh' }, { liveProvider: 'fresh' }])
      untouched(decide(aPlacing({}, { assigned: 'control' }), { request }));
  });

  it('whom the policy sends elsewhere', () => {
    untouched(decide(aPlacing(), { request: { evidence: { country: 'DE', source: 'request' } } }));
  });

  it('who was a customer before', () => {
    untouched(decide(aPlacing({}, { isNew: false })));
  });

  it('new organizations whose wish the old provider cannot express: they could be in one arm only', () => {
    const known = { ...providers, old: facts({ currencies: { only: ['MXN'] } }) };
    untouched(decide(aPlacing(), { known }));
    untouched(decide(aPlacing({ stage: 3 }), { known }));
  });
});

describe('stages', () => {
  it('must rise, each kind by itself', () => {
    expect(stageFault(percents)).toBeNull();
    expect(stageFault([{ kind: 'first', customers: 5 }, ...percents])).toBeNull();
    expect(stageFault([...percents.slice(0, 2), { kind: 'percent', percent: 10 }])?.index).toBe(2);
    expect(stageFault([5, 5].map((customers) => ({ kind: 'first', customers })))?.index).toBe(1);
  });
});

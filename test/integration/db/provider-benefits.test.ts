import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createListBenefits, createPushBenefit } from '../../../src/activities/push-benefits.ts';
import { createPushPlanBenefits } from '../../../src/activities/push-plan-benefits.ts';
import { newId } from '../../../src/db/new-id.ts';
import {
  acme,
  aBenefit,
  aGrantTruth,
  anOrganization,
  aPlan,
  aSubscription,
  carryOut,
  closeWorld,
  deps,
  grantsOf,
  openWorld,
  run,
  scope,
} from './benefit-world.ts';

beforeAll(openWorld);
afterAll(closeWorld);

describe('a provider that brings benefits with its products', () => {
  async function pushed(...types: readonly string[]) {
    const benefitIds: string[] = [];
    for (const type of types) benefitIds.push(await aBenefit(type));
    const plan = await aPlan(...benefitIds);
    const input = { ...scope, provider: 'acme', dryRun: false };
    const push = async (changes: { dryRun?: boolean } = {}) => {
      const steps = [];
      for (const benefitId of benefitIds)
        steps.push(await createPushBenefit(deps())({ ...input, benefitId, ...changes }));
      steps.push(await createPushPlanBenefits(deps())({ ...input, planId: plan.planId, ...changes }));
      return steps.map(({ action, because }) => `${action}: ${because}`);
    };
    return { plan, benefitIds, push };
  }

  it('is told of definitions, then of what a plan brings; a dry run tells nobody', async () => {
    const { plan, benefitIds, push } = await pushed('license_keys', 'custom', 'meter_credit');
    const product = `prod_${plan.planId}`;
    expect(await push({ dryRun: true })).toEqual([
      'create: never pushed',
      'not_offered: the provider has no benefits of this type',
      'create: never pushed',
      'none: in step',
    ]);
    expect(acme.products.has(product)).toBe(false);
    expect(await push()).toEqual([
      'create: never pushed',
      'not_offered: the provider has no benefits of this type',
      'not_offered: the provider does not take it: /properties/meter_id is required',
      'update: its products shall bring 1',
    ]);
    expect(acme.products.get(product)).toEqual([`acme_${benefitIds[0]}`]);
    expect((await push()).filter((step) => step.endsWith('in step'))).toHaveLength(2);
    await run(`update benefits set description = 'Another word' where id = ?`, [benefitIds[0]]);
    expect((await push())[0]).toBe('update: description or properties changed');
    await run(`delete from plan_benefits where plan_id = ?`, [plan.planId]);
    expect((await push()).at(-1)).toBe('update: its products shall bring 0');
    expect(acme.products.get(product)).toEqual([]);
    const work = await createListBenefits(deps())({ ...scope, providers: ['acme'] });
    expect(work.benefitIds).toEqual(expect.arrayContaining(benefitIds));
    expect(work.providers).toEqual(['acme']);
  });

  it('is followed until it has granted, its problem told, and until it has taken back', async () => {
    const { plan, benefitIds, push } = await pushed('discord');
    await push();
    const subscription = await aSubscription(plan);
    await subscription.becomes('active');
    expect(await grantsOf(subscription.id)).toMatchObject([{ provider: 'acme', status: 'pending' }]);
    acme.grants = [];
    expect(await carryOut(subscription.id)).toMatchObject([{ isDone: false, status: 'pending' }]);
    const truth = aGrantTruth({
      ...{ providerBenefitId: `acme_${benefitIds[0]}`, providerSubscriptionId: `theirs_${subscription.id}` },
      ...{ isGranted: false, problem: 'The account is not linked.' },
    });
    acme.grants = [aGrantTruth({ ...truth, providerSubscriptionId: 'of_somebody_else', isGranted: true }), truth];
    await carryOut(subscription.id);
    expect(await grantsOf(subscription.id)).toMatchObject([
      { status: 'pending', problem: 'The account is not linked.', version: 1 },
    ]);
    acme.grants = [{ ...truth, isGranted: true, problem: null }];
    expect(await carryOut(subscription.id)).toMatchObject([{ isDone: true, status: 'granted' }]);
    expect(await grantsOf(subscription.id)).toMatchObject([
      { provider_grant_id: truth.providerGrantId, properties: { display_key: '****-1' }, problem: null },
    ]);
    await subscription.becomes('canceled');
    expect(await carryOut(subscription.id)).toMatchObject([{ isDone: false, status: 'revoking' }]);
    acme.grants = [{ ...truth, isGranted: false }];
    expect(await carryOut(subscription.id)).toMatchObject([{ isDone: true, status: 'revoked' }]);
  });

  it('is asked for a direct grant, once, and to take it back', async () => {
    const { benefitIds, push } = await pushed('license_keys');
    await push();
    const [id, organizationId] = [newId('grant'), await anOrganization()];
    await run(
      `insert into benefit_grants (id, project_id, live, organization_id, benefit_id, source_kind, source_id, status, provider)
       values (?, 'p', false, ?, ?, 'direct', ?, 'pending', 'acme')`,
      [id, organizationId, benefitIds[0], id],
    );
    acme.grants = [];
    expect(await carryOut(id)).toMatchObject([{ status: 'granted' }]);
    await run(`update benefit_grants set status = 'revoking' where id = ?`, [id]);
    expect(await carryOut(id)).toMatchObject([{ status: 'revoked' }]);
    expect(acme.revoked).toContain(`acme_${benefitIds[0]}`);
  });
});

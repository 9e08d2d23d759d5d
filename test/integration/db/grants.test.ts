import { randomBytes } from 'node:crypto';
import type { MikroORM } from '@mikro-orm/postgresql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCarryOutGrant } from '../../../src/activities/carry-out-grant.ts';
import type { ActivityDeps } from '../../../src/activities/deps.ts';
import { noteSubscription } from '../../../src/activities/note-subscription.ts';
import { createListBenefits, createPushBenefit } from '../../../src/activities/push-benefits.ts';
import { createPushPlanBenefits } from '../../../src/activities/push-plan-benefits.ts';
import { withGrants } from '../../../src/activities/with-grants.ts';
import { writeOrderEntitlement } from '../../../src/activities/write-order-entitlement.ts';
import { createKeyRing } from '../../../src/crypto/key-ring.ts';
import { hashLicenseKey, openLicenseKey } from '../../../src/crypto/license-key.ts';
import { LicenseKeyEntity } from '../../../src/db/entities/benefit.ts';
import { OrderEntity } from '../../../src/db/entities/payment.ts';
import { SubscriptionEntity } from '../../../src/db/entities/subscription.ts';
import { newId } from '../../../src/db/new-id.ts';
import { openOrm } from '../../../src/db/orm.ts';
import { takeWaitingGrants } from '../../../src/db/queries/benefit-grants.ts';
import { BillingError } from '../../../src/domain/errors.ts';
import type { SubscriptionStatus } from '../../../src/domain/subscription/truth.ts';
import type { BenefitGrantTruth, BenefitOperations, BenefitTruth } from '../../../src/providers/port-catalog.ts';
import type { ProviderDirectory } from '../../../src/providers/port.ts';
import { createDatabase, type TestDatabase } from '../../support/servers/postgres.ts';
import { fakeProviders } from '../api/fake-providers.ts';

let database: TestDatabase;
let orm: MikroORM;
let deps: ActivityDeps;
const keyRing = createKeyRing([{ id: 'k1', key: randomBytes(32) }]);
const scope = { projectId: 'p', live: false };

beforeAll(async () => {
  database = await createDatabase();
  orm = await openOrm(database.url, { poolSize: 4 });
  deps = { orm, keyRing, providers: directoryOf(acme), lookGapsMs: [], maxCallsInFlight: 1 };
  await run(`insert into projects (id, name, default_currency, routing_policy) values ('p', 'P', 'USD', 'x')`);
});
afterAll(async () => {
  await orm?.close();
  await database.drop();
});

const run = <Row extends object = Record<string, unknown>>(sql: string, params: unknown[] = []) =>
  orm.em.fork().execute<Row[]>(sql, params);

/** A provider with benefits that remembers what it was told. */
const acme = {
  defined: new Map<string, BenefitTruth>(),
  products: new Map<string, readonly string[]>(),
  grants: [] as BenefitGrantTruth[],
  revoked: [] as string[],
};
type Acme = typeof acme;

function directoryOf(at: Acme): ProviderDirectory {
  const refuseNothing = async () => {
    throw new Error('nobody asks this');
  };
  const define: BenefitOperations['ensure'] = async (input) => {
    if (input.type === 'meter_credit')
      throw new BillingError({
        ...{ code: 'benefit_properties_invalid', kind: 'invalid', message: 'no' },
        faults: [{ pointer: '/properties/meter_id', code: 'required', detail: 'is required' }],
      });
    const providerBenefitId = `acme_${input.benefitId}`;
    const { benefitId, type, description, properties } = input;
    const truth = { providerBenefitId, benefitId, type, description, properties, isDeleted: false };
    at.defined.set(providerBenefitId, truth);
    return truth;
  };
  const benefits: BenefitOperations = {
    types: ['license_keys', 'discord', 'meter_credit'],
    ensure: define,
    update: define,
    get: async (id) => at.defined.get(id) ?? null,
    list: refuseNothing,
    remove: refuseNothing,
    setForProduct: async (input) => void at.products.set(input.providerProductId, input.providerBenefitIds),
    grants: async () => ({ items: at.grants, nextCursor: null }),
    grant: async ({ providerBenefitId }) => {
      at.grants.push(aGrantTruth({ providerBenefitId, providerSubscriptionId: 'hidden_1' }));
      return { providerSubscriptionId: 'hidden_1' };
    },
    revoke: async ({ providerBenefitId }) => {
      at.revoked.push(providerBenefitId);
      at.grants = at.grants.map((truth) => ({ ...truth, isGranted: false }));
    },
  };
  const fake = fakeProviders(['acme']);
  return {
    ...fake,
    operations: () => ['benefits.ensure', 'benefits.setForProduct'],
    account: async (projectId, live, id) => {
      const account = await fake.account(projectId, live, id);
      return account && { ...account, client: { ...account.client, benefits } };
    },
  };
}

let granted = 0;
function aGrantTruth(changes: Partial<BenefitGrantTruth>): BenefitGrantTruth {
  return {
    ...{ providerGrantId: `theirs_${(granted += 1)}`, providerBenefitId: '', providerCustomerId: 'cus_1' },
    ...{ type: 'license_keys', isGranted: true, grantedAt: null, revokedAt: null, problem: null },
    ...{ properties: { display_key: '****-1' }, providerSubscriptionId: null, providerInvoiceId: null },
    ...changes,
  };
}

async function aBenefit(type: string, properties: object = {}): Promise<string> {
  const id = newId('ben');
  await run(`insert into benefits (id, project_id, type, description, properties) values (?, 'p', ?, 'A benefit', ?)`, [
    ...[id, type, JSON.stringify(properties)],
  ]);
  return id;
}

/** A plan with one price, pushed to acme, that brings these. */
async function aPlan(...benefitIds: readonly string[]) {
  const [planId, priceId] = [newId('plan'), newId('price')];
  await run(`insert into plans (id, key, name, kind, project_id) values (?, ?, 'Plan', 'subscription', 'p')`, [
    ...[planId, planId],
  ]);
  await run(
    `insert into prices (id, plan_id, billing_interval, amount_minor, currency, project_id)
     values (?, ?, 'monthly', 500, 'USD', 'p')`,
    [priceId, planId],
  );
  await run(
    `insert into provider_prices (price_id, provider, provider_product_id, project_id, live)
     values (?, 'acme', ?, 'p', false)`,
    [priceId, `prod_${planId}`],
  );
  for (const id of benefitIds) await bring(planId, id);
  return { planId, priceId };
}
const bring = (planId: string, benefitId: string) =>
  run(`insert into plan_benefits (project_id, plan_id, benefit_id) values ('p', ?, ?)`, [planId, benefitId]);

let organizations = 0;
async function anOrganization(): Promise<string> {
  const id = `org_${(organizations += 1)}`;
  await run(`insert into organizations (project_id, live, id) values ('p', false, ?)`, [id]);
  await run(
    `insert into provider_customers (project_id, live, organization_id, provider, provider_customer_id)
     values ('p', false, ?, 'acme', 'cus_1')`,
    [id],
  );
  return id;
}

async function aSubscription({ planId, priceId }: { planId: string; priceId: string }) {
  const [id, organizationId] = [newId('sub'), await anOrganization()];
  await run(
    `insert into subscriptions (id, project_id, live, organization_id, plan_id, price_id, status, billing_interval,
       quantity, amount_minor, currency, provider, provider_subscription_id, provider_customer_id)
     values (?, 'p', false, ?, ?, ?, 'incomplete', 'monthly', 1, 500, 'USD', 'acme', ?, 'cus_1')`,
    [id, organizationId, planId, priceId, `theirs_${id}`],
  );
  /** As every activity on it does. */
  const becomes = (status: SubscriptionStatus, changes: { planId?: string } = {}) =>
    orm.em.fork().transactional(async (tx) => {
      const row = await tx.findOneOrFail(SubscriptionEntity, { id });
      tx.assign(row, { status, ...changes });
      await noteSubscription(tx, row, []);
    });
  return { id, organizationId, becomes };
}

interface GrantRow {
  readonly id: string;
  readonly benefit_id: string;
  readonly status: string;
  readonly version: number;
  readonly provider: string | null;
  readonly problem: string | null;
  readonly properties: Record<string, unknown>;
}
const grantsOf = (sourceId: string) =>
  run<GrantRow>(`select * from benefit_grants where source_id = ? order by benefit_id`, [sourceId]);

/** Carries out all that waits of one source, as its workflows do. */
async function carryOut(sourceId: string) {
  const carryOutGrant = createCarryOutGrant(deps);
  const outcomes = [];
  for (const { id: grantId } of await grantsOf(sourceId)) outcomes.push(await carryOutGrant({ ...scope, grantId }));
  return outcomes;
}

describe('the grants of a subscription', () => {
  it('follow its entitlement, one per benefit, planned once', async () => {
    const [flag, note] = [await aBenefit('feature_flag', { feature: 'beta' }), await aBenefit('custom')];
    const subscription = await aSubscription(await aPlan(flag, note));
    await subscription.becomes('incomplete');
    expect(await grantsOf(subscription.id)).toEqual([]);
    await subscription.becomes('active');
    await subscription.becomes('active');
    const planned = await grantsOf(subscription.id);
    expect(planned).toMatchObject([
      { benefit_id: flag, status: 'pending', version: 1, provider: null },
      { benefit_id: note, status: 'pending', version: 1 },
    ]);
    expect(planned[0]?.id).toMatch(/^grant_[0-9a-f]{12}7[0-9a-f]{19}$/);
    await subscription.becomes('canceled');
    expect(await grantsOf(subscription.id)).toMatchObject([
      { status: 'revoking', version: 2 },
      { status: 'revoking', version: 2 },
    ]);
  });

  it('are carried out, told and taken back, and given again', async () => {
    const subscription = await aSubscription(await aPlan(await aBenefit('feature_flag', { feature: 'beta' })));
    const flags = () =>
      run(`select feature, is_allowed, reason from entitlements where organization_id = ? and source_kind = 'grant'`, [
        subscription.organizationId,
      ]);
    await subscription.becomes('active');
    expect(await carryOut(subscription.id)).toMatchObject([{ status: 'granted', isDone: true }]);
    expect(await flags()).toEqual([{ feature: 'beta', is_allowed: true, reason: 'benefit_granted' }]);
    expect(await carryOut(subscription.id)).toMatchObject([{ because: 'it was done before' }]);
    await subscription.becomes('paused');
    expect(await flags()).toMatchObject([{ is_allowed: false, reason: 'benefit_revoked' }]);
    expect(await carryOut(subscription.id)).toMatchObject([{ status: 'revoked' }]);
    await subscription.becomes('active');
    await carryOut(subscription.id);
    expect(await flags()).toMatchObject([{ is_allowed: true }]);
    const [grant] = await grantsOf(subscription.id);
    const told = await run(`select type, data from outbound_events where object_id = ? order by sequence`, [grant?.id]);
    expect(told.map(({ type }) => type)).toEqual(['benefit.granted', 'benefit.revoked', 'benefit.granted']);
    const log = await run(`select action, before, after from audit_log where entity_id = ? order by id`, [grant?.id]);
    expect(log).toMatchObject([
      { action: 'benefit.granted', before: { status: 'pending' }, after: { status: 'granted' } },
      { action: 'benefit.revoked' },
      { action: 'benefit.granted' },
    ]);
  });

  it('change with its plan', async () => {
    const [both, only, other] = [await aBenefit('custom'), await aBenefit('custom'), await aBenefit('custom')];
    const subscription = await aSubscription(await aPlan(both, only));
    const next = await aPlan(both, other);
    await subscription.becomes('active');
    await carryOut(subscription.id);
    await subscription.becomes('active', { planId: next.planId });
    const statuses = (await grantsOf(subscription.id)).map((row) => [row.benefit_id, row.status]);
    expect(Object.fromEntries(statuses)).toEqual({ [both]: 'granted', [only]: 'revoking', [other]: 'pending' });
  });

  it('are named to its workflow as long as they wait', async () => {
    const subscription = await aSubscription(await aPlan(await aBenefit('custom')));
    const settle = withGrants(deps, async (_ref: { projectId: string; subscriptionId: string }) => ({ status: 'x' }));
    const ref = { projectId: 'p', subscriptionId: subscription.id };
    expect(await settle(ref)).toEqual({ status: 'x' });
    await subscription.becomes('active');
    const [grant] = await grantsOf(subscription.id);
    expect(await settle(ref)).toEqual({ status: 'x', grants: [{ grantId: grant?.id, version: 1, provider: null }] });
    await carryOut(subscription.id);
    expect(await settle(ref)).toEqual({ status: 'x' });
  });

  it('hold a license key of ours, the same one when it comes back', async () => {
    const terms = { prefix: 'PRO', activation_limit: 2, limit_usage: null, expires: { ttl: 1, timeframe: 'year' } };
    const subscription = await aSubscription(await aPlan(await aBenefit('license_keys', terms)));
    await subscription.becomes('active');
    await carryOut(subscription.id);
    const [grant] = await grantsOf(subscription.id);
    const keyOf = () => orm.em.fork().findOneOrFail(LicenseKeyEntity, { grantId: grant?.id ?? '' });
    const issued = await keyOf();
    const key = openLicenseKey(keyRing, issued.grantId, issued.keySealed ?? Buffer.of());
    expect(hashLicenseKey(key)).toBe(issued.keyHash);
    expect(issued).toMatchObject({ status: 'granted', activationLimit: 2, usageLimit: null });
    expect(issued.expiresAt?.getTime()).toBeGreaterThan(Date.now() + 364 * 86_400_000);
    await subscription.becomes('canceled');
    await carryOut(subscription.id);
    expect(await keyOf()).toMatchObject({ status: 'revoked', keyHash: issued.keyHash });
    await subscription.becomes('active');
    await carryOut(subscription.id);
    expect(await keyOf()).toMatchObject({ status: 'granted', keyHash: issued.keyHash });
  });

  it('wait for encryption keys rather than make a key that nobody can see', async () => {
    const subscription = await aSubscription(await aPlan(await aBenefit('license_keys')));
    await subscription.becomes('active');
    const [grant] = await grantsOf(subscription.id);
    const carry = createCarryOutGrant({ ...deps, keyRing: null });
    expect(await carry({ ...scope, grantId: grant?.id ?? '' })).toMatchObject({ status: 'pending', isDone: false });
    expect(await grantsOf(subscription.id)).toMatchObject([
      { problem: 'The deployment has no encryption keys.', version: 1 },
    ]);
  });

  it('that are left behind are taken by one sweeper, seldom when they wait for somebody', async () => {
    const subscription = await aSubscription(await aPlan(await aBenefit('custom')));
    await subscription.becomes('active');
    const [grant] = await grantsOf(subscription.id);
    const before = new Date(Date.now() - 60_000);
    const take = async () =>
      (await takeWaitingGrants(orm.em.fork(), { before, limit: 100 })).map(({ grantId }) => grantId);
    expect(await take()).not.toContain(grant?.id);
    const age = (minutes: number, problem: string | null) =>
      run(`update benefit_grants set updated_at = now() - make_interval(mins => ?), problem = ? where id = ?`, [
        ...[minutes, problem, grant?.id],
      ]);
    await age(5, null);
    const taken = await Promise.all([take(), take()]);
    expect(taken.flat().filter((id) => id === grant?.id)).toHaveLength(1);
    await age(5, 'It waits for its customer.');
    expect(await take()).not.toContain(grant?.id);
    await age(15, 'It waits for its customer.');
    expect(await take()).toContain(grant?.id);
  });
});

describe('an order', () => {
  it('entitles, brings benefits, and loses both when the money goes back', async () => {
    const { planId, priceId } = await aPlan(await aBenefit('custom'));
    const [organizationId, checkoutId, id] = [await anOrganization(), newId('chk'), newId('ord')];
    await run(
      `insert into checkouts (id, project_id, live, organization_id, mode, country_source, success_url, cancel_url,
         routing, status, quantity) values (?, 'p', false, ?, 'payment', 'none', 's', 'c', '{}', 'paid', 1)`,
      [checkoutId, organizationId],
    );
    await run(
      `insert into orders (id, project_id, live, organization_id, checkout_id, plan_id, price_id, status, quantity,
         amount_minor, currency, paid_at) values (?, 'p', false, ?, ?, ?, ?, 'paid', 1, 500, 'USD', now())`,
      [id, organizationId, checkoutId, planId, priceId],
    );
    const becomes = (status: 'paid' | 'partially_refunded' | 'refunded' | 'disputed') =>
      orm.em.fork().transactional(async (tx) => {
        const order = await tx.findOneOrFail(OrderEntity, { id });
        order.status = status;
        await tx.flush();
        await writeOrderEntitlement(tx, order);
      });
    const stands = async () => {
      const [row] = await run(`select is_allowed, reason from entitlements where source_id = ?`, [id]);
      const [grant] = await grantsOf(id);
      return [row?.['is_allowed'], row?.['reason'], grant?.status];
    };
    await becomes('paid');
    expect(await stands()).toEqual([true, 'order_paid', 'pending']);
    const settle = withGrants(deps, async (_ref: { projectId: string; checkoutId: string }) => ({}));
    expect(await settle({ projectId: 'p', checkoutId })).toMatchObject({ grants: [{ version: 1 }] });
    await becomes('partially_refunded');
    expect(await stands()).toEqual([true, 'order_partially_refunded', 'pending']);
    await becomes('disputed');
    expect(await stands()).toEqual([false, 'order_disputed', 'revoking']);
    await becomes('refunded');
    expect(await stands()).toEqual([false, 'order_refunded', 'revoking']);
  });
});

describe('a provider that brings benefits with its products', () => {
  async function pushed(...types: readonly string[]) {
    const benefitIds = [];
    for (const type of types) benefitIds.push(await aBenefit(type));
    const plan = await aPlan(...benefitIds);
    const input = { ...scope, provider: 'acme', dryRun: false };
    const push = async (changes: { dryRun?: boolean } = {}) => {
      const steps = [];
      for (const benefitId of benefitIds)
        steps.push(await createPushBenefit(deps)({ ...input, benefitId, ...changes }));
      steps.push(await createPushPlanBenefits(deps)({ ...input, planId: plan.planId, ...changes }));
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
    const work = await createListBenefits(deps)({ ...scope, providers: ['acme'] });
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

import { randomBytes } from 'node:crypto';
import type { MikroORM } from '@mikro-orm/postgresql';
import { createCarryOutGrant } from '../../../src/activities/carry-out-grant.ts';
import type { ActivityDeps } from '../../../src/activities/deps.ts';
import { noteSubscription } from '../../../src/activities/note-subscription.ts';
import { createKeyRing } from '../../../src/crypto/key-ring.ts';
import { SubscriptionEntity } from '../../../src/db/entities/subscription.ts';
import { newId } from '../../../src/db/new-id.ts';
import { openOrm } from '../../../src/db/orm.ts';
import { healthy } from '../../support/healthy.ts';
import { BillingError } from '../../../src/domain/errors.ts';
import type { SubscriptionStatus } from '../../../src/domain/subscription/truth.ts';
import type { BenefitGrantTruth, BenefitOperations, BenefitTruth } from '../../../src/providers/port-catalog.ts';
import type { ProviderDirectory } from '../../../src/providers/port.ts';
import { createDatabase, type TestDatabase } from '../../support/servers/postgres.ts';
import { fakeProviders } from '../api/fake-providers.ts';

/** A project `p` whose plans bring benefits, and a provider `acme` that has some of their types; one per test file. */
let database: TestDatabase;
export let orm: MikroORM;

export async function openWorld(): Promise<void> {
  database = await createDatabase();
  orm = await openOrm(database.url, { poolSize: 4 });
  await run(`insert into projects (id, name, default_currency, routing_policy) values ('p', 'P', 'USD', 'x')`);
}

export async function closeWorld(): Promise<void> {
  await orm?.close();
  await database.drop();
}

export function deps(): ActivityDeps {
  const providers = directoryOf(acme);
  return { orm, keyRing, providers, background: providers, health: healthy, lookGapsMs: [], maxCallsInFlight: 1 };
}

export const keyRing = createKeyRing([{ id: 'k1', key: randomBytes(32) }]);
export const scope = { projectId: 'p', live: false };

export const run = <Row extends object = Record<string, unknown>>(sql: string, params: unknown[] = []) =>
  orm.em.fork().execute<Row[]>(sql, params);

/** A provider with benefits that remembers what it was told. */
export const acme = {
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
export function aGrantTruth(changes: Partial<BenefitGrantTruth>): BenefitGrantTruth {
  return {
    ...{ providerGrantId: `theirs_${(granted += 1)}`, providerBenefitId: '', providerCustomerId: 'cus_1' },
    ...{ type: 'license_keys', isGranted: true, grantedAt: null, revokedAt: null, problem: null },
    ...{ properties: { display_key: '****-1' }, providerSubscriptionId: null, providerInvoiceId: null },
    ...changes,
  };
}

export async function aBenefit(type: string, properties: object = {}): Promise<string> {
  const id = newId('ben');
  await run(`insert into benefits (id, project_id, type, description, properties) values (?, 'p', ?, 'A benefit', ?)`, [
    ...[id, type, JSON.stringify(properties)],
  ]);
  return id;
}

/** A plan with one price, pushed to acme, that brings these. */
export async function aPlan(...benefitIds: readonly string[]) {
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
export async function anOrganization(): Promise<string> {
  const id = `org_${(organizations += 1)}`;
  await run(`insert into organizations (project_id, live, id) values ('p', false, ?)`, [id]);
  await run(
    `insert into provider_customers (project_id, live, organization_id, provider, provider_customer_id)
     values ('p', false, ?, 'acme', 'cus_1')`,
    [id],
  );
  return id;
}

export async function aSubscription({ planId, priceId }: { planId: string; priceId: string }) {
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
export const grantsOf = (sourceId: string) =>
  run<GrantRow>(`select * from benefit_grants where source_id = ? order by benefit_id`, [sourceId]);

/** Carries out all that waits of one source, as its workflows do. */
export async function carryOut(sourceId: string) {
  const carryOutGrant = createCarryOutGrant(deps());
  const outcomes = [];
  for (const { id: grantId } of await grantsOf(sourceId)) outcomes.push(await carryOutGrant({ ...scope, grantId }));
  return outcomes;
}

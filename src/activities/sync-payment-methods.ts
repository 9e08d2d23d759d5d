import { ProviderCustomerEntity } from '../db/entities/organization.ts';
import { PaymentMethodEntity, type PaymentMethod } from '../db/entities/payment-method.ts';
import { newId } from '../db/new-id.ts';
import type { Db } from '../db/orm.ts';
import type { PaymentMethodOperations, PaymentMethodTruth } from '../providers/port-money.ts';
import type { ActivityDeps } from './deps.ts';
import type { CustomerOf } from './ensure-provider-customer.ts';
import { keepInStep } from './keep-in-step.ts';
import { paymentMethodColumns } from './keep-payment-method.ts';
import { notePaymentMethod, paymentMethodState } from './note-payment-method.ts';
import { accountOf } from './provider-account.ts';

/** More than any customer has stored. */
const mostMethods = 500;

/**
 * Brings our rows in step with what an organization has stored at a provider: methods come to be on hosted pages and in
 * portals too, and no provider tells of all of them by webhook. Safe to repeat.
 *
 * @returns how many methods it has there.
 */
export function createSyncPaymentMethods(deps: ActivityDeps) {
  return function syncPaymentMethods(of: CustomerOf): Promise<{ readonly count: number }> {
    return keepInStep(async () => {
      const em = deps.orm.em.fork();
      const { projectId, live, organizationId, provider } = of;
      const customer = await em.findOne(ProviderCustomerEntity, { projectId, live, organizationId, provider });
      const { client } = await accountOf(deps, projectId, live, provider);
      if (!customer || !client.paymentMethods) return { count: 0 };
      const listed = await listMethods(client.paymentMethods, customer.providerCustomerId);
      await keepListedMethods(em, of, customer.providerCustomerId, listed);
      return { count: listed.length };
    });
  };
}

export async function listMethods(
  methods: Pick<PaymentMethodOperations, 'list'>,
  providerCustomerId: string,
): Promise<readonly PaymentMethodTruth[]> {
  const all: PaymentMethodTruth[] = [];
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<PaymentMethodOperations['list']>> = await methods.list({
      ...{ providerCustomerId, cursor, limit: 100 },
    });
    all.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null && all.length < mostMethods);
  return all;
}

/** Writes what a customer has at the provider: what is new, what has changed, and what is gone. */
export function keepListedMethods(
  em: Db,
  of: CustomerOf,
  providerCustomerId: string,
  listed: readonly PaymentMethodTruth[],
): Promise<void> {
  const { projectId, live, organizationId, provider } = of;
  return em.fork().transactional(async (tx) => {
    const rows = await tx.find(PaymentMethodEntity, { projectId, live, provider, providerCustomerId });
    const byTheirs = new Map(rows.map((row) => [row.providerPaymentMethodId, row]));
    const isListed = new Set(listed.map(({ providerPaymentMethodId }) => providerPaymentMethodId));
    const active = rows.filter(({ status }) => status === 'active');
    const before = new Map(active.map((row) => [row.id, paymentMethodState(row)]));
    const by = { actor: `provider:${provider}` };
    // The database allows one default: the old one steps down before the new one is set.
    for (const row of active) if (row.isDefault && !isDefaultThere(row, listed)) row.isDefault = false;
    await tx.flush();
    for (const truth of listed) {
      const row = byTheirs.get(truth.providerPaymentMethodId);
      if (row === undefined) await addMethod(tx, { projectId, live, organizationId, provider }, truth);
      else if (row.status === 'active') tx.assign(row, { ...paymentMethodColumns(truth), isDefault: truth.isDefault });
    }
    await tx.flush();
    for (const row of active) {
      const news = { ...by, before: before.get(row.id) ?? null };
      if (row.providerPaymentMethodId !== null && !isListed.has(row.providerPaymentMethodId)) {
        tx.assign(row, { status: 'detached', isDefault: false });
        await notePaymentMethod(tx, row, { ...news, action: 'detached', detail: 'taken away there' });
      } else if (row.isDefault !== news.before?.is_default) {
        const action = row.isDefault ? 'made_default' : 'no_longer_default';
        await notePaymentMethod(tx, row, { ...news, action, detail: 'so it says' });
      }
    }
  });
}

function isDefaultThere(row: PaymentMethod, listed: readonly PaymentMethodTruth[]): boolean {
  return listed.some((truth) => truth.isDefault && truth.providerPaymentMethodId === row.providerPaymentMethodId);
}

async function addMethod(tx: Db, of: CustomerOf, truth: PaymentMethodTruth): Promise<void> {
  const row = tx.create(
    PaymentMethodEntity,
    {
      ...of,
      ...paymentMethodColumns(truth),
      ...{ id: newId('pm'), status: 'active', isDefault: truth.isDefault, billingAddress: null },
      ...{ token: null, returnUrl: null, nextStep: null, failureCode: null, failureDetail: null },
      requestFingerprint: null,
    },
    { persist: true },
  );
  const news = {
    action: 'attached',
    actor: `provider:${of.provider}`,
    detail: 'saved on a page of the provider',
    before: null,
  } as const;
  await notePaymentMethod(tx, row, news);
}

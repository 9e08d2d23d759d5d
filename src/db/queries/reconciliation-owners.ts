import type { AccountKey } from '../../domain/provider-account.ts';
import { CheckoutEntity } from '../entities/checkout.ts';
import { ProviderCustomerEntity } from '../entities/organization.ts';
import { InvoiceEntity, PaymentEntity } from '../entities/payment.ts';
import { SubscriptionEntity } from '../entities/subscription.ts';
import type { Db } from '../orm.ts';
import { arrayOf } from './provider-objects.ts';

/** A provider's id of something, in its vocabulary. */
export interface ObjectName {
  readonly kind: string;
  readonly id: string;
}

export interface SaleRef {
  readonly kind: 'checkout' | 'subscription';
  readonly id: string;
}

/** What of ours stands behind a provider's ids. */
export interface Owners {
  /** The sale that an object itself is of, by its own id. */
  of(name: ObjectName): SaleRef | null;
  /** Our subscription that the provider knows under this id. */
  subscription(providerSubscriptionId: string): SaleRef | null;
  /** A checkout of this project and mode by our id: itself, or the subscription that it began. */
  checkout(id: string): SaleRef | null;
  subscriptionById(id: string): SaleRef | null;
  /** A checkout of this project and mode, with what it began. */
  begun(checkoutId: string): BegunCheckout | null;
  /** Whether another project or mode has the checkout. */
  isAnothers(checkoutId: string): boolean;
  /** Organizations that a provider's customer is known as. */
  organizations(providerCustomerId: string): readonly string[];
}

export interface BegunCheckout {
  readonly id: string;
  readonly organizationId: string;
  readonly subscriptionId: string | null;
}

interface Asked {
  readonly names: readonly ObjectName[];
  readonly customerIds: readonly string[];
  /** Of ours, as metadata names them. */
  readonly checkoutIds: readonly string[];
  readonly subscriptionIds?: readonly string[];
}

/** Finds whom many objects of one account concern, in six reads however many they are. */
export async function findOwners(em: Db, account: AccountKey, asked: Asked): Promise<Owners> {
  const ids = [...new Set(asked.names.map(({ id }) => id))];
  const [linked, subscriptions, checkouts, payments, invoices, customers] = await Promise.all([
    findLinked(em.fork(), account, asked.names),
    em.fork().find(SubscriptionEntity, bySubscription(account, ids, asked.subscriptionIds ?? []), {
      fields: ['id', 'providerSubscriptionId'],
    }),
    findCheckouts(em.fork(), account, ids, asked.checkoutIds),
    em
      .fork()
      .find(
        PaymentEntity,
        { ...account, providerPaymentId: { $in: ids } },
        { fields: [...moneyFields, 'providerPaymentId'] },
      ),
    em
      .fork()
      .find(
        InvoiceEntity,
        { ...account, providerInvoiceId: { $in: ids } },
        { fields: [...moneyFields, 'providerInvoiceId'] },
      ),
    em
      .fork()
      .find(
        ProviderCustomerEntity,
        { ...account, providerCustomerId: { $in: [...new Set(asked.customerIds)] } },
        { fields: ['organizationId', 'providerCustomerId'] },
      ),
  ]);
  const inScope = checkouts.filter((row) => row.projectId === account.projectId && row.live === account.live);
  const ofCheckout = (row: { readonly id: string; readonly subscriptionId: string | null }): SaleRef =>
    row.subscriptionId === null ? { kind: 'checkout', id: row.id } : { kind: 'subscription', id: row.subscriptionId };
  const bySubscriptionId = new Map(subscriptions.map((row) => [row.providerSubscriptionId ?? '', saleOf(row.id)]));
  const byName = new Map<string, SaleRef>([
    ...payments.map((row) => [row.providerPaymentId, moneySale(row)] as const),
    ...invoices.map((row) => [row.providerInvoiceId ?? '', moneySale(row)] as const),
    ...inScope
      .filter(({ provider }) => provider === account.provider)
      .map((row) => [row.providerCheckoutId ?? '', { kind: 'checkout', id: row.id }] as const),
    ...bySubscriptionId,
  ]);
  const byCheckoutId = new Map(inScope.map((row) => [row.id, ofCheckout(row)]));
  const elsewhere = new Set(checkouts.filter((row) => !inScope.includes(row)).map(({ id }) => id));
  return {
    of: ({ kind, id }) => byName.get(id) ?? linked.get(`${kind} ${id}`) ?? null,
    subscription: (id) => bySubscriptionId.get(id) ?? null,
    checkout: (id) => byCheckoutId.get(id) ?? null,
    subscriptionById: (id) => (subscriptions.some((row) => row.id === id) ? saleOf(id) : null),
    begun: (id) => inScope.find((row) => row.id === id) ?? null,
    isAnothers: (id) => elsewhere.has(id),
    organizations: (id) => customers.filter((row) => row.providerCustomerId === id).map((row) => row.organizationId),
  };
}

const moneyFields = ['id', 'checkoutId', 'subscriptionId'] as const;

function saleOf(subscriptionId: string): SaleRef {
  return { kind: 'subscription', id: subscriptionId };
}

function moneySale(row: { readonly checkoutId: string | null; readonly subscriptionId: string | null }): SaleRef {
  return row.subscriptionId === null ? { kind: 'checkout', id: row.checkoutId ?? '' } : saleOf(row.subscriptionId);
}

function bySubscription(account: AccountKey, providerIds: readonly string[], ids: readonly string[]) {
  return { ...account, $or: [{ providerSubscriptionId: { $in: [...providerIds] } }, { id: { $in: [...ids] } }] };
}

/** By the provider's id here, and by ours wherever it is: who has it decides whether it is ours to judge. */
function findCheckouts(em: Db, account: AccountKey, providerIds: readonly string[], ids: readonly string[]) {
  return em.find(
    CheckoutEntity,
    { $or: [{ ...account, providerCheckoutId: { $in: [...providerIds] } }, { id: { $in: [...new Set(ids)] } }] },
    { fields: ['id', 'projectId', 'live', 'provider', 'providerCheckoutId', 'subscriptionId', 'organizationId'] },
  );
}

async function findLinked(em: Db, account: AccountKey, names: readonly ObjectName[]): Promise<Map<string, SaleRef>> {
  const rows = await em.execute<
    { kind: string; provider_object_id: string; entity_kind: SaleRef['kind']; entity_id: string }[]
  >(
    `select kind, provider_object_id, entity_kind, entity_id from provider_objects
      where project_id = ? and live = ? and provider = ?
        and (kind, provider_object_id) in (select kind, id from unnest(?::text[], ?::text[]) as named (kind, id))`,
    [
      ...[account.projectId, account.live, account.provider],
      ...[arrayOf(names.map(({ kind }) => kind)), arrayOf(names.map(({ id }) => id))],
    ],
  );
  return new Map(
    rows.map((row) => [`${row.kind} ${row.provider_object_id}`, { kind: row.entity_kind, id: row.entity_id }]),
  );
}

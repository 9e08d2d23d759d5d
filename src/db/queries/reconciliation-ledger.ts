import type { AccountKey } from '../../domain/provider-account.ts';
import { CheckoutEntity, type Checkout } from '../entities/checkout.ts';
import { ProviderCustomerEntity } from '../entities/organization.ts';
import {
  DisputeEntity,
  InvoiceEntity,
  PaymentEntity,
  RefundEntity,
  type Dispute,
  type Invoice,
  type Payment,
  type Refund,
} from '../entities/payment.ts';
import { ProviderPriceEntity } from '../entities/plan.ts';
import { SubscriptionChangeEntity, SubscriptionEntity, type Subscription } from '../entities/subscription.ts';
import type { Db } from '../orm.ts';

/** Our rows of many sales. */
export interface Ledger {
  readonly checkouts: ReadonlyMap<string, Checkout>;
  readonly subscriptions: ReadonlyMap<string, Subscription>;
  moneyOf(sale: { readonly kind: 'checkout' | 'subscription'; readonly id: string }): LedgerMoney;
  /** Whether the end of a subscription waits with us. */
  isEndOurs(subscriptionId: string): boolean;
  /** As whom the provider knows an organization. */
  customerOf(organizationId: string): string | null;
}

export interface LedgerMoney {
  readonly payments: readonly Payment[];
  readonly invoices: readonly Invoice[];
  readonly refunds: readonly Refund[];
  readonly disputes: readonly Dispute[];
}

/** Reads all that we keep of these sales at one account, in eight reads however many they are. */
export async function readLedger(
  em: Db,
  account: AccountKey,
  sales: { readonly checkoutIds: readonly string[]; readonly subscriptionIds: readonly string[] },
): Promise<Ledger> {
  const { projectId, live } = account;
  const checkoutIds = { $in: [...sales.checkoutIds] };
  const subscriptionIds = { $in: [...sales.subscriptionIds] };
  const ofSales = { ...account, $or: [{ checkoutId: checkoutIds }, { subscriptionId: subscriptionIds }] };
  const [checkouts, subscriptions, payments, invoices, ends] = await Promise.all([
    em.fork().find(CheckoutEntity, { projectId, live, id: checkoutIds }),
    em.fork().find(SubscriptionEntity, { projectId, live, id: subscriptionIds }),
    em.fork().find(PaymentEntity, ofSales, { orderBy: { id: 'asc' } }),
    em.fork().find(InvoiceEntity, ofSales, { orderBy: { id: 'asc' } }),
    em
      .fork()
      .find(
        SubscriptionChangeEntity,
        { projectId, live, subscriptionId: subscriptionIds, status: 'scheduled', method: 'ours', kind: 'cancel' },
        { fields: ['subscriptionId'] },
      ),
  ]);
  const paymentId = { $in: payments.map(({ id }) => id) };
  const organizationId = {
    $in: [...new Set([...checkouts, ...subscriptions].map((row) => row.organizationId))],
  };
  const [refunds, disputes, customers] = await Promise.all([
    em.fork().find(RefundEntity, { projectId, live, paymentId }, { orderBy: { id: 'asc' } }),
    em.fork().find(DisputeEntity, { projectId, live, paymentId }),
    em.fork().find(ProviderCustomerEntity, { ...account, organizationId }),
  ]);
  const waiting = new Set(ends.map(({ subscriptionId }) => subscriptionId));
  const known = new Map(customers.map((row) => [row.organizationId, row.providerCustomerId]));
  return {
    checkouts: new Map(checkouts.map((row) => [row.id, row])),
    subscriptions: new Map(subscriptions.map((row) => [row.id, row])),
    moneyOf({ kind, id }) {
      const isOf = (row: Payment | Invoice) => (kind === 'checkout' ? row.checkoutId : row.subscriptionId) === id;
      const own = payments.filter(isOf);
      const isBack = (row: Refund | Dispute) => own.some((payment) => payment.id === row.paymentId);
      return {
        ...{ payments: own, invoices: invoices.filter(isOf) },
        ...{ refunds: refunds.filter(isBack), disputes: disputes.filter(isBack) },
      };
    },
    isEndOurs: (id) => waiting.has(id),
    customerOf: (id) => known.get(id) ?? null,
  };
}

/** What of ours a provider's prices and customers stand for. */
export interface Meanings {
  pricesOf(
    price: { readonly providerProductId: string | null; readonly providerPriceId: string | null } | null,
  ): readonly string[];
  organizationsOf(providerCustomerId: string | null): readonly string[];
}

export async function readMeanings(
  em: Db,
  account: AccountKey,
  told: {
    readonly prices: readonly { readonly providerProductId: string | null; readonly providerPriceId: string | null }[];
    readonly customerIds: readonly string[];
  },
): Promise<Meanings> {
  const productIds = told.prices.flatMap(({ providerProductId: id }) => id ?? []);
  const priceIds = told.prices.flatMap(({ providerPriceId: id }) => id ?? []);
  const [prices, customers] = await Promise.all([
    em.fork().find(ProviderPriceEntity, {
      ...account,
      $or: [
        { providerProductId: { $in: [...new Set(productIds)] } },
        { providerPriceId: { $in: [...new Set(priceIds)] } },
      ],
    }),
    em.fork().find(ProviderCustomerEntity, { ...account, providerCustomerId: { $in: [...new Set(told.customerIds)] } }),
  ]);
  return {
    pricesOf(price) {
      const exact = prices.filter(
        (row) => price?.providerPriceId != null && row.providerPriceId === price.providerPriceId,
      );
      const fitting =
        exact.length > 0
          ? exact
          : prices.filter(
              (row) => price?.providerPriceId == null && row.providerProductId === price?.providerProductId,
            );
      return fitting.map(({ priceId }) => priceId);
    },
    organizationsOf: (id) => customers.filter((row) => row.providerCustomerId === id).map((row) => row.organizationId),
  };
}

import type { Checkout } from '../db/entities/checkout.ts';
import type { Payment } from '../db/entities/payment.ts';
import type { Subscription } from '../db/entities/subscription.ts';
import type { LedgerMoney } from '../db/queries/reconciliation-ledger.ts';
import type { CheckoutTruth, InvoiceTruth, PaymentTruth } from '../domain/checkout/truth.ts';
import { isDisputeOver } from '../domain/payment/dispute.ts';
import type { DisputeTruth, RefundTruth } from '../domain/payment/truth.ts';
import type { TheirMoney } from '../domain/reconciliation/ledger.ts';
import type { NamedObjects } from '../domain/reconciliation/subject.ts';
import type { SubscriptionTruth } from '../domain/subscription/truth.ts';
import type { ProviderClient } from '../providers/port.ts';
import type { Patience } from './compare-patience.ts';

/** Whom to ask, and how. */
export interface Asking {
  readonly client: ProviderClient;
  readonly patiently: Patience;
}

/** What is asked about one sale. */
export interface Question extends Asking {
  readonly named: NamedObjects;
  readonly ours: LedgerMoney;
  /** What of ours changed before, and the truth does not tell, is not asked for one by one. */
  readonly since: Date;
}

/** What a truth tells of money by itself. */
interface Told {
  readonly payments: readonly PaymentTruth[];
  readonly invoices: readonly InvoiceTruth[];
  /** Every id that the truth names: what is among them needs no asking. */
  readonly ids: ReadonlySet<string>;
}

export async function readCheckout({ client, patiently }: Asking, row: Checkout): Promise<CheckoutTruth | null> {
  const { providerCheckoutId: id } = row;
  return id === null ? null : patiently(() => client.checkouts.get(id));
}

/**
 * By the customer of the row, and, where the provider finds subscriptions only under their customer and knows nothing
 * there, by the one that the organization goes by.
 */
export async function readSubscription(
  { client, patiently }: Asking,
  row: Subscription,
  knownCustomerId: string | null,
): Promise<SubscriptionTruth | null> {
  const { providerSubscriptionId, providerCustomerId } = row;
  const { subscriptions } = client;
  if (providerSubscriptionId === null || !subscriptions) return null;
  const found = await patiently(() => subscriptions.get({ providerSubscriptionId, providerCustomerId }));
  if (found !== null || knownCustomerId === null || knownCustomerId === providerCustomerId) return found;
  return patiently(() => subscriptions.get({ providerSubscriptionId, providerCustomerId: knownCustomerId }));
}

export function toldByCheckout(truth: CheckoutTruth): Told {
  return told(truth.payment ? [truth.payment] : [], truth.invoice ? [truth.invoice] : [], [
    truth.providerCheckoutId,
    ...truth.objects.map(({ id }) => id),
  ]);
}

export function toldBySubscription({ payments, invoices, providerSubscriptionId }: SubscriptionTruth): Told {
  return told(payments, invoices, [providerSubscriptionId]);
}

/** Vouchers are orders of their own, one an invoice of ours. */
export async function toldByVouchers({ client, patiently, ours, since }: Question): Promise<Told> {
  const asked = ours.invoices.filter((row) => row.providerObjectId !== null && row.updatedAt >= since);
  const read = await Promise.all(
    asked.map(async ({ providerObjectId: id }) =>
      id === null ? null : ((await patiently(async () => client.payments?.get(id))) ?? null),
    ),
  );
  const ids = read.flatMap((truth) => (truth ? [truth.providerObjectId, ...truth.objects.map(({ id }) => id)] : []));
  return told(
    read.flatMap((truth) => truth?.payment ?? []),
    [],
    ids,
  );
}

function told(payments: readonly PaymentTruth[], invoices: readonly InvoiceTruth[], ids: readonly string[]): Told {
  const ofPayments = payments.flatMap(({ providerPaymentId, providerInvoiceId }) => [
    providerPaymentId,
    providerInvoiceId ?? '',
  ]);
  return {
    ...{ payments, invoices },
    ids: new Set([...ids, ...ofPayments, ...invoices.map(({ providerInvoiceId }) => providerInvoiceId)]),
  };
}

/** All money of a sale at the provider: what its truth tells, and by their ids what it does not. */
export async function readMoney(question: Question, truth: Told): Promise<TheirMoney> {
  const [charges, invoices, disputes] = await Promise.all([
    readCharges(question, truth),
    readInvoices(question, truth),
    readDisputes(question),
  ]);
  const payments = unique([...truth.payments, ...charges.found]);
  return {
    payments,
    invoices: [...truth.invoices, ...invoices.found],
    refunds: await readRefunds(question, payments),
    disputes: disputes.found,
    absent: new Set([...charges.absent, ...invoices.absent, ...disputes.absent]),
  };
}

interface Found<T> {
  readonly found: readonly T[];
  readonly absent: readonly string[];
}

/** Charges that changes named, and payments of ours, as far as the truth does not tell them. */
async function readCharges(
  { client, patiently, named, ours, since }: Question,
  truth: Told,
): Promise<Found<PaymentTruth>> {
  const { changes } = client;
  if (!changes) return { found: [], absent: [] };
  const isUntold = (id: string) => !truth.ids.has(id);
  const own = ours.payments.filter((row) => isPaidLately(row, since)).map(({ providerPaymentId }) => providerPaymentId);
  // A named order may stand for a payment of ours that is asked for by itself: both answers are the same charge.
  const ids = [...new Set([...named.charges, ...named.refunded, ...own])].filter(isUntold);
  const read = await Promise.all(ids.map(async (id) => ({ id, charge: await patiently(() => changes.charge(id)) })));
  const found = read.flatMap(({ charge }) => charge?.payment ?? []);
  return { found, absent: read.flatMap(({ id, charge }) => (charge === null && own.includes(id) ? [id] : [])) };
}

function isPaidLately({ status, updatedAt }: Payment, since: Date): boolean {
  return status === 'succeeded' && updatedAt >= since;
}

async function readInvoices({ client, patiently, ours, since }: Question, truth: Told): Promise<Found<InvoiceTruth>> {
  const { invoices } = client;
  const untold = ours.invoices.flatMap(({ providerInvoiceId: id, providerObjectId, updatedAt }) =>
    id === null || providerObjectId !== null || updatedAt < since || truth.ids.has(id) ? [] : [id],
  );
  if (!invoices || untold.length === 0) return { found: [], absent: [] };
  const read = await Promise.all(untold.map(async (id) => ({ id, invoice: await patiently(() => invoices.get(id)) })));
  return {
    found: read.flatMap(({ invoice }) => invoice ?? []),
    absent: read.flatMap(({ id, invoice }) => (invoice === null ? [id] : [])),
  };
}

/** Those that changes named, and ours that are not over. */
async function readDisputes({ client, patiently, named, ours }: Question): Promise<Found<DisputeTruth>> {
  const { disputes } = client;
  if (!disputes) return { found: [], absent: [] };
  const own = ours.disputes.filter(({ status }) => !isDisputeOver(status)).map((row) => row.providerDisputeId);
  const ids = [...new Set([...named.disputes, ...own])];
  const read = await Promise.all(ids.map(async (id) => ({ id, dispute: await patiently(() => disputes.get(id)) })));
  return {
    found: read.flatMap(({ dispute }) => dispute ?? []),
    absent: read.flatMap(({ id, dispute }) => (dispute === null && own.includes(id) ? [id] : [])),
  };
}

/** Of payments of which one side says, or a change told, that money went back. */
async function readRefunds(
  { client, patiently, named, ours }: Question,
  payments: readonly PaymentTruth[],
): Promise<ReadonlyMap<string, readonly RefundTruth[]>> {
  const { refunds } = client;
  if (!refunds) return new Map();
  const asked = payments.filter(({ providerPaymentId, providerInvoiceId, refundedMinor, status }) => {
    const row = ours.payments.find((payment) => payment.providerPaymentId === providerPaymentId);
    if (status !== 'succeeded' || !row) return false;
    const isNamed = [providerPaymentId, providerInvoiceId ?? ''].some((id) => named.refunded.includes(id));
    const isKnown = row.refundedMinor > 0 || ours.refunds.some(({ paymentId }) => paymentId === row.id);
    return isNamed || isKnown || refundedMinor > 0;
  });
  const read = await Promise.all(
    asked.map(
      async ({ providerPaymentId, providerInvoiceId }) =>
        [providerPaymentId, await patiently(() => refunds.list({ providerPaymentId, providerInvoiceId }))] as const,
    ),
  );
  return new Map(read);
}

/** A charge may be told twice, by itself and by its order: the one that tells of more money back is the fuller. */
function unique(payments: readonly PaymentTruth[]): readonly PaymentTruth[] {
  const byId = new Map<string, PaymentTruth>();
  for (const payment of payments) {
    const known = byId.get(payment.providerPaymentId);
    if (!known || payment.refundedMinor > known.refundedMinor) byId.set(payment.providerPaymentId, payment);
  }
  return [...byId.values()];
}

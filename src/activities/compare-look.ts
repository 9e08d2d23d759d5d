import type { Checkout } from '../db/entities/checkout.ts';
import type { Subscription } from '../db/entities/subscription.ts';
import type { Db } from '../db/orm.ts';
import { readLedger, readMeanings, type Ledger, type Meanings } from '../db/queries/reconciliation-ledger.ts';
import type { CheckoutTruth } from '../domain/checkout/truth.ts';
import type { AccountKey } from '../domain/provider-account.ts';
import { compareCheckout, isInStep } from '../domain/reconciliation/compare-checkout.ts';
import { compareMoney } from '../domain/reconciliation/compare-money.ts';
import { compareSubscription } from '../domain/reconciliation/compare-subscription.ts';
import type { Difference } from '../domain/reconciliation/difference.ts';
import type { Sale, TheirMoney } from '../domain/reconciliation/ledger.ts';
import type { Subject } from '../domain/reconciliation/subject.ts';
import { unreadable, unreadableCode } from '../domain/reconciliation/unreadable.ts';
import type { SubscriptionTruth } from '../domain/subscription/truth.ts';
import type { ProviderClient } from '../providers/port.ts';
import { asFarAsPossible, type Progress } from './compare-parallel.ts';
import type { Patience } from './compare-patience.ts';
import {
  readCheckout,
  readMoney,
  readSubscription,
  toldByCheckout,
  toldBySubscription,
  toldByVouchers,
  type Question,
} from './compare-read.ts';

/** Where looking happens. */
export interface Scene {
  readonly em: Db;
  readonly account: AccountKey;
  readonly client: ProviderClient;
  readonly patiently: Patience;
  /** From when on our rows that no truth tells are asked for one by one. */
  readonly since: Date;
}

/** What came of looking at a subject. */
export interface Looked {
  readonly subject: Subject;
  readonly differences: readonly Difference[];
  readonly isForeign: boolean;
  /** Objects of both sides. */
  readonly compared: number;
}

/** Calls at once to one account: what the background may take of its budget is the transport's to say. */
const atOnce = 8;

const noMoney: TheirMoney = {
  ...{ payments: [], invoices: [], refunds: new Map(), disputes: [], absent: new Set<string>() },
};

interface ReadCheckout {
  readonly subject: Subject;
  readonly row: Checkout;
  /** Whether its session is at this account; another's may still have charged for it here. */
  readonly isHere: boolean;
  readonly truth: CheckoutTruth | null;
  readonly money: TheirMoney;
}

interface ReadAgreement {
  readonly subject: Subject;
  readonly row: Subscription;
  readonly truth: SubscriptionTruth | null;
  readonly money: TheirMoney;
}

/** Compares sales of ours with the provider's word on them. What was erased meanwhile agrees. */
export async function lookAtSales(scene: Scene, subjects: readonly Subject[]): Promise<Progress<Looked>> {
  const idsOf = (kind: Subject['kind']) => subjects.filter((subject) => subject.kind === kind).map(({ id }) => id);
  const ledger = await readLedger(scene.em, scene.account, {
    ...{ checkoutIds: idsOf('checkout'), subscriptionIds: idsOf('subscription') },
  });
  const { done: read, failure } = await asFarAsPossible(subjects, atOnce, (subject) => askOf(scene, ledger, subject));
  const [checkouts, subscriptions] = [
    read.flatMap((one) => one.checkout ?? []),
    read.flatMap((one) => one.subscription ?? []),
  ];
  const meanings = await readMeanings(scene.em, scene.account, {
    prices: subscriptions.flatMap(({ truth }) => truth?.price ?? []),
    customerIds: [...checkouts, ...subscriptions].flatMap(({ truth }) => truth?.providerCustomerId ?? []),
  });
  const done = [
    ...read.flatMap((one) => one.unreadable ?? []),
    ...checkouts.map((one) => judgeCheckout(one, ledger, meanings)),
    ...subscriptions.map((one) => judgeSubscription(one, ledger, meanings)),
  ];
  return { done, failure };
}

interface Read {
  readonly checkout?: ReadCheckout;
  readonly subscription?: ReadAgreement;
  readonly unreadable?: Looked;
}

async function askOf(scene: Scene, ledger: Ledger, subject: Subject): Promise<Read> {
  const checkout = subject.kind === 'checkout' ? ledger.checkouts.get(subject.id) : undefined;
  const subscription = subject.kind === 'subscription' ? ledger.subscriptions.get(subject.id) : undefined;
  try {
    if (checkout) return { checkout: await askOfCheckout(scene, ledger, subject, checkout) };
    if (subscription) return { subscription: await askOfSubscription(scene, ledger, subject, subscription) };
    return {};
  } catch (error) {
    const code = unreadableCode(error);
    if (code === null) throw error;
    return { unreadable: looked(subject, noMoney, [unreadable(namesOf(checkout, subscription), code)]) };
  }
}

function namesOf(checkout: Checkout | undefined, subscription: Subscription | undefined) {
  const row = checkout ?? subscription;
  const [kind, objectId] = checkout
    ? (['checkout', checkout.providerCheckoutId] as const)
    : (['subscription', subscription?.providerSubscriptionId] as const);
  const entityId = row?.id ?? null;
  const objectName = { objectKind: kind, objectId: objectId ?? entityId ?? '' };
  return { ...objectName, entityKind: kind, entityId, organizationId: row?.organizationId ?? null };
}

async function askOfCheckout(scene: Scene, ledger: Ledger, subject: Subject, row: Checkout): Promise<ReadCheckout> {
  const isHere = row.provider === scene.account.provider && row.providerCheckoutId !== null;
  const truth = isHere ? await readCheckout(scene, row) : null;
  const isComparable = truth !== null ? isInStep(row, truth) : !isHere;
  const told = truth === null ? { payments: [], invoices: [], ids: new Set<string>() } : toldByCheckout(truth);
  const money = isComparable ? await readMoney(questionOf(scene, ledger, subject), told) : noMoney;
  return { subject, row, isHere, truth, money };
}

async function askOfSubscription(
  scene: Scene,
  ledger: Ledger,
  subject: Subject,
  row: Subscription,
): Promise<ReadAgreement> {
  const question = questionOf(scene, ledger, subject);
  if (row.collection === 'voucher')
    return { subject, row, truth: null, money: await readMoney(question, await toldByVouchers(question)) };
  const truth = await readSubscription(scene, row, ledger.customerOf(row.organizationId));
  const money = truth === null ? noMoney : await readMoney(question, toldBySubscription(truth));
  return { subject, row, truth, money };
}

function questionOf({ client, patiently, since }: Scene, ledger: Ledger, subject: Subject): Question {
  const { kind, id, named } = subject;
  return {
    client,
    patiently,
    named,
    since,
    ours: ledger.moneyOf({ kind: kind === 'checkout' ? kind : 'subscription', id }),
  };
}

function judgeCheckout(
  { subject, row, isHere, truth, money }: ReadCheckout,
  ledger: Ledger,
  meanings: Meanings,
): Looked {
  const { id, organizationId, status } = row;
  const sale: Sale = { kind: 'checkout', id, organizationId, isPaidElsewhere: !isHere && status === 'paid' };
  const owners = meanings.organizationsOf(truth?.providerCustomerId ?? null);
  return looked(subject, money, [
    ...(isHere ? compareCheckout(row, truth, owners) : []),
    ...compareMoney(sale, ledger.moneyOf(sale), money),
  ]);
}

function judgeSubscription({ subject, row, truth, money }: ReadAgreement, ledger: Ledger, meanings: Meanings): Looked {
  const { id, organizationId } = row;
  const sale: Sale = { kind: 'subscription', id, organizationId, isPaidElsewhere: false };
  const isTold = row.collection === 'provider' && row.providerSubscriptionId !== null;
  const itself = isTold
    ? compareSubscription(row, truth, {
        isEndOurs: ledger.isEndOurs(row.id),
        chargedPriceIds: meanings.pricesOf(truth?.price ?? null),
        owners: meanings.organizationsOf(truth?.providerCustomerId ?? null),
      })
    : [];
  return looked(subject, money, [...itself, ...compareMoney(sale, ledger.moneyOf(sale), money)]);
}

function looked(subject: Subject, money: TheirMoney, differences: readonly Difference[]): Looked {
  const { payments, invoices, disputes, refunds, absent } = money;
  const backs = [...refunds.values()].reduce((sum, list) => sum + list.length, 0);
  const compared = 1 + payments.length + invoices.length + disputes.length + backs + absent.size;
  return { subject, differences, isForeign: false, compared };
}

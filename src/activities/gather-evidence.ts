import type { MigrationItem } from '../db/entities/migration.ts';
import type { Subscription } from '../db/entities/subscription.ts';
import { BillingError } from '../domain/errors.ts';
import { parse } from '../domain/calendar/calendar.ts';
import type { Period } from '../domain/calendar/period.ts';
import type { SubscriptionEvidence } from '../domain/migration/evidence.ts';
import { intervalOf, rhythmOf } from '../domain/migration/legacy.ts';
import type { Unread } from '../domain/migration/proof-line.ts';
import type { SubscriptionTruth } from '../domain/subscription/truth.ts';
import type { Page, ProviderClient } from '../providers/port.ts';
import type { ProviderInvoice } from '../providers/port-money.ts';
import type { Patience } from './compare-patience.ts';
import { chargesOf } from './charge-evidence.ts';

/** A provider's account, by which its charges are asked for. @throws {BillingError} it has gone. */
export type ClientOf = (provider: string) => Promise<ProviderClient>;

export interface Gathered {
  readonly subscriptions: readonly SubscriptionEvidence[];
  readonly unread: readonly Unread[];
}

/** One subscription to ask for. */
interface Asked {
  readonly side: 'old' | 'new';
  readonly provider: string;
  readonly providerSubscriptionId: string;
  readonly providerCustomerId: string | null;
  readonly interval: 'month' | 'year' | null;
  /** Where neither the inventory nor the provider tells it now: as our price for it is paid. */
  readonly otherwise: 'month' | 'year' | null;
  /** What the inventory saw; null: it is not from there. */
  readonly legacy: MigrationItem['legacy'] | null;
}

const pageSize = 100;
const dayMs = 86_400_000;

/**
 * Asks both sides for everything that was charged for one item: its old subscription, the new one, and whatever else of
 * ours its organization has for the same plan elsewhere.
 *
 * @param input.from ISO: no charge of before is needed.
 * @param input.isLast What cannot be read is then left out and said, instead of thrown for another try.
 */
export async function gatherEvidence(input: {
  readonly item: MigrationItem;
  readonly fromProvider: string;
  readonly rows: readonly Subscription[];
  readonly clientOf: ClientOf;
  readonly patiently: Patience;
  readonly from: string;
  readonly isLast: boolean;
}): Promise<Gathered> {
  const subscriptions: SubscriptionEvidence[] = [];
  const { newSubscriptionId } = input.item;
  const isLost = newSubscriptionId !== null && !input.rows.some(({ id }) => id === newSubscriptionId);
  const unread: Unread[] = isLost
    ? [{ code: 'subscription_unknown', detail: `We have no subscription ${newSubscriptionId}.` }]
    : [];
  for (const asked of askedOf(input)) {
    try {
      const found = await read(asked, input);
      if (found === null) unread.push(missing(asked));
      else subscriptions.push(found.evidence);
      if (found?.isPartial === true)
        unread.push({ code: 'history_not_told', detail: `${asked.provider} tells only the newest charges.` });
    } catch (error) {
      if (!(error instanceof BillingError)) throw error;
      if (!input.isLast && (error.kind === 'rate_limited' || error.kind === 'unavailable')) throw error;
      unread.push({ code: error.code, detail: `${asked.provider} ${asked.providerSubscriptionId}: ${error.message}` });
    }
  }
  return { subscriptions, unread };
}

function missing({ provider, providerSubscriptionId }: Asked): Unread {
  return { code: 'subscription_not_found', detail: `${provider} knows no subscription ${providerSubscriptionId}.` };
}

function askedOf(input: {
  readonly item: MigrationItem;
  readonly fromProvider: string;
  readonly rows: readonly Subscription[];
}): readonly Asked[] {
  const { item, fromProvider, rows } = input;
  const old: Asked = {
    ...{ side: 'old', provider: fromProvider, providerSubscriptionId: item.providerSubscriptionId },
    ...{ providerCustomerId: item.providerCustomerId, legacy: item.legacy, interval: item.legacy.interval },
    otherwise: rhythmOf(item),
  };
  const own = rows.find(({ id }) => id === item.newSubscriptionId);
  const planId = own?.planId ?? (item.plan?.action === 'move' ? item.plan.planId : null);
  // What is still at the old provider is an item of its own.
  const others = rows.filter(
    (row) => row.organizationId === item.organizationId && row.planId === planId && row.provider !== fromProvider,
  );
  return [
    old,
    ...[...new Set([...(own ? [own] : []), ...others])].flatMap((row): readonly Asked[] =>
      row.provider === null || row.providerSubscriptionId === null
        ? []
        : [
            {
              ...{ side: 'new', provider: row.provider, providerSubscriptionId: row.providerSubscriptionId },
              ...{ providerCustomerId: row.providerCustomerId, legacy: null },
              interval: row.billingInterval === 'yearly' ? 'year' : 'month',
              otherwise: null,
            },
          ],
    ),
  ];
}

async function read(
  asked: Asked,
  { clientOf, patiently, from }: { readonly clientOf: ClientOf; readonly patiently: Patience; readonly from: string },
): Promise<{ readonly evidence: SubscriptionEvidence; readonly isPartial: boolean } | null> {
  const { provider, providerSubscriptionId } = asked;
  const client = await clientOf(provider);
  const truth = await patiently(async () => (await client.subscriptions?.get(asked)) ?? null);
  if (truth === null) return null;
  const customer = asked.providerCustomerId ?? truth.providerCustomerId;
  const listed = customer === null ? null : await invoicesOf(client, patiently, { ...asked, customer, from });
  const owner = { provider, providerSubscriptionId };
  const invoices = listed ?? [];
  const evidence = evidenceOf(asked, truth, chargesOf(owner, invoices, truth.payments));
  return { evidence, isPartial: listed === null };
}

/** Newest first, until they are older than anything that may cover the window. null: the provider lists none. */
async function invoicesOf(
  client: ProviderClient,
  patiently: Patience,
  query: { readonly customer: string; readonly providerSubscriptionId: string; readonly from: string },
): Promise<readonly ProviderInvoice[] | null> {
  const { invoices } = client;
  if (!invoices) return null;
  const { customer: providerCustomerId, providerSubscriptionId } = query;
  // The longest period, and a month in which a bank may have said no.
  const enoughMs = parse(query.from) - (366 + 31) * dayMs;
  const found: ProviderInvoice[] = [];
  for (let cursor: string | null = null; ;) {
    const at: string | null = cursor;
    const page: Page<ProviderInvoice> = await patiently(() =>
      invoices.list({ providerCustomerId, providerSubscriptionId, cursor: at, limit: pageSize }),
    );
    found.push(...page.items.filter((each) => each.providerSubscriptionId === providerSubscriptionId));
    const oldest = page.items.at(-1)?.issuedAt;
    if (page.nextCursor === null || (oldest != null && parse(oldest) < enoughMs)) return found;
    cursor = page.nextCursor;
  }
}

function evidenceOf(
  asked: Asked,
  truth: SubscriptionTruth,
  charges: SubscriptionEvidence['charges'],
): SubscriptionEvidence {
  const { side, provider, providerSubscriptionId, legacy } = asked;
  const seen = legacy && period(legacy.periodStart, legacy.paidThrough);
  const now = period(truth.currentPeriodStart, truth.currentPeriodEnd);
  // One that was in trial at the inventory tells its rhythm by its first paid period.
  const { status, currentPeriodStart: start, currentPeriodEnd: end } = truth;
  const interval = asked.interval ?? intervalOf({ status, start, end }) ?? asked.otherwise;
  const trialNow = truth.status === 'trialing' ? period(truth.trialStart, truth.trialEnd) : null;
  const trial = side === 'old' ? ((legacy?.status === 'trialing' ? seen : null) ?? trialNow) : null;
  return {
    ...{ side, provider, providerSubscriptionId, status: truth.status, interval, trial, charges },
    periods: [seen, now].flatMap((each) => each ?? []),
    endsAt: endOf(truth),
    pausedAt: truth.status === 'paused' ? (truth.pausedAt ?? truth.currentPeriodEnd) : truth.pausedAt,
  };
}

function endOf({ status, endedAt, canceledAt, cancelAt, cancelAtPeriodEnd, currentPeriodEnd }: SubscriptionTruth) {
  if (status === 'canceled' || status === 'expired') return endedAt ?? currentPeriodEnd ?? canceledAt;
  return cancelAtPeriodEnd ? (cancelAt ?? currentPeriodEnd) : cancelAt;
}

function period(start: string | null, end: string | null): Period | null {
  return start !== null && end !== null && parse(end) > parse(start) ? { start, end } : null;
}

import type { Clock } from './clock.ts';
import type { Store } from './store.ts';
import type { Metadata, ProviderId } from './types.ts';

/** `dispute`: a bank took the money back; `dispute_reversal`: the merchant won it again. */
export type LedgerKind = 'charge' | 'refund' | 'dispute' | 'dispute_reversal';

export interface LedgerEntry {
  account: string;
  provider: ProviderId;
  kind: LedgerKind;
  /** The provider's id of the charge, payment, refund or dispute. */
  id: string;
  /** Tax included. */
  amount_minor: number;
  /** The tax in it, where the provider knows it. */
  tax_minor: number | null;
  /** ISO 4217, upper case, whatever the provider's own habit. */
  currency: string;
  status: 'pending' | 'succeeded' | 'failed' | 'canceled';
  customer: string | null;
  /** The provider's id of the subscription that a charge renews or begins. */
  subscription: string | null;
  /** What a charge pays of it; null also where its stand-in does not know. */
  period: { start: string; end: string } | null;
  /** The charge that a refund or a dispute takes back. */
  charge: string | null;
  metadata: Metadata;
  at: string;
}

type Told = 'tax_minor' | 'subscription' | 'period' | 'charge';

/** What is left out stays as it was recorded before, or null. */
export type LedgerRecord = Omit<LedgerEntry, 'account' | 'at' | Told> & Partial<Pick<LedgerEntry, Told>>;

export interface Ledger {
  /** Records a movement; the same provider, kind and id again updates its status. */
  record(entry: LedgerRecord): void;
  entries(provider?: ProviderId): LedgerEntry[];
}

interface LedgerRow {
  id: string;
  entry: Omit<LedgerEntry, 'account'>;
}

/** One account's ledger, in that account's part of the store. */
export function createLedger(store: Store, clock: Clock, account: string): Ledger {
  const rows = store.collection<LedgerRow>('sandbox/ledger');
  return {
    record(entry) {
      const id = `${entry.provider}:${entry.kind}:${entry.id}`;
      const before = rows.get(id)?.entry;
      rows.put({
        id,
        entry: {
          ...entry,
          ...toldOf(entry, before),
          currency: entry.currency.toUpperCase(),
          at: before?.at ?? clock.nowIso(),
        },
      });
    },
    entries: (provider) =>
      rows
        .all()
        .filter(({ entry }) => provider === undefined || entry.provider === provider)
        .map(({ entry }) => ({ ...entry, ...toldOf(entry), account })),
  };
}

/** Entries of an older state lack the newer fields. */
function toldOf(entry: Partial<Pick<LedgerEntry, Told>>, before?: typeof entry): Pick<LedgerEntry, Told> {
  return {
    tax_minor: entry.tax_minor ?? before?.tax_minor ?? null,
    subscription: entry.subscription ?? before?.subscription ?? null,
    period: entry.period ?? before?.period ?? null,
    charge: entry.charge ?? before?.charge ?? null,
  };
}

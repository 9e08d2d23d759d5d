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
  metadata: Metadata;
  at: string;
}

export type LedgerRecord = Omit<LedgerEntry, 'account' | 'at' | 'tax_minor'> & { tax_minor?: number | null };

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
          tax_minor: entry.tax_minor ?? before?.tax_minor ?? null,
          currency: entry.currency.toUpperCase(),
          at: before?.at ?? clock.nowIso(),
        },
      });
    },
    entries: (provider) =>
      rows
        .all()
        .filter(({ entry }) => provider === undefined || entry.provider === provider)
        .map(({ entry }) => ({ ...entry, account })),
  };
}

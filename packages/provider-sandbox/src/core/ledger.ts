import type { Clock } from './clock.ts';
import type { Store } from './store.ts';
import type { Metadata, ProviderId } from './types.ts';

export interface LedgerEntry {
  provider: ProviderId;
  kind: 'charge' | 'refund';
  /** The provider's id of the charge, payment or refund. */
  id: string;
  amount_minor: number;
  /** ISO 4217, upper case, whatever the provider's own habit. */
  currency: string;
  status: 'pending' | 'succeeded' | 'failed' | 'canceled';
  customer: string | null;
  metadata: Metadata;
  at: string;
}

export interface Ledger {
  /** Records a movement; the same provider, kind and id again updates its status. */
  record(entry: Omit<LedgerEntry, 'at'>): void;
  entries(provider?: ProviderId): LedgerEntry[];
}

export function createLedger(store: Store, clock: Clock): Ledger {
  const rows = store.collection<{ id: string; entry: LedgerEntry }>('sandbox/ledger');
  return {
    record(entry) {
      const id = `${entry.provider}:${entry.kind}:${entry.id}`;
      const before = rows.get(id)?.entry;
      rows.put({
        id,
        entry: { ...entry, currency: entry.currency.toUpperCase(), at: before?.at ?? clock.nowIso() },
      });
    },
    entries: (provider) =>
      rows.all().flatMap(({ entry }) => (provider === undefined || entry.provider === provider ? [entry] : [])),
  };
}

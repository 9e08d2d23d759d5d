import type { Db } from '../db/orm.ts';
import { settleItems, type ItemOutcome } from '../db/queries/usage-items.ts';
import { BillingError } from '../domain/errors.ts';
import type { UsageOperations } from '../providers/port-catalog.ts';

/** What works on the items of one provider need. */
export interface UsageDesk {
  readonly em: () => Db;
  readonly usage: UsageOperations;
  readonly scope: { readonly projectId: string; readonly live: boolean; readonly provider: string };
  readonly sleep: (ms: number) => Promise<unknown>;
}

/** How many items are elsewhere than before, and where. */
export interface Moved {
  readonly moved: number;
  readonly reported: number;
  readonly rejected: number;
}

export const nothingMoved: Moved = { moved: 0, reported: 0, rejected: 0 };

export function sumOf(a: Moved, b: Moved): Moved {
  return { moved: a.moved + b.moved, reported: a.reported + b.reported, rejected: a.rejected + b.rejected };
}

/** Writes what became of items, each only where it still stands as it was read. */
export async function settle(desk: UsageDesk, outcomes: readonly ItemOutcome[]): Promise<Moved> {
  const changed = await settleItems(desk.em(), outcomes);
  const became = (wanted: ItemOutcome['status']) =>
    outcomes.filter(({ item, status }) => status === wanted && changed.has(item.id)).length;
  return { moved: changed.size, reported: became('reported'), rejected: became('rejected') };
}

/** The provider's own code where it surely refused, ours where it has none; null: it may take the same another time. */
export function refusalCode(error: unknown): string | null {
  if (!(error instanceof BillingError)) return null;
  if (error.kind !== 'invalid' && error.kind !== 'conflict' && error.kind !== 'not_found') return null;
  const code = error.details.provider_code;
  return typeof code === 'string' ? code : error.code;
}

import type { Subscription } from '../db/entities/subscription.ts';
import type { Db } from '../db/orm.ts';
import { readOutlook } from '../db/queries/subscription-outlook.ts';
import type { GrantWork } from '../domain/benefit.ts';
import { nextAgendaItem, type AgendaItem } from '../domain/subscription/agenda.ts';
import { nextLookBack } from '../domain/subscription/opening.ts';
import { isOver } from '../domain/subscription/transition.ts';
import type { SubscriptionStatus } from '../domain/subscription/truth.ts';

/** How a subscription stands, as its workflow must know it. */
export interface SettledSubscription {
  readonly status: SubscriptionStatus;
  /** Nothing can change it any more, and nothing of it is left anywhere. */
  readonly isOver: boolean;
  readonly periodStart: string | null;
  /** Moves with every change: the same number twice means that nothing was learnt. */
  readonly version: number;
  /** What is due next if nothing is heard before; null: only a message can bring news. */
  readonly next: AgendaItem | null;
  readonly because: string;
  /** Benefits that wait to be given or taken; absent where there are none, so that histories stay small. */
  readonly grants?: readonly GrantWork[];
  /** The provider that is to be asked to begin it next; absent: it has begun, waits, or never will. */
  readonly opensAt?: string | null;
  /** Who collects for it, where that is not whom its workflow was started with. */
  readonly provider?: string | null;
  /** A provider that was left and is to be looked at again; absent where none is. */
  readonly left?: string;
  /** Refunds that were just written down and that nobody makes yet. */
  readonly refunds?: readonly { readonly id: string; readonly provider: string }[];
}

/** What every activity on a subscription answers its workflow. Call it after the row is committed. */
export async function settledSubscription(em: Db, row: Subscription, because: string): Promise<SettledSubscription> {
  const iso = (date: Date | null) => date?.toISOString() ?? null;
  const { operation, grants, policy } = await readOutlook(em, row.projectId, row.id);
  const back = nextLookBack(row.opening);
  const agenda = {
    status: row.status,
    collection: row.collection,
    currentPeriodEnd: iso(row.currentPeriodEnd),
    trialEnd: iso(row.trialEnd),
    cancelAt: iso(row.cancelAt) ?? (row.cancelAtPeriodEnd ? iso(row.currentPeriodEnd) : null),
    resumesAt: iso(row.resumesAt),
    pastDueAt: iso(row.pastDueAt),
    graceEndsAt: iso(row.graceEndsAt),
    remindersSent: row.remindersSent,
    trialNotifiedAt: iso(row.trialNotifiedAt),
    voucherExpiresAt: row.voucher?.expiresAt ?? null,
    voucherDueAt: iso(row.voucherDueAt),
    operation: isOver(row.status) ? null : operation,
    lookBackAt: back?.at ?? null,
  };
  return {
    status: row.status,
    isOver: isOver(row.status) && back === null,
    periodStart: iso(row.currentPeriodStart),
    version: row.version,
    next: nextAgendaItem(agenda, policy, Date.now()),
    because,
    ...(grants.length > 0 && { grants }),
    ...(hasMoved(row) && { provider: row.provider }),
    ...(back && { left: back.left.provider }),
  };
}

/** Workflows are started with the first candidate. */
function hasMoved({ provider, routing }: Subscription): boolean {
  const first = routing?.candidates[0]?.provider;
  return provider !== null && first !== undefined && first !== provider;
}

import type { Subscription } from '../db/entities/subscription.ts';
import type { Db } from '../db/orm.ts';
import { readOutlook } from '../db/queries/subscription-outlook.ts';
import type { GrantWork } from '../domain/benefit.ts';
import { nextAgendaItem, type AgendaItem } from '../domain/subscription/agenda.ts';
import { isOver } from '../domain/subscription/transition.ts';
import type { SubscriptionStatus } from '../domain/subscription/truth.ts';

/** How a subscription stands, as its workflow must know it. */
export interface SettledSubscription {
  readonly status: SubscriptionStatus;
  readonly isOver: boolean;
  readonly periodStart: string | null;
  /** Moves with every change: the same number twice means that nothing was learnt. */
  readonly version: number;
  /** What is due next if nothing is heard before; null: only a message can bring news. */
  readonly next: AgendaItem | null;
  readonly because: string;
  /** Benefits that wait to be given or taken; absent where there are none, so that histories stay small. */
  readonly grants?: readonly GrantWork[];
}

/** What every activity on a subscription answers its workflow. Call it after the row is committed. */
export async function settledSubscription(em: Db, row: Subscription, because: string): Promise<SettledSubscription> {
  const iso = (date: Date | null) => date?.toISOString() ?? null;
  const { operation, grants, policy } = await readOutlook(em, row.projectId, row.id);
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
  };
  return {
    status: row.status,
    isOver: isOver(row.status),
    periodStart: iso(row.currentPeriodStart),
    version: row.version,
    next: nextAgendaItem(agenda, policy, Date.now()),
    because,
    ...(grants.length > 0 && { grants }),
  };
}

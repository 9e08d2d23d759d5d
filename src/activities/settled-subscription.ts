import type { Subscription } from '../db/entities/subscription.ts';
import { nextAgendaItem, type AgendaItem } from '../domain/subscription/agenda.ts';
import { isOver } from '../domain/subscription/transition.ts';
import type { SubscriptionStatus } from '../domain/subscription/truth.ts';

/** How a subscription stands, as its workflow must know it. */
export interface SettledSubscription {
  readonly status: SubscriptionStatus;
  readonly isOver: boolean;
  readonly periodStart: string | null;
  /** What is due next if nothing is heard before; null: only a message can bring news. */
  readonly next: AgendaItem | null;
  readonly because: string;
}

/** What every activity on a subscription answers its workflow. */
export function settledSubscription(row: Subscription, because: string): SettledSubscription {
  const instants = {
    currentPeriodEnd: row.currentPeriodEnd?.toISOString() ?? null,
    trialEnd: row.trialEnd?.toISOString() ?? null,
    cancelAt: row.cancelAt?.toISOString() ?? null,
    resumesAt: row.resumesAt?.toISOString() ?? null,
  };
  return {
    status: row.status,
    isOver: isOver(row.status),
    periodStart: row.currentPeriodStart?.toISOString() ?? null,
    next: row.provider === null ? null : nextAgendaItem(instants, Date.now()),
    because,
  };
}

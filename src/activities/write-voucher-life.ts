import type { Invoice } from '../db/entities/payment.ts';
import type { Subscription } from '../db/entities/subscription.ts';
import type { LifecyclePolicy } from '../domain/subscription/lifecycle-policy.ts';
import { isOver, transitionOf } from '../domain/subscription/transition.ts';
import { lifeByBook } from '../domain/subscription/voucher-book.ts';
import type { VoucherLife } from '../domain/subscription/voucher-life.ts';
import type { SubscriptionNews } from './note-subscription.ts';
import { dateOf } from './record-money.ts';
import { bookOf, ownerOf } from './voucher-invoices.ts';

/** When the next voucher is to be issued, by what the rows say now. */
export function writeVoucherDue(row: Subscription, invoices: readonly Invoice[], policy: LifecyclePolicy): void {
  const { due } = lifeByBook(bookOf(row, invoices), ownerOf(row, policy), new Date().toISOString());
  row.voucherDueAt = isOver(row.status) ? null : dateOf(due?.at ?? null);
}

/** Brings the row in step with how it stands, and says what that means to the app. Nothing reopens what is over. */
export function writeVoucherLife(row: Subscription, life: VoucherLife): readonly SubscriptionNews[] {
  if (isOver(row.status)) {
    Object.assign(row, { voucher: null, voucherDueAt: null });
    return [];
  }
  const before = { status: row.status, periodStart: row.currentPeriodStart?.toISOString() ?? null };
  const { to, events } = transitionOf(row.status, life.status);
  Object.assign(row, { status: to, ...columnsOf(row, life) });
  const told = { actor: `subscription/${row.id}`, detail: storyOf(life) };
  const state = { before, after: { status: to, periodStart: life.period?.start ?? null } };
  const news = events.map((type) => ({ ...told, ...state, type }));
  const isRenewed = to === 'active' && before.status === 'active' && before.periodStart !== life.period?.start;
  if (isRenewed) return [{ ...told, ...state, type: 'subscription.renewed', cause: life.period?.start ?? 'first' }];
  return news;
}

function columnsOf(row: Subscription, life: VoucherLife): Partial<Subscription> {
  const { status, period } = life;
  const isEnded = isOver(status);
  return {
    currentPeriodStart: dateOf(period?.start ?? null),
    currentPeriodEnd: dateOf(period?.end ?? null),
    pastDueAt: dateOf(life.pastDueAt),
    graceEndsAt: dateOf(life.graceEndsAt),
    remindersSent: status === 'past_due' ? row.remindersSent : 0,
    voucherDueAt: dateOf(life.due?.at ?? null),
    endedAt: dateOf(life.endedAt),
    canceledAt: status === 'canceled' ? (row.canceledAt ?? new Date()) : row.canceledAt,
    cancelAt: row.cancelAtPeriodEnd && !isEnded ? dateOf(life.period?.end ?? null) : row.cancelAt,
    ...(status === 'expired' && { failureCode: row.failureCode ?? 'voucher_unpaid' }),
    ...(isEnded && { voucher: null }),
  };
}

function storyOf({ status, period }: VoucherLife): string {
  switch (status) {
    case 'active':
      return `paid until ${period?.end ?? 'its end'}`;
    case 'past_due':
      return `the period from ${period?.start ?? 'now'} is not paid`;
    case 'expired':
      return 'its first voucher was not paid';
    case 'canceled':
      return period === null ? 'it ended unpaid' : `it was paid until ${period.end}`;
    case 'incomplete':
    case 'trialing':
    case 'paused':
      return status;
  }
}

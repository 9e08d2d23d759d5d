import type { Invoice } from '../db/entities/payment.ts';
import type { Subscription } from '../db/entities/subscription.ts';
import type { LifecyclePolicy } from '../domain/subscription/lifecycle-policy.ts';
import { isOver } from '../domain/subscription/transition.ts';
import { lifeByBook } from '../domain/subscription/voucher-book.ts';
import type { VoucherLife } from '../domain/subscription/voucher-life.ts';
import { enterStatus } from './change-subscription.ts';
import type { SubscriptionNews } from './note-subscription.ts';
import { dateOf } from './record-money.ts';
import { bookOf, ownerOf } from './voucher-invoices.ts';

/** When the next voucher is to be issued, by what the rows say now. */
export function writeVoucherDue(row: Subscription, invoices: readonly Invoice[], policy: LifecyclePolicy): void {
  const { due } = lifeByBook(bookOf(row, invoices), ownerOf(row, policy), new Date().toISOString());
  row.voucherDueAt = isOver(row.status) ? null : dateOf(due?.at ?? null);
}

/** Brings the row in step with how it stands; nothing reopens what is over. */
export function writeVoucherLife(
  row: Subscription,
  life: VoucherLife,
  policy: LifecyclePolicy,
): { readonly detail: string; readonly news: readonly SubscriptionNews[] } {
  const detail = storyOf(life);
  if (isOver(row.status)) {
    Object.assign(row, { voucher: null, voucherDueAt: null });
    return { detail, news: [] };
  }
  const { graceEndsAt } = row;
  enterStatus(row, life.status, policy);
  Object.assign(row, columnsOf(row, life));
  const isGraceOver = life.status === 'canceled' && graceEndsAt !== null && graceEndsAt.getTime() <= Date.now();
  if (!isGraceOver) return { detail, news: [] };
  const cause = graceEndsAt.toISOString();
  const actor = `subscription/${row.id}`;
  return { detail, news: [{ type: 'subscription.grace_ended', cause, actor, detail: `the grace ended ${cause}` }] };
}

/** How its vouchers stand, for the workflow's story. */
export function voucherStory({ status, voucher, voucherDueAt }: Subscription): string {
  if (isOver(status)) return `it is ${status}`;
  if (voucher !== null) return `a voucher is out until ${voucher.expiresAt}`;
  return voucherDueAt === null ? 'no voucher is wanted' : `the next voucher is due ${voucherDueAt.toISOString()}`;
}

function columnsOf(row: Subscription, life: VoucherLife): Partial<Subscription> {
  const { status, period } = life;
  const isEnded = isOver(status);
  return {
    currentPeriodStart: dateOf(period?.start ?? null),
    currentPeriodEnd: dateOf(period?.end ?? null),
    pastDueAt: dateOf(life.pastDueAt), // from the period's end, not from when we looked
    graceEndsAt: dateOf(life.graceEndsAt),
    voucherDueAt: dateOf(life.due?.at ?? null),
    endedAt: dateOf(life.endedAt),
    canceledAt: status === 'canceled' ? (row.canceledAt ?? new Date()) : row.canceledAt,
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
      return 'its first voucher is not paid yet';
    case 'trialing':
    case 'paused':
      return status;
  }
}

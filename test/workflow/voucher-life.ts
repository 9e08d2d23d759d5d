import type { SettledSubscription } from '../../src/activities/settled-subscription.ts';
import { nextAgendaItem, type AgendaInput } from '../../src/domain/subscription/agenda.ts';
import { remindersDue } from '../../src/domain/subscription/dunning.ts';
import { defaultLifecyclePolicy } from '../../src/domain/subscription/lifecycle-policy.ts';
import { isOver, transitionOf } from '../../src/domain/subscription/transition.ts';
import {
  enterSeen,
  lifeByBook,
  vouchersToTakeBack,
  type VoucherBook,
  type VoucherOwner,
} from '../../src/domain/subscription/voucher-book.ts';
import type { SubscriptionActivities } from './support.ts';
import { dayMs, iso } from './subscription-life.ts';

const amountMinor = 49_900;
const policy = defaultLifecyclePolicy;

/**
 * A subscription in memory whose periods are paid in cash: the rules are the domain's own, the rows are not. Nobody ever
 * sends a webhook.
 *
 * @param paysAfterDays How long after a voucher was issued it is paid, by its number from 0; null: never.
 */
export function aVoucherLife(clock: () => Promise<number>, paysAfterDays: (nth: number) => number | null) {
  const told: { readonly what: string; readonly at: number }[] = [];
  const issued: { readonly at: number; readonly from: string; readonly expiresAt: string }[] = [];
  let book: VoucherBook = { anchorAt: null, entries: [] };
  let version = 0;
  let periodStart: string | null = null;
  let row: AgendaInput = {
    ...{ status: 'incomplete', collection: 'voucher', currentPeriodEnd: null, trialEnd: null, cancelAt: null },
    ...{ resumesAt: null, pastDueAt: null, graceEndsAt: null, remindersSent: 0, trialNotifiedAt: null },
    ...{ voucherExpiresAt: null, voucherDueAt: null, operation: null },
  };

  const owner = (): VoucherOwner => ({
    ...{ status: row.status, amountMinor, interval: 'monthly', isEnding: false, isPaused: false },
    ...{ graceEndsAt: row.graceEndsAt, policy },
  });
  const open = () => book.entries.find(({ status }) => status === 'open');

  function tell(what: string, at: number): void {
    version += 1;
    told.push({ what: what.replace('subscription.', ''), at });
  }

  /** What the shops say by now, and which vouchers nobody should pay any more. */
  function readShops(now: number): void {
    const paid = issued.flatMap(({ at }, nth) => {
      const days = paysAfterDays(nth);
      const paidMs = days === null ? Number.POSITIVE_INFINITY : at + days * dayMs;
      return paidMs <= now ? [{ id: String(nth), state: 'paid' as const, paidAt: iso(paidMs) }] : [];
    });
    book = enterSeen(book, paid, owner(), iso(now));
    const gone = vouchersToTakeBack(book, owner(), iso(now)).map(({ id }) => ({
      id,
      state: 'gone' as const,
      paidAt: null,
    }));
    book = enterSeen(book, gone, owner(), iso(now));
  }

  async function settle(): Promise<number> {
    const now = await clock();
    if (isOver(row.status)) return now;
    readShops(now);
    const life = lifeByBook(book, owner(), iso(now));
    const { to, events } = transitionOf(row.status, life.status);
    const isRenewed = events.length === 0 && to === 'active' && periodStart !== life.period?.start;
    const isGraceOver = to === 'canceled' && row.graceEndsAt !== null;
    for (const what of [...events, ...(isRenewed ? ['renewed'] : []), ...(isGraceOver ? ['grace_ended'] : [])])
      tell(what, now);
    const wasLate = row.pastDueAt !== null;
    periodStart = life.period?.start ?? null;
    row = {
      ...row,
      ...{ status: to, currentPeriodEnd: life.period?.end ?? null, voucherDueAt: life.due?.at ?? null },
      ...{ pastDueAt: life.pastDueAt, graceEndsAt: life.graceEndsAt, voucherExpiresAt: open()?.expiresAt ?? null },
      remindersSent: wasLate && life.pastDueAt !== null ? row.remindersSent : 0,
    };
    return now;
  }

  async function issue(): Promise<void> {
    const now = await settle();
    const { due } = lifeByBook(book, owner(), iso(now));
    if (isOver(row.status) || due === null || Date.parse(due.at) > now) return;
    const entry = {
      ...{ id: String(issued.length), status: 'open' as const, period: due.period, totalMinor: amountMinor },
      ...{ isIssued: true, expiresAt: due.expiresAt, refusedAt: null, paidAt: null },
    };
    issued.push({ at: now, from: due.period.start, expiresAt: due.expiresAt });
    book = { ...book, entries: [...book.entries, entry] };
    tell('voucher_issued', now);
    await settle();
  }

  async function settled(because: string): Promise<SettledSubscription> {
    const next = nextAgendaItem(row, policy, await clock());
    return { status: row.status, isOver: isOver(row.status), periodStart, version, next, because };
  }

  const activities = {
    async openSubscription() {
      await issue();
      return settled('its first voucher is out');
    },
    async settleSubscription() {
      await settle();
      return settled('the shops were asked');
    },
    async issueVoucher() {
      await issue();
      return settled('a voucher is out');
    },
    async remindPayment() {
      const now = await settle();
      const { status, pastDueAt, graceEndsAt } = row;
      if (status !== 'past_due' || pastDueAt === null || graceEndsAt === null) return settled('paid meanwhile');
      row = { ...row, remindersSent: remindersDue({ pastDueAt, graceEndsAt }, policy, now) };
      tell('payment_reminder', now);
      return settled('reminded');
    },
    async endGrace() {
      await settle();
      return settled('the grace was looked at');
    },
  } satisfies Partial<SubscriptionActivities>;
  return { activities, told, issued, openVouchers: () => book.entries.filter(({ status }) => status === 'open') };
}

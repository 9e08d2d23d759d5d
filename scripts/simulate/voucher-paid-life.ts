import type { AgendaInput } from '../../src/domain/subscription/agenda.ts';
import { isOver } from '../../src/domain/subscription/transition.ts';
import type { SubscriptionStatus } from '../../src/domain/subscription/truth.ts';
import {
  wasPaid,
  type VoucherBook,
  type VoucherEntry,
  type VoucherOwner,
  type VoucherSeen,
} from '../../src/domain/subscription/voucher-book.ts';
import type { VoucherLife } from '../../src/domain/subscription/voucher-life.ts';
import { anyPolicy, type Chance } from './chance.ts';
import { calendarPeriod, dayMs, hourMs, iso, must, yearMs, type Rules } from './rules.ts';

/** A voucher as the shop has it. */
interface ShopVoucher {
  readonly id: string;
  /** When somebody pays it, whatever we think of it by then. */
  readonly paidAt: number;
  goneAt: number;
}

const never = Number.POSITIVE_INFINITY;

/**
 * One subscription paid by vouchers: they are paid early, late, after they lapsed, twice or never, refused at times, and
 * some answers are lost.
 *
 * @returns how long it lived, in years.
 * @throws {Broken}
 */
export function livePaidByVoucher(rules: Rules, chance: Chance, startMs: number): number {
  const policy = anyPolicy(chance);
  const interval = chance.of(0.15) ? 'yearly' : 'monthly';
  const endMs = startMs + chance.between(0.2, 8) * yearMs;
  const endsAt = chance.of(0.2) ? startMs + chance.between(0.1, 6) * yearMs : never;
  const archive: VoucherEntry[] = [];
  let shop: readonly ShopVoucher[] = [];
  let book: VoucherBook = { anchorAt: null, entries: [] };
  let status: SubscriptionStatus = 'incomplete';
  let life: VoucherLife | null = null;
  let [now, settledAt, doneAt, doneTimes, issued, refusedUntil] = [startMs, startMs, 0, 0, 0, 0];
  issue();

  while (now < endMs && !isOver(status)) {
    const item = rules.nextAgendaItem(agendaRow(), policy, now);
    const itemAt = item === null ? never : Math.max(now, Date.parse(item.at));
    now = Math.min(itemAt, nextMoneyAt(shop, settledAt), endMs);
    if (now === endMs) break;
    if (item === null || now < itemAt) settle();
    else act(item.kind);
    watch();
  }
  const livedMs = Math.min(now, endMs) - startMs;
  settle();
  while (nextMoneyAt(shop, settledAt) < never) {
    now = nextMoneyAt(shop, settledAt); // money may come when all is over
    settle();
  }
  closeBooks({ archive, book, shop, interval, startMs, nowMs: now });
  return livedMs / yearMs;

  function ownerNow(): VoucherOwner {
    const graceEndsAt = status === 'past_due' ? (life?.graceEndsAt ?? null) : null;
    return { status, interval, amountMinor: 100, isEnding: now >= endsAt, isPaused: false, graceEndsAt, policy };
  }

  function agendaRow(): AgendaInput {
    const out = book.entries.findLast((entry) => entry.status === 'open') ?? null;
    return {
      ...{ status, collection: 'voucher', trialEnd: null, trialNotifiedAt: null, remindersSent: 9, resumesAt: null },
      ...{ currentPeriodEnd: life?.period?.end ?? null, cancelAt: now >= endsAt ? (life?.period?.end ?? null) : null },
      ...{ pastDueAt: life?.pastDueAt ?? null, graceEndsAt: life?.graceEndsAt ?? null, operation: null },
      ...{ voucherExpiresAt: out?.expiresAt ?? null, voucherDueAt: life?.due?.at ?? null },
    };
  }

  function act(kind: string): void {
    [doneAt, doneTimes] = [now, doneAt === now ? doneTimes + 1 : 0];
    must(doneTimes < 9, 'the agenda moves on', () => `${kind} again and again at ${iso(now)}`);
    settle();
    if (kind === 'issue_voucher') issue();
  }

  function settle(): void {
    settledAt = now;
    book = rules.enterSeen(book, shop.map(seenAt(now)), ownerNow(), iso(now));
    for (const { id } of rules.vouchersToTakeBack(book, ownerNow(), iso(now))) {
      const voucher = shop.find((each) => each.id === id);
      if (voucher && voucher.paidAt > now) voucher.goneAt = Math.min(voucher.goneAt, now);
    }
    book = rules.enterSeen(book, shop.map(seenAt(now)), ownerNow(), iso(now));
    write();
    if (book.entries.length > 8) putAway();
  }

  /** What was paid long ago stays as it is: only the newest few are looked at again. */
  function putAway(): void {
    const old = new Set(paidOf(book).slice(0, -3));
    archive.push(...old);
    book = { ...book, entries: book.entries.filter((entry) => !old.has(entry)) };
    shop = shop.filter(({ id, paidAt, goneAt }) => {
      const isForgotten = paidAt === never && goneAt <= now;
      return !isForgotten && ![...old].some((entry) => entry.id === id);
    });
  }

  function write(): void {
    life = rules.lifeByBook(book, ownerNow(), iso(now));
    const before = status;
    status = rules.transitionOf(status, life.status).to;
    must(!isOver(before) || before === status, 'no resurrection', () => `${before} → ${status} at ${iso(now)}`);
  }

  function issue(): void {
    const { due } = rules.lifeByBook(book, ownerNow(), iso(now));
    if (due === null || Date.parse(due.at) > now || isOver(status)) return write();
    issued += 1;
    const id = String(issued);
    if (issued > 1 && chance.of(0.05)) refusedUntil = now + chance.between(0, 2) * dayMs;
    const isRefused = now < refusedUntil;
    const expiresMs = Math.min(Date.parse(due.expiresAt), chance.of(0.3) ? now + 7 * dayMs : never);
    const entry: VoucherEntry = {
      ...{ id, period: due.period, totalMinor: 100, isIssued: !isRefused, expiresAt: iso(expiresMs), paidAt: null },
      ...{ status: isRefused ? 'void' : 'open', refusedAt: isRefused ? iso(now) : null },
    };
    book = { ...book, entries: [...book.entries, entry] };
    if (!isRefused)
      shop = [
        ...shop,
        { id, paidAt: payTime(chance, now, expiresMs), goneAt: expiresMs + chance.between(0, 6) * hourMs },
      ];
    write();
  }

  /** What a plain reader of the paid periods would say, at every moment. */
  function watch(): void {
    const paid = paidOf(book);
    const paidUntil = paid.at(-1)?.period.end ?? null;
    const open = book.entries.filter((entry) => entry.status === 'open');
    must(open.length <= 1, 'one voucher at a time', () => `${open.map(({ id }) => id).join()} at ${iso(now)}`);
    if (paidUntil === null || settledAt !== now) return;
    const isPaid = now < Date.parse(paidUntil);
    must(
      (status === 'active') === isPaid,
      'active while paid',
      () => `${status} at ${iso(now)}, paid until ${paidUntil}`,
    );
    const lateBy = now - Date.parse(paidUntil);
    const isLate = status === 'past_due' && lateBy > policy.graceDays * dayMs;
    must(!isLate, 'every past due ends', () => `at ${iso(now)}, paid until ${paidUntil}`);
    const { isAllowed } = rules.entitlementOf({
      status,
      graceEndsAt: life?.graceEndsAt ?? null,
      isDisputed: false,
      policy,
    });
    const expected = isPaid || (status === 'past_due' && policy.pastDueAccess === 'keep');
    must(isAllowed === expected, 'entitled when the policy says', () => `${status} at ${iso(now)}: ${isAllowed}`);
  }
}

/** Paid beats gone: money for a voucher that has lapsed comes all the same. */
function seenAt(now: number): (voucher: ShopVoucher) => VoucherSeen {
  return ({ id, paidAt, goneAt }) => {
    if (paidAt <= now) return { id, state: 'paid', paidAt: iso(paidAt) };
    return { id, state: goneAt <= now ? 'gone' : 'waiting', paidAt: null };
  };
}

function nextMoneyAt(shop: readonly ShopVoucher[], afterMs: number): number {
  return Math.min(...shop.map(({ paidAt }) => paidAt).filter((paidAt) => paidAt > afterMs), never);
}

function payTime(chance: Chance, now: number, expiresMs: number): number {
  if (chance.of(0.04)) return never;
  if (chance.of(0.05)) return expiresMs + chance.between(0, 30) * dayMs; // after it lapsed
  return now + chance.between(0, 1) * (expiresMs - now);
}

function paidOf(book: VoucherBook): readonly VoucherEntry[] {
  return book.entries.filter(wasPaid).toSorted((a, b) => Date.parse(a.period.start) - Date.parse(b.period.start));
}

/** When all is over: every payment has a period of its own, and they follow each other by the calendar. */
function closeBooks(ended: {
  readonly archive: readonly VoucherEntry[];
  readonly book: VoucherBook;
  readonly shop: readonly ShopVoucher[];
  readonly interval: 'monthly' | 'yearly';
  readonly startMs: number;
  readonly nowMs: number;
}): void {
  const { archive, book, shop, interval, nowMs } = ended;
  const paid = [...archive, ...paidOf(book)];
  const starts = paid.map(({ period }) => period.start);
  must(new Set(starts).size === starts.length, 'one charge per period', () => starts.join(' '));
  const isTaken = ({ id, paidAt }: ShopVoucher) => paidAt > nowMs || paid.some((entry) => entry.id === id);
  must(shop.every(isTaken), 'no money is lost', () => `${shop.length} vouchers, ${paid.length} paid`);
  const anchorMs = Date.parse(book.anchorAt ?? iso(ended.startMs));
  paid.forEach(({ period }, index) => {
    const { start, end } = calendarPeriod(anchorMs, interval, index);
    const isOnIt = period.start === start && period.end === end;
    must(isOnIt, "periods are the calendar's", () => `${period.start} – ${period.end}, not ${start} – ${end}`);
  });
}

import type { SubscriptionStatus } from '../../src/domain/subscription/truth.ts';
import type { Chance } from './chance.ts';
import { dayMs, hourMs } from './rules.ts';

/** What the provider would answer if it were asked now. Epoch milliseconds. */
export interface ProviderTruth {
  readonly status: SubscriptionStatus;
  readonly periodStart: number;
  readonly periodEnd: number;
  readonly trialEnd: number | null;
  readonly cancelAtPeriodEnd: boolean;
  readonly resumesAt: number | null;
  readonly isDisputed: boolean;
}

export interface RandomProvider {
  /** When something happens there by itself; infinite: nothing will. */
  nextAt(): number;
  happen(): void;
  read(): ProviderTruth;
  /** We end it. */
  cancel(): void;
  readonly interval: 'monthly' | 'yearly';
  /** From where its periods are counted. */
  anchorAt(): number;
  /** The starts of the periods it has charged, in order. */
  readonly charged: readonly number[];
}

/**
 * A provider that renews, declines, recovers, pauses, ends and has its payments disputed, as chance has it. It counts its
 * periods in its own way and tells of what happens by `tell`.
 */
export function createRandomProvider(input: {
  readonly chance: Chance;
  readonly startMs: number;
  readonly tell: (atMs: number) => void;
}): RandomProvider {
  const { chance, tell } = input;
  const interval = chance.of(0.15) ? 'yearly' : 'monthly';
  const charged: number[] = [];
  let [now, anchor, index] = [input.startMs, input.startMs, 0];
  let status: SubscriptionStatus = 'active';
  let trialEnd: number | null = null;
  let resumesAt: number | null = null;
  let [isEnding, isDisputed] = [false, false];
  let retries: number[] = [];
  let shown: ProviderTruth | null = null;
  let nextWish = now + chance.between(1, 400) * dayMs;
  let [start, end] = [now, 0];

  if (chance.of(0.4)) {
    status = 'trialing';
    trialEnd = now + chance.oneOf([7, 14, 30]) * dayMs;
    end = trialEnd;
  } else charge();

  return {
    interval,
    charged,
    anchorAt: () => anchor,
    nextAt,
    happen() {
      now = nextAt();
      if (now === retries[0]) retry();
      else if (now === nextWish) wish();
      else turn();
      shown = null;
      tell(now);
    },
    read: () => (shown ??= show()),
    cancel() {
      if (!isOver()) status = 'canceled';
      shown = null;
    },
  };

  function show(): ProviderTruth {
    return { status, periodStart: start, periodEnd: end, trialEnd, cancelAtPeriodEnd: isEnding, resumesAt, isDisputed };
  }

  function nextAt(): number {
    return isOver() ? Number.POSITIVE_INFINITY : Math.min(clockAt(), retries[0] ?? nextWish, nextWish);
  }

  function isOver(): boolean {
    return status === 'canceled' || status === 'expired';
  }

  /** A period, a trial or a pause ends by the clock. A late payer's next period waits until the old one is settled. */
  function clockAt(): number {
    if (status === 'paused') return resumesAt ?? Number.POSITIVE_INFINITY;
    return status === 'past_due' ? Number.POSITIVE_INFINITY : end;
  }

  function turn(): void {
    if (status === 'paused') return resume();
    if (isEnding) {
      status = 'canceled';
      return;
    }
    if (status === 'trialing') anchor = now;
    else index += 1;
    attempt();
  }

  function attempt(): void {
    [start, end] = [boundary(anchor, index, interval), boundary(anchor, index + 1, interval)];
    if (chance.of(0.92)) {
      status = 'active';
      charged.push(start);
      return;
    }
    status = 'past_due';
    retries = [1, 3, 7, 12].map((days) => now + days * dayMs + chance.between(0, hourMs));
  }

  function charge(): void {
    [start, end] = [boundary(anchor, index, interval), boundary(anchor, index + 1, interval)];
    charged.push(start);
  }

  function retry(): void {
    retries = retries.slice(1);
    if (chance.of(0.3)) {
      status = 'active';
      retries = [];
      charged.push(start);
      return;
    }
    if (retries.length === 0 && chance.of(0.3)) status = 'canceled';
  }

  /** What the customer or the bank does. */
  function wish(): void {
    nextWish = now + chance.between(1, 700) * dayMs;
    const what = chance.oneOf(['cancel', 'end', 'undo', 'pause', 'pause', 'dispute', 'dispute', 'dispute', 'none']);
    if (what === 'dispute') isDisputed = !isDisputed;
    if (what === 'undo') isEnding = false;
    if (status === 'paused') resume();
    else if (what === 'cancel' && chance.of(0.5)) status = 'canceled';
    else if (what === 'end' && status !== 'past_due') isEnding = true;
    else if (what === 'pause' && status === 'active' && !isEnding) {
      status = 'paused';
      resumesAt = chance.of(0.5) ? now + chance.between(5, 90) * dayMs : null;
      nextWish = now + chance.between(10, 200) * dayMs;
    }
  }

  /** Inside the paid period it goes on; after it a new one begins, and is counted from here. */
  function resume(): void {
    status = 'active';
    resumesAt = null;
    if (now < end) return;
    [anchor, index] = [now, 0];
    charge();
  }
}

/** By days of the month, not by the code under test. */
function boundary(anchorMs: number, index: number, interval: 'monthly' | 'yearly'): number {
  const anchor = new Date(anchorMs);
  const month = new Date(anchorMs);
  month.setUTCDate(1);
  if (interval === 'yearly') month.setUTCFullYear(month.getUTCFullYear() + index);
  else month.setUTCMonth(month.getUTCMonth() + index);
  const shown = month.getUTCMonth();
  for (let day = anchor.getUTCDate(); day > 27; day -= 1) {
    const tried = new Date(month.getTime() + (day - 1) * dayMs);
    if (tried.getUTCMonth() === shown) return tried.getTime();
  }
  return month.getTime() + (anchor.getUTCDate() - 1) * dayMs;
}

import { addRecent, sumRecent, type Slot, type Tally } from './recent.ts';

/** `half_open`: one trial at a time decides. */
export type BreakerState = 'closed' | 'open' | 'half_open';

/** One account's breaker, as all processes share it. All times in ms since 1970. */
export interface Breaker {
  readonly state: BreakerState;
  /** The calls of the last seconds, whatever the state. */
  readonly recent: readonly Slot[];
  /** Failures in a row, no answer between them. */
  readonly streak: number;
  readonly lastFailureAtMs: number | null;
  readonly openedAtMs: number | null;
  readonly closedAtMs: number | null;
  /** Openings one after another: since it last was closed for a while. */
  readonly timesOpened: number;
  /** When the next trial may go. null while closed, and while an operator holds it open. */
  readonly trialAtMs: number | null;
  /** Until then the trial that was claimed last has the right of way. */
  readonly trialUntilMs: number | null;
  readonly goodTrials: number;
}

/** What one process has counted since it last told the others. */
export interface CountedCalls extends Tally {
  /** Failures since the last answer among them. */
  readonly failedLast: number;
}

/**
 * This many failures in a row open it at any rate. A provider that answers nothing takes 4 s to fail the first call; at 3
 * calls/s eight of them are there under 7 s after it went silent. With every fifth call failing by chance, eight in a row
 * come once in 400,000 calls.
 */
export const openAfterInRow = 8;

/** Failures further apart than this are no row: an account that is asked once an hour is asked once an hour. */
export const rowGapMs = 60_000;

/**
 * The share of failures that opens it when answers come between: half of what buyers ask for is worse than the next
 * provider.
 */
export const openAtShare = 0.5;

/**
 * Calls in the window below which the share says nothing: with every fifth call failing by chance, half of 40 do so once
 * in 70,000 windows. Slower traffic is judged by its row alone.
 */
export const leastCalls = 40;

/** The first time it stays open: most stumbles of a provider are over by then. */
export const firstOpenMs = 5_000;

/** It doubles with each opening up to this: a trial a minute costs one buyer 4 s, and recovery is seen within a minute. */
export const longestOpenMs = 60_000;

/** Part of the open time that chance moves, up or down, so that accounts which failed together do not try together. */
export const openJitter = 0.2;

/** Closed for less than this, it opens for longer than before: it had not recovered. */
export const calmMs = 60_000;

/** One answer may be luck; three in a row are a service. */
export const goodTrialsToClose = 3;

/** A trial is an operation of a few calls with 4 s in all (8 s at most by configuration): one that died is over then. */
export const trialLeaseMs = 12_000;

export function newBreaker(): Breaker {
  return {
    ...{ state: 'closed', recent: [], streak: 0, lastFailureAtMs: null, openedAtMs: null, closedAtMs: null },
    ...{ timesOpened: 0, trialAtMs: null, trialUntilMs: null, goodTrials: 0 },
  };
}

/**
 * Adds what a process has counted, and opens a closed breaker where that is enough. An open one is moved by trials only.
 *
 * @param chance In [0, 1): moves the open time.
 */
export function countCalls(breaker: Breaker, counted: CountedCalls, nowMs: number, chance: number): Breaker {
  if (counted.answered + counted.failed === 0) return breaker;
  const isRow = breaker.lastFailureAtMs !== null && nowMs - breaker.lastFailureAtMs <= rowGapMs;
  const before = isRow ? breaker.streak : 0;
  const next: Breaker = {
    ...breaker,
    recent: addRecent(breaker.recent, counted, nowMs),
    streak: counted.answered > 0 ? counted.failedLast : before + counted.failed,
    lastFailureAtMs: counted.failed > 0 ? nowMs : breaker.lastFailureAtMs,
  };
  return next.state === 'closed' && mustOpen(next, nowMs) ? opened(next, nowMs, chance) : next;
}

function mustOpen({ recent, streak }: Breaker, nowMs: number): boolean {
  if (streak >= openAfterInRow) return true;
  const { calls, failures } = sumRecent(recent, nowMs);
  return calls >= leastCalls && failures >= calls * openAtShare;
}

function opened(breaker: Breaker, nowMs: number, chance: number): Breaker {
  const wasCalm = breaker.closedAtMs === null || nowMs - breaker.closedAtMs >= calmMs;
  const timesOpened = breaker.state === 'closed' && wasCalm ? 1 : breaker.timesOpened + 1;
  return {
    ...breaker,
    ...{ state: 'open', timesOpened, trialUntilMs: null, goodTrials: 0 },
    openedAtMs: breaker.state === 'closed' ? nowMs : breaker.openedAtMs,
    trialAtMs: nowMs + openForMs(timesOpened, chance),
  };
}

/** How long the nth opening in a row keeps it open. */
export function openForMs(timesOpened: number, chance: number): number {
  const grown = firstOpenMs * 2 ** Math.min(timesOpened - 1, 30);
  return Math.round(Math.min(grown, longestOpenMs) * (1 - openJitter + 2 * openJitter * chance));
}

/** Whether a trial may be claimed: its time has come and no other is under way. The database asks the same. */
export function isTrialDue(breaker: Pick<Breaker, 'state' | 'trialAtMs' | 'trialUntilMs'>, nowMs: number): boolean {
  const { state, trialAtMs, trialUntilMs } = breaker;
  if (state === 'closed' || trialAtMs === null || trialAtMs > nowMs) return false;
  return trialUntilMs === null || trialUntilMs <= nowMs;
}

/** `none`: the trial sent nothing, so another may go at once. */
export type TrialVerdict = 'good' | 'bad' | 'none';

/** What follows from a trial. A breaker that an operator moved meanwhile stays as it is. */
export function judgeTrial(breaker: Breaker, verdict: TrialVerdict, nowMs: number, chance: number): Breaker {
  if (breaker.state !== 'half_open') return breaker;
  if (verdict === 'bad') return opened(breaker, nowMs, chance);
  const goodTrials = breaker.goodTrials + (verdict === 'good' ? 1 : 0);
  if (goodTrials >= goodTrialsToClose) return closed(breaker, nowMs);
  return { ...breaker, goodTrials, trialUntilMs: null };
}

/** By an operator: no trial goes until they close it. */
export function holdOpen(breaker: Breaker, nowMs: number): Breaker {
  const openedAtMs = breaker.state === 'closed' ? nowMs : breaker.openedAtMs;
  return { ...breaker, state: 'open', openedAtMs, trialAtMs: null, trialUntilMs: null, goodTrials: 0 };
}

/** After enough good trials, or by an operator. What was counted before says nothing any more. */
export function closed(breaker: Breaker, nowMs: number): Breaker {
  return {
    ...breaker,
    ...{
      state: 'closed',
      recent: [],
      streak: 0,
      closedAtMs: nowMs,
      trialAtMs: null,
      trialUntilMs: null,
      goodTrials: 0,
    },
  };
}

/** Whether routing may choose it: closed, or a trial may come of it. */
export function isAvailable(view: { readonly state: BreakerState; readonly trialAt: string | null }, nowMs: number) {
  if (view.state !== 'open') return true;
  return view.trialAt !== null && Date.parse(view.trialAt) <= nowMs;
}

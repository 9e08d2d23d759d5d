import type { CheckoutStatus } from './transition.ts';
import type { CheckoutTruth } from './truth.ts';

/**
 * A session that a provider may hold for a checkout beside the one the checkout stands for: opened by a call whose
 * answer was lost, or handed out and then left. `paid`: its money was taken for the checkout's, or goes back.
 */
export type StrayStatus = 'unknown' | 'absent' | 'ended' | 'lapsed' | 'paid' | 'refunded';

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** A call that timed out here may still be at work there: a look finds it for sure only this long after. */
export const emptyLookAfterMs = 10 * secondMs;

/** So many such looks without a session mean that there is none. */
export const emptyLooksNeeded = 2;

/** A provider's clock may be this far behind ours when we ask for what was made since. */
export const clockSlackMs = minuteMs;

/**
 * When a session can no longer be paid: sessions live for three days at most and vouchers for as long as was asked, and
 * a bank tells of a paid voucher up to a business day later.
 */
export function strayEndsAtMs(input: {
  readonly askedAtMs: number;
  readonly voucherExpiresAtMs: number | null;
}): number {
  const lives = Math.max(input.askedAtMs + 4 * dayMs, input.voucherExpiresAtMs ?? 0);
  return lives + 36 * hourMs;
}

const searchGapsMs = [emptyLookAfterMs, 15 * secondMs, 30 * secondMs, minuteMs, 2 * minuteMs];
const watchGapsMs = [minuteMs, 5 * minuteMs, 15 * minuteMs, 30 * minuteMs];

/**
 * Until the next look at what is not settled.
 *
 * @param input.looks How many there were.
 * @param input.isKnown Whether the session was found: then it is watched, else searched for.
 * @returns milliseconds, never past the end of its life by more than a second
 */
export function strayGapMs(input: {
  readonly looks: number;
  readonly isKnown: boolean;
  readonly nowMs: number;
  readonly endsAtMs: number;
}): number {
  const gaps = input.isKnown ? watchGapsMs : searchGapsMs;
  const gap = gaps[input.looks] ?? hourMs;
  return Math.max(secondMs, Math.min(gap, input.endsAtMs - input.nowMs));
}

/** After a provider that could not be asked for an hour: five minutes, then longer and longer, at most an hour. */
export function strayOutageGapMs(failures: number): number {
  return Math.min(hourMs, 5 * minuteMs * 2 ** failures);
}

/** What is done about a session that was paid, although the checkout stands for another, or for none. */
export type PaidStray =
  /** The checkout's own page may still be paid: end it there, ask what became of it, and decide again. */
  | 'end_own_first'
  /** The checkout is paid with it. */
  | 'adopt'
  /** The checkout's own page was paid first: that holds, and this goes back. */
  | 'take_own_and_give_back'
  /** The checkout is paid with something else: this goes back. */
  | 'give_back';

/**
 * Never both, never neither: one payment is the checkout's, any other goes back in full. What our books say is paid
 * stays; where both were paid and neither is in the books, the earlier one is the checkout's.
 *
 * @param input.own What the provider of the checkout's own page says now; null: there is none, or nobody knows it.
 */
export function judgePaidStray(input: {
  readonly status: CheckoutStatus;
  readonly isOwnEndTried: boolean;
  readonly own: CheckoutTruth | null;
  readonly stray: CheckoutTruth;
}): PaidStray {
  const { status, own, stray } = input;
  if (status === 'paid') return 'give_back';
  if (own === null) return 'adopt';
  if (own.state === 'paid') return isEarlier(stray, own) ? 'adopt' : 'take_own_and_give_back';
  if (input.isOwnEndTried) return 'adopt';
  return own.state === 'open' || own.state === 'pending' || own.state === 'unknown' ? 'end_own_first' : 'adopt';
}

/** Whether one was surely paid before the other: without times, what was handed out counts as first. */
function isEarlier(one: CheckoutTruth, other: CheckoutTruth): boolean {
  const [mine, theirs] = [one, other].map(({ payment }) => (payment?.paidAt ? Date.parse(payment.paidAt) : null));
  return mine != null && theirs != null && mine < theirs;
}

/** Whether a session may still take money. */
export function isPayable(truth: CheckoutTruth | null): boolean {
  return truth !== null && truth.state !== 'expired' && truth.state !== 'canceled' && truth.state !== 'paid';
}

/** Of whoever looks after it: one per checkout and provider, whatever is found there. */
export const strayWorkflowId = (checkoutId: string, provider: string) => `resolve-stray/${checkoutId}/${provider}`;

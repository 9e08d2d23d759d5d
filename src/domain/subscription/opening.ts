import type { DeclineCode } from '../payment/decline.ts';

/** How far a direct subscription's beginning at its provider has come. Written before each call, read after a crash. */
export interface Opening {
  /** Of the call's key: grows only after the provider surely has nothing of the one before. */
  readonly generation: number;
  /** When the call was sent; null: nothing is under way. */
  readonly sentAt: string | null;
  /** Look-ups that found nothing, late enough to count. */
  readonly emptyLooks: readonly string[];
  /** The first payment failed; what the provider keeps of it is being ended. */
  readonly decline: { readonly declineCode: DeclineCode; readonly providerCode: string | null } | null;
}

/** No call of ours is still on its way this long after it was sent: the longest time-out, and 10 s. */
const inFlightMs = 18_000;
/** Between the two look-ups that must both find nothing. */
const betweenLooksMs = 5_000;
/** Whoever asked has gone: nothing is begun, or tried again, later than this. */
const patienceMs = 3_600_000;

export const firstOpening: Opening = { generation: 1, sentAt: null, emptyLooks: [], decline: null };

/** The call goes out now. */
export function sending(opening: Opening | null, nowMs: number): Opening {
  return { ...(opening ?? firstOpening), sentAt: new Date(nowMs).toISOString(), emptyLooks: [] };
}

/** The provider answered that nothing was done: the same call may go out again. */
export function notSent(opening: Opening): Opening {
  return { ...opening, sentAt: null, emptyLooks: [] };
}

/**
 * The provider was asked and has nothing of it (yet).
 *
 * @returns with `sentAt` null and the next generation once it surely never will: two look-ups found nothing after the
 *   call could no longer be on its way.
 */
export function foundNothing(opening: Opening, nowMs: number): Opening {
  const { emptyLooks, generation, sentAt } = opening;
  if (sentAt === null || nowMs - Date.parse(sentAt) < inFlightMs) return opening;
  const last = emptyLooks.at(-1);
  if (last === undefined) return { ...opening, emptyLooks: [new Date(nowMs).toISOString()] };
  if (nowMs - Date.parse(last) < betweenLooksMs) return opening;
  return { ...opening, generation: generation + 1, sentAt: null, emptyLooks: [] };
}

/** How long to wait before the next look at an outcome that is unknown. */
export function nextOpeningLookMs(opening: Opening, nowMs: number): number {
  if (opening.emptyLooks.length > 0) return betweenLooksMs;
  const sureInMs = opening.sentAt === null ? 0 : Date.parse(opening.sentAt) + inFlightMs - nowMs;
  return Math.max(1_000, Math.min(betweenLooksMs, sureInMs));
}

/** Whether it is too late to begin what was asked for then. */
export function isTooLateToOpen(askedAtMs: number, nowMs: number): boolean {
  return nowMs - askedAtMs > patienceMs;
}

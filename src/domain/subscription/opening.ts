import type { DeclineCode } from '../payment/decline.ts';
import { betweenLooksMs, firstSending, inFlightMs, sendingNow, type Sending } from '../payment/sending.ts';

/** How far a direct subscription's beginning at its provider has come. Written before each call, read after a crash. */
export interface Opening extends Sending {
  /** Times that this provider answered that nothing was done. */
  readonly refusals: number;
  /** The first payment failed; what the provider keeps of it is being ended. */
  readonly decline: { readonly declineCode: DeclineCode; readonly providerCode: string | null } | null;
  /** Providers that had nothing of a call that was sent to them: they are looked at again, in case it was late. */
  readonly left: readonly LeftOpening[];
}

/** What a provider that was left may still have, or has. */
export interface LeftOpening {
  readonly provider: string;
  readonly providerCustomerId: string;
  /** null: nothing was found there. */
  readonly providerSubscriptionId: string | null;
  readonly paymentMethodId: string | null;
  readonly leftAt: string;
  /** Looks since then. */
  readonly looks: number;
}

/** Whoever asked has gone: nothing is begun, or tried again, later than this. */
const patienceMs = 3_600_000;
/** Looks back at a provider that was left, after it was. What turns up even later reconciliation finds. */
const looksBackMs: readonly number[] = [60_000, 300_000, 1_800_000];

export const firstOpening: Opening = {
  ...firstSending,
  ...{ refusals: 0, decline: null, left: [] },
};

/** The call goes out now. */
export function sending(opening: Opening | null, nowMs: number): Opening {
  return sendingNow(opening ?? firstOpening, nowMs);
}

/** The provider answered that nothing was done: the same call may go out again. */
export function notSent(opening: Opening): Opening {
  return { ...opening, sentAt: null, unclear: null, refusals: opening.refusals + 1, emptyLooks: [] };
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

/**
 * What is to be done next, by what is written down. Nothing is ever sent, here or elsewhere, while a call's outcome is
 * unknown: then it is looked for.
 */
export function nextDeed(opening: Opening | null): 'send' | 'look' | 'end_declined' {
  if (opening?.decline) return 'end_declined';
  return opening?.sentAt == null ? 'send' : 'look';
}

/**
 * `retry`: the same again may work at once. `passing`: it may work later. `final`: never as it stands. `stop`: nor
 * anywhere else.
 */
export type NotDone = 'retry' | 'passing' | 'final' | 'stop';

/**
 * What follows where a provider surely has nothing of it.
 *
 * @param hasNext Whether another may step in.
 * @returns `next`: that one is asked. `again`: this one, later. `give_up`: the subscription never begins.
 */
export function afterNotDone(opening: Opening, failure: NotDone, hasNext: boolean): 'next' | 'again' | 'give_up' {
  if (failure === 'stop') return 'give_up';
  if (failure === 'retry' && opening.refusals === 0) return 'again';
  if (hasNext) return 'next';
  return failure === 'final' ? 'give_up' : 'again';
}

/** Begins anew at the next provider. One that a call was sent to is remembered. */
export function openingElsewhere(opening: Opening | null, left: LeftOpening | null): Opening {
  return withLeft({ ...firstOpening, left: opening?.left ?? [] }, left);
}

/** Remembers a provider that a call was sent to, and that surely has nothing of it now; of each the newest. */
export function withLeft(opening: Opening, left: LeftOpening | null): Opening {
  if (left === null) return opening;
  return { ...opening, left: [...opening.left.filter(({ provider }) => provider !== left.provider), left] };
}

/** What remains to be followed once it has begun, or never will; null: nothing. */
export function restOfOpening(opening: Opening | null): Opening | null {
  return opening === null || opening.left.length === 0 ? null : openingElsewhere(opening, null);
}

/** The first of those that were left which is to be looked at, and when, ISO. */
export function nextLookBack(opening: Opening | null): { readonly at: string; readonly left: LeftOpening } | null {
  const looks = (opening?.left ?? []).map((left) => {
    // What is known to be there is ended at once.
    const waitMs = left.providerSubscriptionId === null ? (looksBackMs[left.looks] ?? 0) : 0;
    return { at: new Date(Date.parse(left.leftAt) + waitMs).toISOString(), left };
  });
  const known = looks.find(({ left }) => left.providerSubscriptionId !== null);
  return known ?? looks.toSorted((a, b) => (a.at < b.at ? -1 : 1))[0] ?? null;
}

/** Nothing was found there this time; after the last look nobody looks any more. */
export function lookedBack(opening: Opening, provider: string): Opening | null {
  return changeLeft(opening, provider, (left) =>
    left.looks + 1 < looksBackMs.length ? { ...left, looks: left.looks + 1 } : null,
  );
}

/** What was there has been ended, or is nothing of ours. */
export function forgetLeft(opening: Opening, provider: string): Opening | null {
  return changeLeft(opening, provider, () => null);
}

function changeLeft(opening: Opening, provider: string, change: (left: LeftOpening) => LeftOpening | null) {
  const left = opening.left.flatMap((each) => (each.provider === provider ? (change(each) ?? []) : each));
  const rest = { ...opening, left };
  const isUnderWay = rest.sentAt !== null || rest.decline !== null;
  return isUnderWay ? rest : restOfOpening(rest);
}

/**
 * A provider that had nothing has it after all. Of two that charge the one begun later goes: what the first provider
 * began stays, unless the subscription is over, or something has been asked of the second one since. Two at the same
 * provider cannot be told apart by it later: the one we know stays.
 *
 * @returns `wait`: what the present provider has of it is not known yet. `found`: what was found stays, and what the row
 *   has goes. `row`: the other way round.
 */
export function whoStays(row: {
  readonly isUndecided: boolean;
  readonly isOver: boolean;
  /** Nobody has asked for a change of it. */
  readonly isAsBegun: boolean;
  /** The row lives at the very provider that was looked at. */
  readonly isThere: boolean;
}): 'wait' | 'found' | 'row' {
  if (row.isUndecided) return 'wait';
  return row.isOver || row.isThere || !row.isAsBegun ? 'row' : 'found';
}

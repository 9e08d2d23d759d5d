/** How far a call has come that would move money twice if it were done twice. Written before it, read after a crash. */
export interface Sending {
  /** Of the call's key: grows only after the provider surely has nothing of the one before. */
  readonly generation: number;
  /** When the call was sent, ISO; null: nothing is under way. */
  readonly sentAt: string | null;
  /** Why it is not known what became of the call; null: it has not been answered, or not been sent. */
  readonly unclear: UnclearReason | null;
  /** Look-ups that found nothing, late enough to count. */
  readonly emptyLooks: readonly string[];
}

export type UnclearReason = 'timeout' | 'api_error';

/** No call of ours is still on its way this long after it was sent: the longest time-out, and 10 s. */
export const inFlightMs = 18_000;
/** Between the two look-ups that must both find nothing. */
export const betweenLooksMs = 5_000;

export const firstSending: Sending = { generation: 1, sentAt: null, unclear: null, emptyLooks: [] };

/** The call goes out now. */
export function sendingNow<T extends Sending>(call: T, nowMs: number): T {
  return { ...call, sentAt: new Date(nowMs).toISOString(), unclear: null, emptyLooks: [] };
}

/**
 * The provider was asked and has nothing of it (yet).
 *
 * @returns with `sentAt` null once it surely never will: two look-ups found nothing after the call could no longer be on
 *   its way. After a failure the next key then, for the failure may be kept under the last one; but where nothing at all
 *   was answered the same key goes out again, so that a call which outlasts every promise of the network is carried out
 *   by one of them only.
 */
export function foundNothing<T extends Sending>(call: T, nowMs: number): T {
  const { emptyLooks, generation, sentAt } = call;
  if (sentAt === null || nowMs - Date.parse(sentAt) < inFlightMs) return call;
  const last = emptyLooks.at(-1);
  if (last === undefined) return { ...call, emptyLooks: [new Date(nowMs).toISOString()] };
  if (nowMs - Date.parse(last) < betweenLooksMs) return call;
  const next = call.unclear === 'api_error' ? generation + 1 : generation;
  return { ...call, generation: next, sentAt: null, unclear: null, emptyLooks: [] };
}

import { describe, expect, it } from 'vitest';
import {
  firstOpening,
  isTooLateToOpen,
  nextOpeningLookMs,
  notSent,
  sending,
} from '../../../src/domain/subscription/opening.ts';
import { foundNothing } from '../../../src/domain/payment/sending.ts';

const start = Date.parse('2026-11-21T12:00:00Z');
const after = (seconds: number) => start + seconds * 1_000;

describe('a subscription being opened', () => {
  const sent = sending(null, start);

  it('is sent with the first key, and with the same one while the provider surely did nothing', () => {
    expect(sent).toEqual({ ...firstOpening, sentAt: '2026-11-21T12:00:00.000Z' });
    expect(sending(notSent(sent), after(30)).generation).toBe(1);
  });

  it('believes silence only after two look-ups, 18 s after the call and 5 s apart', () => {
    expect(foundNothing(sent, after(17))).toEqual(sent);
    const once = foundNothing(sent, after(18));
    expect(once).toMatchObject({ generation: 1, sentAt: sent.sentAt, emptyLooks: ['2026-11-21T12:00:18.000Z'] });
    expect(foundNothing(once, after(22))).toEqual(once);
    expect(foundNothing(once, after(23))).toEqual(firstOpening);
  });

  it('goes out again by the same key where nothing at all was answered', () => {
    const once = foundNothing({ ...sent, unclear: 'timeout' }, after(18));
    expect(foundNothing(once, after(23))).toEqual(firstOpening);
    const failed = foundNothing({ ...sent, unclear: 'api_error' }, after(18));
    expect(foundNothing(failed, after(23))).toEqual({ ...firstOpening, generation: 2 });
  });

  it('forgets look-ups of an earlier call', () => {
    const once = foundNothing(sent, after(20));
    expect(sending(once, after(21)).emptyLooks).toEqual([]);
  });

  it.each([
    [0, 5_000],
    [15, 3_000],
    [17.5, 1_000],
    [60, 1_000],
  ])('looks again, %d s after the call, in %d ms', (seconds, waitMs) => {
    expect(nextOpeningLookMs(sent, after(seconds))).toBe(waitMs);
  });

  it('is given up an hour after it was asked for', () => {
    expect(isTooLateToOpen(start, after(3_600))).toBe(false);
    expect(isTooLateToOpen(start, after(3_601))).toBe(true);
  });
});

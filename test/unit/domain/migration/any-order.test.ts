import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isOverItem } from '../../../../src/domain/migration/next-step.ts';
import { day, endMs, hour, minute } from './facts.ts';
import { Model, type Cut } from './model.ts';

const beganMs = endMs - 20 * day;

/** What happens beside us, and when; hours after the beginning. */
const nearTheEnd = { min: 20 * 24 - 10, max: 20 * 24 + 1 };
const happening = fc.record({
  opensAt: fc.option(fc.integer({ min: 0, max: 14 * 24 })),
  paysAt: fc.option(fc.oneof(fc.integer({ min: 0, max: 22 * 24 }), fc.integer(nearTheEnd))),
  cancelsOldAt: fc.option(fc.integer({ min: 0, max: 30 * 24 }), { freq: 4 }),
  withdrawnAt: fc.option(fc.integer({ min: 0, max: 40 * 24 }), { freq: 4 }),
  oldAway: fc.array(
    fc.record({
      from: fc.oneof(fc.integer({ min: 0, max: 40 * 24 }), fc.integer(nearTheEnd)),
      hours: fc.integer({ min: 1, max: 4 * 24 }),
    }),
    { maxLength: 2 },
  ),
  // Shorter than the shortest trial: one that answers nothing from the payment to the trial's end could not be stopped.
  newAway: fc.option(
    fc.record({
      from: fc.oneof(fc.integer({ min: 0, max: 40 * 24 }), fc.integer(nearTheEnd)),
      hours: fc.integer({ min: 1, max: 20 }),
    }),
  ),
  // In the middle of what is done once the customer has paid, and for long.
  oldAwayAtStep: fc.option(
    fc.record({ step: fc.integer({ min: 0, max: 6 }), hours: fc.integer({ min: 1, max: 720 }) }),
  ),
  // All of ours stand still, once the first charge has been put off.
  stall: fc.option(fc.record({ step: fc.integer({ min: 3, max: 9 }), hours: fc.integer({ min: 1, max: 600 }) })),
  cuts: fc.array(fc.constantFrom<Cut>('before', 'between', 'after', 'none', 'none'), { maxLength: 60 }),
});
type Happening = typeof happening extends fc.Arbitrary<infer Value> ? Value : never;

/** Plays it, looking every few minutes of activity or where the step says, up to a hundred days. */
function play(what: Happening): Model {
  const model = new Model(beganMs, endMs + 18);
  const cuts = [...what.cuts];
  const at = (hours: number | null) => (hours === null ? Number.POSITIVE_INFINITY : beganMs + hours * hour);
  const opensMs = at(what.opensAt);
  const paysMs = at(what.paysAt);
  let paidSteps = 0;
  let awayUntilMs = 0;
  let stalledUntilMs = 0;
  const done = { opened: false, paid: false, canceled: false };
  const untilMs = beganMs + 100 * day;
  for (let nowMs = beganMs; nowMs < untilMs && !isOverItem(model.item.state);) {
    model.tick(nowMs);
    const isIn = ({ from, hours }: { from: number; hours: number }) => nowMs >= at(from) && nowMs < at(from + hours);
    if (done.paid && what.oldAwayAtStep?.step === paidSteps && awayUntilMs === 0)
      awayUntilMs = nowMs + what.oldAwayAtStep.hours * hour;
    if (model.did.includes('align') && what.stall?.step === paidSteps && stalledUntilMs === 0)
      stalledUntilMs = nowMs + what.stall.hours * hour;
    if (nowMs < stalledUntilMs) {
      model.awayMs = nowMs;
      nowMs += hour;
      continue;
    }
    if (done.paid) paidSteps += 1;
    model.isOldAway = what.oldAway.some(isIn) || nowMs < awayUntilMs;
    model.isNewAway = !model.isOldAway && what.newAway !== null && isIn(what.newAway);
    const isAsked = model.item.state === 'notified';
    if (!done.opened && isAsked && nowMs >= opensMs) {
      model.opens();
      done.opened = true;
    }
    if (done.opened && !done.paid && nowMs >= paysMs) {
      model.pays();
      done.paid = true;
    }
    if (!done.canceled && nowMs >= at(what.cancelsOldAt)) {
      model.cancelsOld();
      done.canceled = true;
    }
    const isWithdrawn = nowMs >= at(what.withdrawnAt);
    // A worker is back within minutes; a page that nobody pays ends after a day.
    const step = model.advance(cuts.shift() ?? 'none', { isWithdrawn, remindTo: 0 });
    if (step === null) nowMs += 5 * minute;
    else if (step.did === 'wait') {
      const untilNext = step.until === null ? hour : Date.parse(step.until) - nowMs;
      nowMs += Math.max(minute, Math.min(untilNext, 30 * minute));
    }
    const isStale = done.opened && !done.paid && nowMs > (Number.isFinite(paysMs) ? paysMs : opensMs) + day;
    if (isStale && model.item.checkout === 'open') model.item = { ...model.item, checkout: 'expired' };
  }
  return model;
}

describe('any order of what can happen, cut anywhere', () => {
  it('comes to an end, and nobody pays twice for the same time', () => {
    fc.assert(
      fc.property(happening, (what) => {
        const model = play(what);
        expect(isOverItem(model.item.state)).toBe(true);
        expect(model.judge().overlaps).toBe(0);
        expect(model.cancels).toBeLessThanOrEqual(1);
      }),
      { numRuns: 120 },
    );
  });

  it('leaves no time unpaid where the customer has moved, and one provider charging where not', () => {
    fc.assert(
      fc.property(happening, (what) => {
        const model = play({ ...what, cancelsOldAt: null });
        model.tick(model.nowMs + 60 * day);
        expect(model.judge()).toEqual({ overlaps: 0, gaps: 0 });
        const isMoved = model.item.state === 'done';
        expect(model.ledger.at(-1)?.who).toBe(isMoved ? 'new' : 'old');
        const wasCanceled = isMoved || (model.item.state === 'attention' && model.cancels > 0);
        expect([model.old.hasEnded, model.cancels > 0]).toEqual([isMoved || model.old.hasEnded, wasCanceled]);
      }),
      { numRuns: 120 },
    );
  });

  it('ends the same however its steps are cut', () => {
    fc.assert(
      fc.property(happening, fc.array(fc.constantFrom<Cut>('before', 'between', 'after')), (what, cuts) => {
        // With time enough: a step that is late by minutes may miss a deadline, and that is another end.
        const calm = {
          ...what,
          away: [],
          cancelsOldAt: null,
          withdrawnAt: null,
          opensAt: 30,
          paysAt: 31,
          oldAwayAtStep: null,
          stall: null,
        };
        const [smooth, rough] = [play({ ...calm, cuts: [] }), play({ ...calm, cuts: cuts.slice(0, 60) })];
        expect(rough.item).toMatchObject({ state: 'done', firstChargeAt: smooth.item.firstChargeAt });
        expect(rough.ledger).toEqual(smooth.ledger);
      }),
      { numRuns: 40 },
    );
  });
});

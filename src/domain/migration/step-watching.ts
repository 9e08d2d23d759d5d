import type { NewSide, OldSide } from './sides.ts';
import { align } from './step-moving.ts';
import { askAgain, attention, end, wait, waitALittle, type MigrationStep, type StepFacts } from './step.ts';
import { isAligned, soonestMs } from './trial-target.ts';

const minuteMs = 60_000;
/** Clocks of two providers. */
const earlyMs = 5 * minuteMs;

/** The old one ends with its period. One charge there, none here: until that is seen, both are watched. */
export function decideWatching(facts: StepFacts): MigrationStep {
  const { item, old, new: fresh } = facts;
  if (old === 'unknown' || fresh === 'unknown')
    return askAgain(`the ${old === 'unknown' ? 'old' : 'new'} provider does not answer`);
  if (old === 'gone') return attention('old_missing', 'the old provider does not know it any more');
  if (fresh === 'gone') return attention('new_missing', 'the new provider does not know it any more');
  if (item.paidThrough === null) return attention('no_paid_through', 'nobody wrote down when the old one ends');
  if (!old.isEnding) return attention('cancel_undone', 'the old subscription is not cancelled any more');
  if (old.lastPaymentId !== null && item.coveredBy !== null && old.lastPaymentId !== item.coveredBy)
    return attention('charged_there_too', 'the old provider has charged after it was cancelled');
  return judgeNew(facts, Date.parse(item.paidThrough), old, fresh);
}

function judgeNew(facts: StepFacts, endMs: number, old: OldSide, fresh: NewSide): MigrationStep {
  const { item, nowMs } = facts;
  const { firstCharge } = fresh;
  if (firstCharge !== null && item.firstChargeAt === null) {
    const paidAt = firstCharge.paidAt ?? new Date(nowMs).toISOString();
    if (Date.parse(paidAt) < endMs - earlyMs)
      return attention('charged_early', 'the new provider has charged before the old period was over');
    return { kind: 'note_charge', providerPaymentId: firstCharge.providerPaymentId, paidAt };
  }
  if (item.firstChargeAt !== null) return awaitQuiet(facts, endMs, old);
  if (fresh.hasEnded)
    return isByWill(fresh, endMs)
      ? end('left', 'new_canceled', 'its customer has ended the new subscription before its first charge')
      : attention('new_lost', 'the new subscription has ended before its first charge');
  return awaitCharge(facts, endMs, fresh);
}

/** Ended before its first charge was due; later, it was the charge that failed. */
function isByWill({ isEnding, endedAt }: NewSide, endMs: number): boolean {
  return isEnding && (endedAt === null || Date.parse(endedAt) <= endMs + earlyMs);
}

/** Its first charge is seen; the old one must have ended, and stay quiet for a while. */
function awaitQuiet(facts: StepFacts, endMs: number, old: OldSide): MigrationStep {
  const quietMs = endMs + facts.settings.watchMinutes * minuteMs;
  if (facts.nowMs < quietMs) return wait(quietMs, 'the new one is paid; the old one must stay quiet until then');
  if (!old.hasEnded) return attention('old_not_ended', 'the old subscription has not ended with its period');
  return end('done', null, 'charged once at the new provider, and no more at the old');
}

function awaitCharge(facts: StepFacts, endMs: number, fresh: NewSide): MigrationStep {
  const { nowMs, settings } = facts;
  const target = { to: new Date(endMs).toISOString(), kind: 'exact' } as const;
  const isAhead = endMs - nowMs > soonestMs;
  if (isAhead && fresh.status === 'trialing' && !isAligned(fresh.trialEnd, target)) return align(target);
  const lastLookMs = endMs - settings.lastCallMinutes * minuteMs;
  if (nowMs < lastLookMs) return wait(lastLookMs, 'both are looked at once more before the old one ends');
  if (nowMs < endMs + minuteMs) return wait(endMs + minuteMs, 'the old one ends, and the new one charges');
  if (nowMs < endMs + settings.watchMinutes * minuteMs)
    return waitALittle(facts, `the first charge has not come: the new one is ${fresh.status}`);
  return attention('first_charge_missing', `the first charge has not come: the new one is ${fresh.status}`);
}

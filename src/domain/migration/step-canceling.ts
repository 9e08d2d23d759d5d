import type { NewSide, OldSide } from './sides.ts';
import { align, parkedFor, parkInTime, waitForRenewal } from './step-moving.ts';
import { askAgain, attention, type MigrationStep, type StepFacts } from './step.ts';
import { isAligned, trialTarget } from './trial-target.ts';

const minuteMs = 60_000;

/**
 * Past the point of no return: the cancel may have been sent, and there is no taking it back. It is asked for until it is
 * read back; until then the new one's first charge waits a further period, for the old one may renew first.
 */
export function decideCanceling(facts: StepFacts): MigrationStep {
  const { old, new: fresh } = facts;
  if (fresh === 'gone') return attention('new_missing', 'the new provider does not know what was paid there');
  if (old === 'gone') return attention('old_missing', 'the old provider does not know it any more');
  if (old === 'unknown') return withoutOld(facts, fresh);
  if (!old.isEnding && fresh !== 'unknown' && fresh.firstCharge !== null)
    return attention('charged_early', 'the new provider has charged, and the old one runs on');
  return old.isEnding ? settle(facts, old, fresh) : cancelInTime(facts, old, fresh);
}

/** A first charge on the agreed date was put there after the old one had been read to end: then all is well. */
function withoutOld(facts: StepFacts, fresh: Exclude<StepFacts['new'], 'gone'>): MigrationStep {
  const { paidThrough } = facts.item;
  const isSettled =
    fresh !== 'unknown' &&
    (fresh.firstCharge !== null ||
      (paidThrough !== null && isAligned(fresh.trialEnd, { to: paidThrough, kind: 'exact' })));
  return isSettled ? askAgain('the old provider does not answer') : parkInTime(facts, fresh);
}

/** It ends: the first charge follows its end to the second, and the right to charge goes over. */
function settle(facts: StepFacts, old: OldSide, fresh: StepFacts['new']): MigrationStep {
  const { item, nowMs, settings } = facts;
  if (fresh === 'unknown' || fresh === 'gone') return askAgain('the new provider does not answer');
  if (fresh.firstCharge !== null) return { kind: 'confirm', paidThrough: old.paidThrough ?? item.paidThrough ?? '' };
  if (fresh.hasEnded)
    return attention('new_lost', 'the old one ends, and the new one has ended before its first charge');
  const target = trialTarget(old, item.interval, settings.lastCallMinutes * minuteMs, nowMs);
  if (target === null) return attention('no_paid_through', 'the old provider does not say when it ends');
  if (fresh.status === 'trialing' && !isAligned(fresh.trialEnd, target)) return align(target);
  return { kind: 'confirm', paidThrough: fresh.trialEnd ?? target.to };
}

function cancelInTime(facts: StepFacts, old: OldSide, fresh: StepFacts['new']): MigrationStep {
  const { nowMs, settings } = facts;
  if (fresh === 'unknown' || fresh === 'gone') return askAgain('the new provider does not answer');
  if (fresh.hasEnded || fresh.isEnding) return attentionNoNew(fresh);
  const target = parkedFor(facts, old.paidThrough);
  if (target === null || old.paidThrough === null)
    return attention('no_paid_through', 'the old provider does not say until when it is paid');
  if (!isAligned(fresh.trialEnd, target)) return align(target);
  const isLastCall = nowMs >= Date.parse(old.paidThrough) - settings.lastCallMinutes * minuteMs;
  return isLastCall ? waitForRenewal(facts, old) : { kind: 'cancel' };
}

/** The cancel is not known to have been heard: then it is not asked for again, for nothing would be left. */
function attentionNoNew(fresh: NewSide): MigrationStep {
  const how = fresh.hasEnded ? 'has ended' : 'is about to end';
  return attention('new_lost', `the new subscription ${how}, and the old one is not cancelled: it is left as it is`);
}

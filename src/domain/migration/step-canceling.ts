import type { NewSide, OldSide } from './sides.ts';
import { align, parkedFor, waitForRenewal } from './step-moving.ts';
import { askAgain, attention, type MigrationStep, type StepFacts } from './step.ts';
import { isAligned, sameMs, trialTarget } from './trial-target.ts';

const minuteMs = 60_000;

/**
 * Past the point of no return: the cancel may have been sent, and there is no taking it back. It is asked for until it is
 * read back; whenever the old one may renew first, the new one's first charge waits a further period.
 */
export function decideCanceling(facts: StepFacts): MigrationStep {
  const { old, new: fresh } = facts;
  if (fresh === 'gone') return attention('new_missing', 'the new provider does not know what was paid there');
  if (fresh !== 'unknown' && fresh.firstCharge !== null && !(old !== 'gone' && old !== 'unknown' && old.isEnding))
    return attention('charged_early', 'the new provider has charged, and the old one is not known to end');
  if (old === 'gone') return attention('old_missing', 'the old provider does not know it any more');
  if (old === 'unknown') return parkInTime(facts, fresh);
  return old.isEnding ? settle(facts, old, fresh) : cancelInTime(facts, old, fresh);
}

/** Nobody knows whether it will renew. */
function parkInTime(facts: StepFacts, fresh: StepFacts['new']): MigrationStep {
  const { item, nowMs, settings } = facts;
  const because = 'the old provider does not answer';
  const isLastCall =
    item.paidThrough !== null && nowMs >= Date.parse(item.paidThrough) - settings.lastCallMinutes * minuteMs;
  if (!isLastCall || fresh === 'unknown' || fresh === 'gone' || fresh.hasEnded) return askAgain(because);
  const target = parkedFor(facts, item.paidThrough);
  return target === null || isAligned(fresh.trialEnd, target) ? askAgain(because) : align(target);
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
  const { item, nowMs, settings } = facts;
  if (fresh !== 'unknown' && fresh !== 'gone' && (fresh.hasEnded || fresh.isEnding)) return attentionNoNew(fresh);
  const target = trialTarget(old, item.interval, settings.lastCallMinutes * minuteMs, nowMs);
  if (target === null) return attention('no_paid_through', 'the old provider does not say until when it is paid');
  if (fresh === 'unknown' || fresh === 'gone') {
    // It was aligned to this very date before: then the cancel alone keeps both from charging.
    const isAgreed = item.paidThrough !== null && sameTime(item.paidThrough, old.paidThrough);
    return isAgreed ? { kind: 'cancel' } : askAgain('the new provider does not answer');
  }
  if (!isAligned(fresh.trialEnd, target)) return align(target);
  return target.kind === 'parked' ? waitForRenewal(facts, old) : { kind: 'cancel' };
}

/** The cancel is not known to have been heard: then it is not asked for again, for nothing would be left. */
function attentionNoNew(fresh: NewSide): MigrationStep {
  const how = fresh.hasEnded ? 'has ended' : 'is about to end';
  return attention('new_lost', `the new subscription ${how}, and the old one is not cancelled: it is left as it is`);
}

function sameTime(a: string, b: string | null): boolean {
  return b !== null && Math.abs(Date.parse(a) - Date.parse(b)) < sameMs;
}

import type { ItemStand, NewSide, OldSide } from './sides.ts';
import { askAgain, attention, end, wait, waitALittle, type MigrationStep, type StepFacts } from './step.ts';
import { isAligned, trialTarget, type TrialTarget } from './trial-target.ts';

const minuteMs = 60_000;

/**
 * Both are there: paid for at the new provider, running at the old one. Nothing is lost yet by going back.
 *
 * First the new one's first charge is put where it belongs, and read back; only then comes the point of no return.
 */
export function decideMoving(facts: StepFacts): MigrationStep {
  const { item, old, new: fresh } = facts;
  if (item.liveNew > 1) return attention('begun_twice', 'two checkouts of it were paid: one of them must be revoked');
  if (fresh === 'unknown') return askAgain('the new provider does not answer');
  if (fresh === 'gone') return attention('new_missing', 'the new provider does not know what was paid there');
  if (fresh.firstCharge !== null)
    return attention('charged_early', 'the new provider has charged before the old one was cancelled');
  if (item.isWithdrawn) return withdraw(fresh);
  if (fresh.hasEnded || fresh.isEnding) return withoutNew(facts, fresh);
  if (fresh.status === 'incomplete') return waitALittle(facts, 'the new provider is not done yet');
  if (old === 'unknown') return askAgain('the old provider does not answer');
  if (old === 'gone') return attention('old_missing', 'the old provider does not know it any more');
  return alignThenGoOn(facts, old, fresh);
}

function withdraw(fresh: NewSide): MigrationStep {
  if (!fresh.hasEnded) return { kind: 'revoke' };
  return end('rolled_back', 'withdrawn', 'the new subscription was revoked, and nothing was charged');
}

/** Its customer thought better of it, and the old one goes on. One that is ending has not ended: both must not be asked. */
function withoutNew(facts: StepFacts, fresh: NewSide): MigrationStep {
  if (!fresh.hasEnded) return { kind: 'revoke' };
  const { item, nowMs } = facts;
  const isLate = item.deadlineAt !== null && nowMs >= Date.parse(item.deadlineAt);
  if (isLate) return end('kept', 'new_ended', 'the new subscription was ended, and the old one goes on');
  return { kind: 'reopen', because: 'the new subscription was ended' };
}

function alignThenGoOn(facts: StepFacts, old: OldSide, fresh: NewSide): MigrationStep {
  const { item, nowMs, settings } = facts;
  if (!old.isEnding && old.status !== 'active' && old.status !== 'trialing') return holdOff(facts, old, fresh);
  const target = trialTarget(old, item.interval, settings.lastCallMinutes * minuteMs, nowMs);
  if (target === null) return attention('no_paid_through', 'the old provider does not say until when it is paid');
  if (!isAligned(fresh.trialEnd, target)) return align(target);
  const paidThrough = fresh.trialEnd ?? target.to;
  if (item.state !== 'moved') return { kind: 'move', paidThrough };
  if (target.kind === 'parked') return waitForRenewal(facts, old);
  return { kind: 'commit', paidThrough };
}

/** Unpaid or paused at the old provider: a person settles that, and until then nothing may be charged at the new one. */
function holdOff(facts: StepFacts, old: OldSide, fresh: NewSide): MigrationStep {
  const target = parkedFor(facts, old.paidThrough ?? facts.item.paidThrough);
  if (target !== null && !isAligned(fresh.trialEnd, target)) return align(target);
  return attention(`old_${old.status}`, `the old subscription is ${old.status}, and the new one waits in its trial`);
}

/** What parking is decided from. */
export interface ParkFacts extends Pick<StepFacts, 'settings' | 'nowMs'> {
  readonly item: Pick<ItemStand, 'interval'>;
}

/** A period further than what may be renewed any moment. */
export function parkedFor(facts: ParkFacts, paidThrough: string | null): TrialTarget | null {
  const { item, nowMs, settings } = facts;
  if (paidThrough === null) return null;
  const lastCallMs = settings.lastCallMinutes * minuteMs;
  const asIfLate = Math.max(nowMs, Date.parse(paidThrough) - lastCallMs);
  return trialTarget({ paidThrough, isEnding: false }, item.interval, lastCallMs, asIfLate);
}

export function align({ to, kind }: TrialTarget): MigrationStep {
  return { kind: 'align', to, isParked: kind === 'parked' };
}

/** In its last call it may renew any moment: whether it did is known after its paid-through date. */
export function waitForRenewal(facts: StepFacts, { paidThrough }: OldSide): MigrationStep {
  const because = 'it is too late in this period: the old one renews once more, and then it is cancelled';
  const afterMs = (paidThrough === null ? 0 : Date.parse(paidThrough)) + minuteMs;
  return afterMs > facts.nowMs ? wait(afterMs, because) : waitALittle(facts, because);
}

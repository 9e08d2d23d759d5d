import { describe, expect, it } from 'vitest';
import { abilitiesOf, operationsOf, providerIds } from '../../../src/providers/accounts.ts';
import { decideCancel, decideUndoCancel } from '../../../src/domain/subscription/cancel-plan.ts';
import { decideChange } from '../../../src/domain/subscription/change-plan.ts';
import { meansOf, type Decision } from '../../../src/domain/subscription/operation-plan.ts';
import { decidePause, decideResume } from '../../../src/domain/subscription/pause-plan.ts';
import { aSubscription, aWish } from '../domain/operations.ts';

/** As one word: who does it, when, and how the difference is settled. */
function said(decision: Decision): string {
  if ('refusal' in decision) return `no: ${decision.refusal.code}`;
  const { method, timing, proration } = decision.plan;
  return [method, timing, ...(proration === null ? [] : [proration])].join(' ');
}

const now = aSubscription();
const ending = aSubscription({ cancelAtPeriodEnd: true });
const paused = aSubscription({ status: 'paused' });
const waiting = aSubscription({ waiting: { cancel: 'ours', pause: null, change: null } });
const resumesAt = '2027-06-01T00:00:00.000Z';

function tableOf(provider: string) {
  const can = meansOf(abilitiesOf(provider), operationsOf(provider));
  return {
    upgrade: said(decideChange(now, aWish('enterprise'), can)),
    downgrade: said(decideChange(now, aWish('starter'), can)),
    yearly: said(decideChange(now, aWish('proYearly'), can)),
    seats: said(decideChange(now, aWish('pro', { quantity: 3 }), can)),
    free: said(decideChange(now, aWish('free'), can)),
    cancelNow: said(decideCancel(now, 'now', can)),
    cancel: said(decideCancel(now, 'period_end', can)),
    undo: said(decideUndoCancel(ending, can)),
    undoOurs: said(decideUndoCancel(waiting, can)),
    pauseNow: said(decidePause(now, { when: 'now', resumesAt: null }, can)),
    pauseLater: said(decidePause(now, { when: 'period_end', resumesAt }, can)),
    resume: said(decideResume(paused, can)),
  };
}

const no = 'no: not_supported_by_provider';
const everywhere = {
  free: 'recreate period_end none',
  cancelNow: 'provider now',
  undoOurs: 'ours now',
};

/** What docs/providers.md promises of each, as decisions. */
const expected: Readonly<Record<string, ReturnType<typeof tableOf>>> = {
  stripe: {
    ...everywhere,
    upgrade: 'provider now immediate',
    downgrade: 'provider period_end none',
    yearly: 'provider now immediate',
    seats: 'provider now immediate',
    cancel: 'provider period_end',
    undo: 'provider now',
    pauseNow: 'provider now',
    pauseLater: 'ours period_end',
    resume: 'provider now',
  },
  polar: {
    ...everywhere,
    upgrade: 'provider now immediate',
    downgrade: 'provider period_end none',
    yearly: 'provider now immediate',
    seats: no,
    cancel: 'provider period_end',
    undo: 'provider now',
    pauseNow: no,
    pauseLater: 'provider period_end',
    resume: 'provider now',
  },
  conekta: {
    ...everywhere,
    upgrade: 'provider now none',
    downgrade: 'ours period_end none',
    yearly: 'provider now none',
    seats: no,
    cancel: 'ours period_end',
    undo: no,
    pauseNow: 'provider now',
    pauseLater: 'ours period_end',
    resume: 'provider now',
  },
  fungies: {
    ...everywhere,
    upgrade: 'provider now none',
    downgrade: 'ours period_end none',
    yearly: 'provider now none',
    seats: 'provider now none',
    cancel: 'provider period_end',
    undo: no,
    pauseNow: 'provider now',
    pauseLater: 'ours period_end',
    resume: no,
  },
};

describe('what is done to a subscription', () => {
  it.each(providerIds())('at %s is the nearest that it can', (provider) => {
    expect(tableOf(provider)).toEqual(expected[provider]);
  });
});

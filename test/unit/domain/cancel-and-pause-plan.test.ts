import { describe, expect, it } from 'vitest';
import { decideCancel, decideUndoCancel } from '../../../src/domain/subscription/cancel-plan.ts';
import { decidePause, decideResume, resumesWithUs } from '../../../src/domain/subscription/pause-plan.ts';
import { aSubscription, atOnce, everything, hourBefore, means, periodEnd } from './operations.ts';

const plan = (method: string, timing: string, effectiveAt: string | null) => ({
  plan: { method, timing, effectiveAt, proration: null },
});
const refusal = (code: string, more: object = {}) => ({ refusal: expect.objectContaining({ code, ...more }) });

describe('an end', () => {
  it.each([
    ['now', everything, plan('provider', 'now', null)],
    ['period_end', everything, plan('provider', 'period_end', periodEnd)],
    ['now', atOnce, plan('provider', 'now', null)],
    ['period_end', atOnce, plan('ours', 'period_end', hourBefore)],
  ] as const)('%s is carried out by whoever can', (when, abilities, expected) => {
    expect(decideCancel(aSubscription(), when, means(abilities))).toEqual(expected);
  });

  it('that the provider only knows with the period is not made now', () => {
    const can = means({ ...everything, cancel: ['period_end'] });
    expect(decideCancel(aSubscription(), 'now', can)).toEqual(
      refusal('not_supported_by_provider', { possible: ['cancel_immediately=false'] }),
    );
  });

  it('of what is paid by voucher needs no hour: no further voucher is made out', () => {
    const voucher = aSubscription({ collection: 'voucher' });
    expect(decideCancel(voucher, 'period_end', means(null))).toEqual(plan('ours', 'period_end', periodEnd));
  });

  it('of what has no period comes at once', () => {
    const free = aSubscription({ collection: 'none', currentPeriodEnd: null });
    expect(decideCancel(free, 'period_end', means(null))).toEqual(plan('ours', 'now', null));
  });

  it('comes once', () => {
    expect(decideCancel(aSubscription({ status: 'canceled' }), 'now', means(everything))).toEqual(
      refusal('subscription_ended'),
    );
  });
});

describe('an end that waits', () => {
  const ending = aSubscription({ cancelAtPeriodEnd: true });
  const withUs = { ...ending, waiting: { cancel: 'ours', pause: null, change: null } } as const;

  it('is taken back where it waits', () => {
    expect(decideUndoCancel(ending, means(everything))).toEqual(plan('provider', 'now', null));
    expect(decideUndoCancel(withUs, means(atOnce))).toEqual(plan('ours', 'now', null));
    expect(decideUndoCancel({ ...ending, collection: 'voucher' }, means(null))).toEqual(plan('ours', 'now', null));
  });

  it('stays where the provider knows no way back', () => {
    expect(decideUndoCancel(ending, means({ ...everything, undoCancel: false }))).toEqual(
      refusal('not_supported_by_provider'),
    );
  });

  it('must be there', () => {
    expect(decideUndoCancel(aSubscription(), means(everything))).toEqual(refusal('nothing_to_change'));
  });
});

describe('a pause', () => {
  const until = '2027-06-01T00:00:00.000Z';
  it.each([
    ['now', everything, plan('provider', 'now', null)],
    ['period_end', everything, plan('provider', 'period_end', periodEnd)],
    ['period_end', atOnce, plan('ours', 'period_end', hourBefore)],
    [null, { ...everything, pause: ['period_end'] as const }, plan('provider', 'period_end', periodEnd)],
  ] as const)('%s is carried out by whoever can', (when, abilities, expected) => {
    expect(decidePause(aSubscription(), { when, resumesAt: null }, means(abilities))).toEqual(expected);
  });

  it('is refused now where it begins with a period only', () => {
    const can = means({ ...everything, pause: ['period_end'] });
    expect(decidePause(aSubscription(), { when: 'now', resumesAt: null }, can)).toEqual(
      refusal('not_supported_by_provider', { field: 'when', possible: ['when=period_end'] }),
    );
  });

  it('ends on a day that the provider keeps, else we do', () => {
    expect(resumesWithUs(until, means(everything))).toBe(false);
    expect(resumesWithUs(until, means(atOnce))).toBe(true);
    expect(resumesWithUs(null, means(atOnce))).toBe(false);
    expect(decidePause(aSubscription(), { when: null, resumesAt: until }, means(atOnce, { canResume: false }))).toEqual(
      refusal('not_supported_by_provider', { field: 'resumes_at' }),
    );
  });

  it.each([
    ['of a paused one', { status: 'paused' }, 'nothing_to_change'],
    ['beside one that waits', { waiting: { cancel: null, pause: 'ours', change: null } }, 'nothing_to_change'],
    ['of one that ends', { cancelAtPeriodEnd: true }, 'subscription_ending'],
    ['of what is paid by voucher', { collection: 'voucher' }, 'not_supported_by_provider'],
  ] as const)('does not come %s', (_what, more, code) => {
    expect(decidePause(aSubscription(more), { when: null, resumesAt: null }, means(everything))).toEqual(refusal(code));
  });

  it('ends where it is, or is taken back where it waits', () => {
    const paused = aSubscription({ status: 'paused' });
    const waits = (pause: 'ours' | 'provider') => aSubscription({ waiting: { cancel: null, pause, change: null } });
    expect(decideResume(paused, means(everything))).toEqual(plan('provider', 'now', null));
    expect(decideResume(waits('provider'), means(everything))).toEqual(plan('provider', 'now', null));
    expect(decideResume(waits('ours'), means(atOnce, { canResume: false }))).toEqual(plan('ours', 'now', null));
    expect(decideResume(paused, means(everything, { canResume: false }))).toEqual(refusal('not_supported_by_provider'));
    expect(decideResume(aSubscription(), means(everything))).toEqual(refusal('nothing_to_change'));
  });
});

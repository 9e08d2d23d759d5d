import { describe, expect, it } from 'vitest';
import { nextAgendaItem, type AgendaInput } from '../../../src/domain/subscription/agenda.ts';
import { defaultLifecyclePolicy } from '../../../src/domain/subscription/lifecycle-policy.ts';

const none: AgendaInput = {
  ...{ status: 'active', collection: 'provider', currentPeriodEnd: null, trialEnd: null, cancelAt: null },
  ...{ resumesAt: null, pastDueAt: null, graceEndsAt: null, remindersSent: 0, trialNotifiedAt: null },
  ...{ voucherExpiresAt: null, voucherDueAt: null, operation: null },
};
const next = (row: Partial<AgendaInput>, now: string, policy = defaultLifecyclePolicy) => {
  const item = nextAgendaItem({ ...none, ...row }, policy, Date.parse(now));
  return item && `${item.kind} ${item.at}`;
};

describe('the agenda', () => {
  it('looks after the next due instant, and every six hours while one is overdue', () => {
    expect(next({}, '2026-01-01')).toBeNull();
    const due = { currentPeriodEnd: '2026-01-31T00:00:00.000Z', cancelAt: '2026-01-15T00:00:00.000Z' };
    expect(next(due, '2026-01-10')).toBe('look 2026-01-15T01:30:00.000Z');
    expect(next(due, '2026-01-20')).toBe('look 2026-01-20T06:00:00.000Z');
    expect(next({ ...due, cancelAt: null }, '2026-01-20')).toBe('look 2026-01-31T01:30:00.000Z');
    expect(next({ ...due, cancelAt: null }, '2026-03-01')).toBe('look 2026-03-01T06:00:00.000Z');
  });

  it('looks at a trial’s end only while it lasts, and daily at a pause that has outlasted its period', () => {
    const past = { trialEnd: '2026-01-15T00:00:00.000Z', currentPeriodEnd: '2026-02-15T00:00:00.000Z' };
    expect(next(past, '2026-01-20')).toBe('look 2026-02-15T01:30:00.000Z');
    expect(next({ ...past, status: 'paused' }, '2026-03-01')).toBe('look 2026-03-02T00:00:00.000Z');
    const resumes = { ...past, status: 'paused', resumesAt: '2026-01-25T00:00:00.000Z' } as const;
    expect(next(resumes, '2026-01-20')).toBe('look 2026-01-25T01:30:00.000Z');
  });

  it('tells of a trial’s end once, some days before, unless no charge will come', () => {
    const trial = { status: 'trialing', trialEnd: '2026-01-15T00:00:00.000Z' } as const;
    expect(next(trial, '2026-01-01')).toBe('notify_trial_end 2026-01-12T00:00:00.000Z');
    const told = { ...trial, trialNotifiedAt: '2026-01-12T00:00:00.000Z' };
    expect(next(told, '2026-01-13')).toBe('look 2026-01-15T01:30:00.000Z');
    expect(next({ ...trial, cancelAt: trial.trialEnd }, '2026-01-01')).toBe('look 2026-01-15T01:30:00.000Z');
    const silent = { ...defaultLifecyclePolicy, trialNoticeDays: 0 };
    expect(next(trial, '2026-01-01', silent)).toBe('look 2026-01-15T01:30:00.000Z');
  });

  it('reminds a late payer on the days of the policy, then ends the grace', () => {
    const late = { status: 'past_due', pastDueAt: '2026-01-01T00:00:00.000Z' } as const;
    const row = { ...late, graceEndsAt: '2026-01-15T00:00:00.000Z' };
    const days = [0, 1, 2, 3, 4].map((remindersSent) => next({ ...row, remindersSent }, '2026-01-01'));
    expect(days).toEqual([
      'remind_payment 2026-01-01T00:00:00.000Z',
      'remind_payment 2026-01-04T00:00:00.000Z',
      'remind_payment 2026-01-08T00:00:00.000Z',
      'remind_payment 2026-01-13T00:00:00.000Z',
      'end_grace 2026-01-15T00:00:00.000Z',
    ]);
    expect(next(row, '2026-01-20')).toBe('end_grace 2026-01-15T00:00:00.000Z');
  });

  it('issues the voucher that is missing at its time, and looks when one that is out lapses', () => {
    const cash = { collection: 'voucher', currentPeriodEnd: '2026-01-31T00:00:00.000Z' } as const;
    const missing = { ...cash, voucherDueAt: '2026-01-26T00:00:00.000Z' };
    expect(next(missing, '2026-01-01')).toBe('issue_voucher 2026-01-26T00:00:00.000Z');
    const out = { ...cash, voucherExpiresAt: '2026-01-30T00:00:00.000Z' };
    expect(next(out, '2026-01-27')).toBe('look 2026-01-30T01:30:00.000Z');
    expect(next({ ...cash, cancelAt: cash.currentPeriodEnd }, '2026-01-01')).toBe('look 2026-01-31T01:30:00.000Z');
  });

  it('carries out what waits with us at its time, of a free plan too, and nothing once it is over', () => {
    const operation = { changeId: 'chg_1', at: '2026-01-05T00:00:00.000Z' };
    const free = { collection: 'none', operation, currentPeriodEnd: '2026-01-02T00:00:00.000Z' } as const;
    expect(next(free, '2026-01-01')).toBe('operation 2026-01-05T00:00:00.000Z');
    expect(next({ ...free, status: 'canceled' }, '2026-01-01')).toBeNull();
  });

  it('asks hourly after a beginning that its customer has not finished', () => {
    expect(next({ status: 'incomplete' }, '2026-01-01')).toBe('look 2026-01-01T01:00:00.000Z');
  });
});

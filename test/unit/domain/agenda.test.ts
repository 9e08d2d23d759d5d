import { describe, expect, it } from 'vitest';
import { nextAgendaItem } from '../../../src/domain/subscription/agenda.ts';

describe('the agenda', () => {
  it('looks after the next due instant, and every six hours when one is overdue', () => {
    const none = { currentPeriodEnd: null, trialEnd: null, cancelAt: null, resumesAt: null };
    expect(nextAgendaItem(none, 0)).toBeNull();
    const due = { ...none, currentPeriodEnd: '2026-01-31T00:00:00.000Z', trialEnd: '2026-01-15T00:00:00.000Z' };
    expect(nextAgendaItem(due, Date.parse('2026-01-10'))?.at).toBe('2026-01-15T01:30:00.000Z');
    expect(nextAgendaItem(due, Date.parse('2026-01-20'))?.at).toBe('2026-01-31T01:30:00.000Z');
    expect(nextAgendaItem(due, Date.parse('2026-03-01'))?.at).toBe('2026-03-01T06:00:00.000Z');
  });
});

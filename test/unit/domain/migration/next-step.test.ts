import { describe, expect, it } from 'vitest';
import { migrationItemStates } from '../../../../src/domain/migration/migration.ts';
import { isOverItem, isPastReturn, nextStep } from '../../../../src/domain/migration/next-step.ts';
import {
  newSideOf,
  oldSideOf,
  type ItemStand,
  type NewSide,
  type OldSide,
  type Told,
} from '../../../../src/domain/migration/sides.ts';
import {
  day,
  ended,
  ending,
  endMs,
  facts,
  fresh,
  charged,
  hour,
  iso,
  minute,
  old,
  paidThrough,
  revoked,
} from './facts.ts';

const none = { checkout: null, liveNew: 0, hasNew: false };
const at = (state: ItemStand['state'], changes: Partial<ItemStand> = {}) => ({ state, ...changes });
const parkedTo = '2027-05-01T00:00:00.000Z';
const parked: NewSide = { ...fresh, trialEnd: parkedTo };

describe('before the customer has paid', () => {
  it('tells the customer while the old one runs', () => {
    expect(nextStep(facts({ item: at('planned', none) }))).toEqual({ kind: 'notify' });
  });

  it.each([
    ['cancelled by its customer', ending, { kind: 'end', state: 'left' }],
    ['over', ended, { kind: 'end', state: 'left' }],
    ['unpaid', { ...old, status: 'past_due' as const }, { kind: 'end', state: 'kept', code: 'past_due' }],
    ['not known there', 'gone' as const, { kind: 'end', state: 'attention' }],
    ['not answered for', 'unknown' as const, { kind: 'ask_again' }],
  ])('asks nobody to move what is %s', (_what, told, step) => {
    for (const state of ['planned', 'notified'] as const)
      expect(nextStep(facts({ item: at(state, none), old: told }))).toMatchObject(step);
  });

  it('reminds on the days, waits between, and keeps everything at the deadline', () => {
    const notified = endMs - 20 * day;
    const after = (days: number, changes: Partial<ItemStand> = {}) =>
      nextStep(facts({ item: at('notified', { ...none, ...changes }), nowMs: notified + days * day }));
    expect(after(0)).toMatchObject({ kind: 'wait', until: iso(notified + 3 * day), forCustomer: true });
    expect(after(3)).toEqual({ kind: 'remind' });
    expect(after(3, { remindersSent: 1 })).toMatchObject({ kind: 'wait', until: iso(notified + 7 * day) });
    expect(after(1, { wantsReminder: true })).toEqual({ kind: 'remind' });
    expect(after(8, { remindersSent: 2 })).toMatchObject({ kind: 'wait', until: iso(notified + 14 * day) });
    expect(after(14)).toMatchObject({ kind: 'end', state: 'kept', code: 'deadline' });
  });

  it('lets who has the page open finish after the deadline, and opens another after it ended', () => {
    const late = endMs - day;
    const opened = (checkout: ItemStand['checkout'], isWithdrawn = false) =>
      nextStep(facts({ item: at('opened', { ...none, checkout, isWithdrawn }), nowMs: late }));
    expect(opened('open')).toMatchObject({ kind: 'wait', forCustomer: true });
    expect(opened('expired')).toMatchObject({ kind: 'reopen' });
    expect(opened('open', true)).toEqual({ kind: 'close_checkout' });
    expect(opened('pending', true)).toMatchObject({ kind: 'wait' });
    expect(opened('canceled', true)).toMatchObject({ kind: 'reopen' });
  });

  it('hears of a payment that comes though the checkout was given up', () => {
    const late = at('notified', { checkout: 'expired', liveNew: 1, hasNew: true });
    expect(nextStep(facts({ item: late, nowMs: endMs - day }))).toEqual({ kind: 'open' });
  });
});

describe('between payment and cancel', () => {
  it('puts the first charge a period behind the paid-through date before anything else', () => {
    for (const state of ['opened', 'moved', 'canceling'] as const)
      for (const trialEnd of [paidThrough, iso(endMs + 9 * hour)])
        expect(nextStep(facts({ item: at(state), new: { ...fresh, trialEnd } }))).toEqual({
          ...{ kind: 'align', to: parkedTo, isParked: true },
        });
    expect(nextStep(facts({ item: at('opened'), new: parked }))).toEqual({ kind: 'move', paidThrough });
    expect(nextStep(facts({ item: at('moved'), new: parked }))).toEqual({ kind: 'commit', paidThrough });
    expect(nextStep(facts({ item: at('canceling'), new: parked }))).toEqual({ kind: 'cancel' });
  });

  it('does so too where the paid-through date is no whole second', () => {
    const odd = { ...old, paidThrough: iso(endMs + 18) };
    expect(nextStep(facts({ item: at('opened'), old: odd }))).toEqual({
      ...{ kind: 'align', to: '2027-05-01T00:00:01.000Z', isParked: true },
    });
  });

  it('follows a renewal before it cancels', () => {
    const renewed = { ...old, paidThrough: parkedTo };
    for (const state of ['opened', 'moved', 'canceling'] as const)
      expect(nextStep(facts({ item: at(state), old: renewed, new: parked }))).toMatchObject({
        ...{ kind: 'align', to: '2027-06-01T00:00:00.000Z' },
      });
  });

  it('in the last call waits for the renewal, and cancels after it', () => {
    const nowMs = endMs - hour;
    expect(nextStep(facts({ item: at('opened'), new: parked, nowMs }))).toEqual({
      kind: 'move',
      paidThrough: parkedTo,
    });
    for (const state of ['moved', 'canceling'] as const)
      expect(nextStep(facts({ item: at(state), new: parked, nowMs }))).toMatchObject({
        ...{ kind: 'wait', until: iso(endMs + minute), forCustomer: false },
      });
  });

  it('puts the first charge off while the old provider answers nothing, unless it was read to end', () => {
    for (const state of ['opened', 'moved'] as const)
      expect(nextStep(facts({ item: at(state), old: 'unknown' }))).toMatchObject({ kind: 'align', to: parkedTo });
    expect(nextStep(facts({ item: at('canceling'), old: 'unknown' }))).toMatchObject({ kind: 'ask_again' });
    for (const state of ['opened', 'moved', 'canceling'] as const) {
      const waiting = facts({ item: at(state), old: 'unknown', new: parked });
      expect(nextStep(waiting)).toMatchObject({ kind: 'ask_again' });
      const further = { ...waiting, nowMs: Date.parse(parkedTo) - hour };
      expect(nextStep(further)).toMatchObject({ kind: 'align', to: '2027-06-01T00:00:00.000Z' });
    }
  });

  it('asks again while the new provider answers nothing', () => {
    for (const state of ['moved', 'canceling'] as const)
      expect(nextStep(facts({ item: at(state), new: 'unknown' }))).toMatchObject({ kind: 'ask_again' });
  });

  it('never cancels when the new one is gone, ended or about to end', () => {
    for (const told of ['gone' as const, revoked, { ...fresh, isEnding: true }])
      expect(nextStep(facts({ item: at('canceling'), new: told }))).toMatchObject({ kind: 'end', state: 'attention' });
    expect(nextStep(facts({ item: at('moved'), new: { ...fresh, isEnding: true } }))).toEqual({ kind: 'revoke' });
    const late = facts({ item: at('moved'), new: revoked, nowMs: endMs - day });
    expect(nextStep(late)).toMatchObject({ kind: 'end', state: 'kept' });
    const early = facts({ item: at('moved'), new: revoked, nowMs: endMs - 19 * day });
    expect(nextStep(early)).toMatchObject({ kind: 'reopen' });
  });

  it('goes back before the point of no return, and only forward after it', () => {
    const isWithdrawn = true;
    for (const state of ['opened', 'moved'] as const) {
      expect(nextStep(facts({ item: at(state, { isWithdrawn }) }))).toEqual({ kind: 'revoke' });
      const gone = facts({ item: at(state, { isWithdrawn }), new: revoked });
      expect(nextStep(gone)).toMatchObject({ kind: 'end', state: 'rolled_back' });
    }
    expect(nextStep(facts({ item: at('canceling', { isWithdrawn }), new: parked }))).toEqual({ kind: 'cancel' });
    expect(nextStep(facts({ item: at('watching', { isWithdrawn }), old: ending }))).toMatchObject({ kind: 'wait' });
  });

  it('asks a person about two new ones, and about a charge before its time', () => {
    expect(nextStep(facts({ item: at('opened', { liveNew: 2 }) }))).toMatchObject({ code: 'begun_twice' });
    for (const state of ['opened', 'moved', 'canceling'] as const)
      expect(nextStep(facts({ item: at(state), new: charged }))).toMatchObject({ code: 'charged_early' });
  });

  it('confirms once the old one is read to end, with the first charge at its end', () => {
    expect(nextStep(facts({ item: at('canceling'), old: ending }))).toEqual({ kind: 'confirm', paidThrough });
    const off = { ...fresh, trialEnd: parkedTo };
    expect(nextStep(facts({ item: at('canceling'), old: ending, new: off }))).toMatchObject({
      ...{ kind: 'align', to: paidThrough, isParked: false },
    });
  });
});

describe('a cancel that is read back shortly before the old one ends', () => {
  const settled = (aheadMs: number) =>
    nextStep(
      facts({ item: at('canceling'), old: ending, new: { ...fresh, trialEnd: parkedTo }, nowMs: endMs - aheadMs }),
    );

  it('still sets the exact date while a call can reach the provider before it', () => {
    for (const aheadMs of [119_000, 20_000, 6_000])
      expect(settled(aheadMs)).toEqual({ kind: 'align', to: paidThrough, isParked: false });
  });

  it('else the nearest that a provider takes, and then is content with it', () => {
    for (const aheadMs of [4_000, 0, -hour])
      expect(settled(aheadMs)).toEqual({ kind: 'align', to: iso(endMs - aheadMs + 5_000), isParked: false });
    const soon = { ...fresh, trialEnd: iso(endMs + 5_000) };
    expect(nextStep(facts({ item: at('canceling'), old: ending, new: soon, nowMs: endMs + 2_000 }))).toEqual({
      ...{ kind: 'confirm', paidThrough: soon.trialEnd },
    });
  });
});

describe('after the cancel', () => {
  const watching = at('watching', { coveredBy: 'march' });
  const watched = (changes: { old?: Told<OldSide>; new?: Told<NewSide>; item?: Partial<ItemStand> }, nowMs: number) =>
    nextStep(facts({ old: ending, ...changes, item: { ...watching, ...changes.item }, nowMs }));

  it('looks before the end and after it, notes the first charge, and is done when the old side stayed quiet', () => {
    expect(watched({}, endMs - 10 * day)).toMatchObject({ kind: 'wait', until: iso(endMs - 6 * hour) });
    expect(watched({}, endMs - hour)).toMatchObject({ kind: 'wait', until: iso(endMs + minute) });
    expect(watched({ old: ended, new: charged }, endMs + hour)).toEqual({
      ...{ kind: 'note_charge', providerPaymentId: 'april', paidAt: paidThrough },
    });
    const paid = { old: ended, new: charged, item: { firstChargeAt: paidThrough } };
    expect(watched(paid, endMs + hour)).toMatchObject({ kind: 'wait', until: iso(endMs + day) });
    expect(watched(paid, endMs + day)).toMatchObject({ kind: 'end', state: 'done' });
  });

  it.each([
    ['cancel_undone', { old }, endMs - day],
    ['charged_there_too', { old: { ...ending, lastPaymentId: 'april' } }, endMs + hour],
    ['old_not_ended', { new: charged, item: { firstChargeAt: paidThrough } }, endMs + day],
    ['first_charge_missing', { old: ended, new: { ...fresh, status: 'past_due' as const } }, endMs + day],
    [
      'charged_early',
      { new: { ...charged, firstCharge: { providerPaymentId: 'p', paidAt: iso(endMs - day) } } },
      endMs,
    ],
    ['old_missing', { old: 'gone' as const }, endMs],
    ['new_missing', { new: 'gone' as const }, endMs],
    ['new_lost', { old: ended, new: { ...revoked, endedAt: iso(endMs + 2 * day) } }, endMs + 2 * day],
  ])('asks a person: %s', (code, changes, nowMs) => {
    expect(watched(changes, nowMs)).toMatchObject({ kind: 'end', state: 'attention', code });
  });

  it('lets a customer go who has ended the new one before its first charge', () => {
    expect(watched({ new: revoked }, endMs - hour)).toMatchObject({ kind: 'end', state: 'left', code: 'new_canceled' });
  });
});

describe('every state and every fact', () => {
  const sides: readonly Told<OldSide>[] = [
    ...[old, ending, ended, 'gone' as const, 'unknown' as const],
    ...(['past_due', 'paused', 'trialing'] as const).map((status) => ({ ...old, status })),
    { ...old, paidThrough: null },
  ];
  const news: readonly Told<NewSide>[] = [
    ...[fresh, charged, revoked, 'gone' as const, 'unknown' as const],
    ...[
      { ...fresh, trialEnd: null },
      { ...fresh, trialEnd: parkedTo },
      { ...fresh, isEnding: true },
    ],
    { ...fresh, status: 'past_due' as const },
  ];
  const times = [endMs - 30 * day, endMs - 7 * hour, endMs - hour, endMs, endMs + hour, endMs + 3 * day];
  const all = migrationItemStates.flatMap((state) =>
    sides.flatMap((one) =>
      news.flatMap((other) =>
        times.flatMap((nowMs) =>
          [false, true].map((isWithdrawn) => facts({ item: at(state, { isWithdrawn }), old: one, new: other, nowMs })),
        ),
      ),
    ),
  );

  it('cancels only past the point of no return, with the renewal far, and with a first charge that waits a further period', () => {
    const canceling = all.filter((each) => nextStep(each).kind === 'cancel');
    expect(canceling.length).toBeGreaterThan(0);
    for (const { item, old: one, new: other, nowMs } of canceling) {
      expect(item.state).toBe('canceling');
      if (one === 'gone' || one === 'unknown' || one.paidThrough === null)
        throw new Error('cancels what it cannot see');
      expect(Date.parse(one.paidThrough) - nowMs).toBeGreaterThan(6 * hour);
      // However late the answer is heard: the old one's renewal comes first, and alone.
      expect(other).toMatchObject({ trialEnd: parkedTo, hasEnded: false, isEnding: false });
    }
  });

  it('revokes only before it, and never what has been charged', () => {
    for (const each of all.filter((one) => nextStep(one).kind === 'revoke')) {
      expect(isPastReturn(each.item.state)).toBe(false);
      expect(each.new).toMatchObject({ firstCharge: null });
    }
  });

  it('never puts the first charge before what the old one is paid for', () => {
    for (const each of all) {
      const step = nextStep(each);
      if (step.kind !== 'align' || each.old === 'gone' || each.old === 'unknown') continue;
      const floorMs = each.old.isEnding ? each.nowMs : Date.parse(each.old.paidThrough ?? '');
      expect(Date.parse(step.to)).toBeGreaterThanOrEqual(floorMs);
      expect(Date.parse(step.to)).toBeGreaterThan(each.nowMs);
    }
  });

  it('waits only for what is to come, and does nothing about what is over', () => {
    for (const each of all) {
      const step = nextStep(each);
      const until = step.kind === 'wait' && step.until !== null ? Date.parse(step.until) : Number.POSITIVE_INFINITY;
      expect(until).toBeGreaterThan(each.nowMs);
      expect(isOverItem(each.item.state) && !(step.kind === 'wait' && step.until === null)).toBe(false);
    }
  });
});

describe('what a provider told', () => {
  const payment = (id: string, paidAt: string, amountMinor = 900) => ({
    ...{
      providerPaymentId: id,
      status: 'succeeded' as const,
      amount: { amountMinor, currency: 'USD' },
      taxMinor: null,
    },
    ...{ refundedMinor: 0, method: null, declineCode: null, paidAt, providerInvoiceId: null },
  });
  const truth = {
    ...{ providerSubscriptionId: 's', providerCustomerId: 'c', status: 'active' as const, amount: null, price: null },
    ...{ quantity: 1, currentPeriodStart: null, currentPeriodEnd: paidThrough, trialStart: null, trialEnd: null },
    ...{ cancelAtPeriodEnd: false, cancelAt: null, canceledAt: null, endedAt: null, pausedAt: null, resumesAt: null },
    ...{
      invoices: [],
      payments: [payment('b', '2027-03-01'), payment('a', '2027-02-01'), payment('z', '2027-01-01', 0)],
    },
  };

  it('counts only charges that took money, by their time', () => {
    expect(oldSideOf(truth).lastPaymentId).toBe('b');
    expect(newSideOf(truth).firstCharge).toEqual({ providerPaymentId: 'a', paidAt: '2027-02-01' });
  });
});

import { monthsAfter } from '../../../../src/domain/calendar/calendar.ts';
import type { MigrationSettings } from '../../../../src/domain/migration/migration.ts';
import { isOverItem, isPastReturn, nextStep, sidesToRead } from '../../../../src/domain/migration/next-step.ts';
import type { ItemStand, NewSide, OldSide } from '../../../../src/domain/migration/sides.ts';
import type { MigrationStep } from '../../../../src/domain/migration/step.ts';
import { wholeTrialDays } from '../../../../src/domain/migration/trial-target.ts';
import { day, iso, settings as usual } from './facts.ts';

interface Paid {
  readonly who: 'old' | 'new';
  readonly fromMs: number;
  readonly toMs: number;
}

/** What one step does to the world before its answer is heard: nothing, all but our own row, or everything. */
export type Cut = 'before' | 'between' | 'after' | 'none';

/** A customer, our row and two providers that renew, in one object: what activities do, without any of their means. */
export class Model {
  readonly settings: MigrationSettings;
  readonly ledger: Paid[] = [];
  /** The answers of steps, as the workflow hears them. */
  readonly did: MigrationStep['kind'][] = [];
  item: ItemStand;
  old: OldSide;
  fresh: NewSide | null = null;
  isOldAway = false;
  isNewAway = false;
  cancels = 0;
  /** When one of both was last away: what it had done was not known before. */
  awayMs = 0;
  nowMs: number;

  constructor(nowMs: number, endMs: number, settings: MigrationSettings = usual) {
    this.settings = settings;
    this.nowMs = nowMs;
    const startMs = monthsAfter(endMs, -1, 'UTC');
    this.ledger.push({ who: 'old', fromMs: startMs, toMs: endMs });
    this.old = {
      ...{ status: 'active', periodStart: iso(startMs), paidThrough: iso(endMs), isEnding: false, hasEnded: false },
      lastPaymentId: iso(startMs),
    };
    this.item = {
      ...{ state: 'planned', paidThrough: null, interval: 'month', notifiedAt: null, remindersSent: 0 },
      ...{ deadlineAt: null, firstChargeAt: null, checkout: null, liveNew: 0, hasNew: false, coveredBy: null },
      ...{ isWithdrawn: false, wantsReminder: false },
    };
  }

  /** Time goes on: both renew, charge and end what is due. */
  tick(nowMs: number): void {
    this.nowMs = Math.max(this.nowMs, nowMs);
    if (this.isOldAway || this.isNewAway) this.awayMs = this.nowMs;
    while (!this.old.hasEnded && Date.parse(this.old.paidThrough ?? '') <= this.nowMs) this.renewOld();
    while (this.fresh && !this.fresh.hasEnded && Date.parse(this.fresh.trialEnd ?? '') <= this.nowMs) this.chargeNew();
  }

  opens(): void {
    if (this.item.liveNew === 0) this.item = { ...this.item, checkout: 'open' };
  }

  pays(): void {
    if (this.item.checkout !== 'open' || this.item.liveNew > 0) return;
    const trialEnd = iso(this.nowMs + wholeTrialDays(this.old.paidThrough ?? '', this.nowMs) * day);
    this.fresh = {
      ...{ status: 'trialing', trialEnd, isEnding: false, hasEnded: false, endedAt: null, firstCharge: null },
    };
    this.item = { ...this.item, checkout: 'paid', liveNew: 1, hasNew: true };
  }

  cancelsOld(): void {
    this.old = { ...this.old, isEnding: true };
  }

  /** One step, cut off where it is told; null: the workflow hears nothing and asks again. */
  advance(cut: Cut, wishes: { readonly isWithdrawn: boolean; readonly remindTo: number }) {
    const item = { ...this.item, ...wishes, wantsReminder: this.item.remindersSent < wishes.remindTo };
    const wanted = sidesToRead(item);
    const step = nextStep({
      ...{ item, settings: this.settings, nowMs: this.nowMs },
      old: wanted.old && !this.isOldAway ? this.old : 'unknown',
      new: wanted.new && !this.isNewAway ? (this.fresh ?? 'gone') : 'unknown',
    });
    if (step.kind === 'ask_again' || cut === 'before' || !this.reach(step)) return null;
    if (cut === 'between') return null;
    this.write(step);
    if (cut === 'after') return null;
    this.did.push(step.kind);
    const { state, remindersSent } = this.item;
    const isWait = step.kind === 'wait';
    return {
      ...{ state, remindersSent, did: step.kind, isOver: isOverItem(state), isPastReturn: isPastReturn(state) },
      ...{ because: isWait ? step.because : step.kind, asks: null, until: isWait ? step.until : null },
      forCustomer: isWait && step.forCustomer,
    };
  }

  /** What the step does at a provider. @returns false: it does not answer. */
  private reach(step: MigrationStep): boolean {
    switch (step.kind) {
      case 'align':
        if (this.isNewAway || this.fresh === null) return false;
        this.fresh = { ...this.fresh, status: 'trialing', trialEnd: step.to };
        return true;
      case 'revoke':
        if (this.isNewAway || this.fresh === null) return false;
        this.fresh = { ...this.fresh, status: 'canceled', isEnding: true, hasEnded: true, endedAt: iso(this.nowMs) };
        this.item = { ...this.item, liveNew: 0 };
        return true;
      case 'cancel':
        if (this.isOldAway) return false;
        if (!this.old.isEnding) this.cancels += 1;
        // A renewal of the next hour is on its way already, and no cancel stops it.
        if (!this.old.isEnding && Date.parse(this.old.paidThrough ?? '') - this.nowMs < 3_600_000) this.renewOld();
        this.old = { ...this.old, isEnding: true };
        return true;
      default:
        return true;
    }
  }

  private write(step: MigrationStep): void {
    const change = (what: Partial<ItemStand>) => void (this.item = { ...this.item, ...what });
    const { nowMs, settings } = this;
    switch (step.kind) {
      case 'notify':
        return change({
          ...{ state: 'notified', notifiedAt: iso(nowMs), paidThrough: this.old.paidThrough },
          deadlineAt: iso(nowMs + settings.deadlineMinutes * 60_000),
        });
      case 'remind':
        return change({ remindersSent: this.item.remindersSent + 1 });
      case 'open':
        return change({ state: 'opened' });
      case 'reopen':
        return change({ state: 'notified' });
      case 'close_checkout':
        return change({ checkout: 'canceled' });
      case 'align':
        return step.isParked ? undefined : change({ paidThrough: step.to });
      case 'move':
        return change({ state: 'moved', paidThrough: step.paidThrough });
      case 'commit':
        return change({ state: 'canceling', paidThrough: step.paidThrough });
      case 'confirm':
        return change({ state: 'watching', paidThrough: step.paidThrough, coveredBy: this.old.lastPaymentId });
      case 'note_charge':
        return change({ firstChargeAt: step.paidAt });
      case 'end':
        return change({ state: step.state });
      case 'cancel':
      case 'revoke':
      case 'wait':
      case 'ask_again':
        return undefined;
    }
  }

  private renewOld(): void {
    const fromMs = Date.parse(this.old.paidThrough ?? '');
    if (this.old.isEnding) {
      this.old = { ...this.old, status: 'canceled', hasEnded: true };
      return;
    }
    const toMs = monthsAfter(fromMs, 1, 'UTC');
    this.ledger.push({ who: 'old', fromMs, toMs });
    this.old = { ...this.old, periodStart: iso(fromMs), paidThrough: iso(toMs), lastPaymentId: iso(fromMs) };
  }

  private chargeNew(): void {
    if (this.fresh === null) return;
    const fromMs = Date.parse(this.fresh.trialEnd ?? '');
    const toMs = monthsAfter(fromMs, 1, 'UTC');
    this.ledger.push({ who: 'new', fromMs, toMs });
    const firstCharge = this.fresh.firstCharge ?? { providerPaymentId: iso(fromMs), paidAt: iso(fromMs) };
    this.fresh = { ...this.fresh, status: 'active', trialEnd: iso(toMs), firstCharge };
  }

  /** Of the ledger: moments that two have paid for, and that nobody has, while the customer stayed. */
  judge(): { readonly overlaps: number; readonly gaps: number } {
    const found = { overlaps: 0, gaps: 0 };
    const charges = this.ledger.toSorted((a, b) => a.fromMs - b.fromMs);
    let coveredMs = charges[0]?.fromMs ?? 0;
    for (const { fromMs, toMs } of charges) {
      if (fromMs < coveredMs - 1_000) found.overlaps += 1;
      // A provider takes a trial's end only a moment ahead; and who cannot be asked whether it has charged costs a gap of
      // as long, never a second charge.
      if (fromMs > Math.max(coveredMs + 5 * 60_000, this.awayMs + 2 * 3_600_000)) found.gaps += 1;
      coveredMs = Math.max(coveredMs, toMs);
    }
    return found;
  }
}

import { decideCanceling } from './step-canceling.ts';
import { decideMoving } from './step-moving.ts';
import { decideWatching } from './step-watching.ts';
import { attention, end, wait, waitALittle, type MigrationStep, type StepFacts } from './step.ts';
import type { ItemStand, OldSide } from './sides.ts';
import type { MigrationItemState } from './migration.ts';

const minuteMs = 60_000;

/** Nothing more happens to these. */
const endStates: ReadonlySet<MigrationItemState> = new Set([
  'excluded',
  'done',
  'kept',
  'left',
  'rolled_back',
  'attention',
]);

export function isOverItem(state: MigrationItemState): boolean {
  return endStates.has(state);
}

/** Past these an item only goes forward. */
export function isPastReturn(state: MigrationItemState): boolean {
  return state === 'canceling' || state === 'watching' || state === 'done';
}

/** Whose word the next decision needs. */
export function sidesToRead({ state, liveNew, hasNew }: ItemStand): { readonly old: boolean; readonly new: boolean } {
  switch (state) {
    case 'planned':
    case 'notified':
      return { old: true, new: false };
    case 'opened':
      return { old: liveNew > 0, new: hasNew && liveNew > 0 };
    case 'moved':
    case 'canceling':
    case 'watching':
      return { old: true, new: true };
    default:
      return { old: false, new: false };
  }
}

/**
 * What to do next about one customer's way from the old provider to the new. Pure: the same facts give the same step,
 * whoever asks and however often, so whatever dies in between is gone on with by asking again.
 *
 * Two rules hold in every branch. Never twice: the new one's first charge is never before what the old one was paid
 * for, and the old one is cancelled only while its renewal is far enough, or the new one waits a further period. Never a
 * gap: the old one is cancelled only when the new one is there, read back, with its trial up to the same date.
 */
export function nextStep(facts: StepFacts): MigrationStep {
  switch (facts.item.state) {
    case 'planned':
      return decidePlanned(facts);
    case 'notified':
      return decideNotified(facts);
    case 'opened':
      return facts.item.liveNew === 0 ? decideOpened(facts) : decideMoving(facts);
    case 'moved':
      return decideMoving(facts);
    case 'canceling':
      return decideCanceling(facts);
    case 'watching':
      return decideWatching(facts);
    case 'found':
      return attention('not_planned', 'it was never planned');
    default:
      return { kind: 'wait', until: null, because: `it is ${facts.item.state}`, forCustomer: true };
  }
}

function decidePlanned({ item, old }: StepFacts): MigrationStep {
  if (item.isWithdrawn) return end('rolled_back', 'withdrawn', 'it was withdrawn before anybody was told');
  return withOld(old, () => ({ kind: 'notify' }));
}

function decideNotified(facts: StepFacts): MigrationStep {
  const { item, old, nowMs, settings } = facts;
  if (item.liveNew > 0 || isPayable(item)) return { kind: 'open' };
  if (item.isWithdrawn) return end('rolled_back', 'withdrawn', 'it was withdrawn before its customer had paid');
  return withOld(old, () => {
    const deadlineMs = item.deadlineAt === null ? Number.POSITIVE_INFINITY : Date.parse(item.deadlineAt);
    if (nowMs >= deadlineMs) return end('kept', 'deadline', 'its customer did not act in time');
    const reminderMs = nextReminderMs(item, settings.remindAfterMinutes);
    if (item.wantsReminder || nowMs >= reminderMs) return { kind: 'remind' };
    const untilMs = Math.min(deadlineMs, reminderMs);
    const because = untilMs === deadlineMs ? 'its customer has until then' : 'its customer is reminded then';
    return Number.isFinite(untilMs)
      ? wait(untilMs, because, true)
      : { kind: 'wait', until: null, because: 'its customer has no deadline', forCustomer: true };
  });
}

/** A page is out and not paid. Who has it open at the deadline may still finish. */
function decideOpened(facts: StepFacts): MigrationStep {
  const { item } = facts;
  if (!isPayable(item)) return { kind: 'reopen', because: `its checkout is ${item.checkout ?? 'gone'}` };
  if (item.isWithdrawn && item.checkout !== 'pending') return { kind: 'close_checkout' };
  return waitALittle(facts, `its checkout is ${item.checkout ?? 'gone'}`, true);
}

/** A subscription comes into being with its payment: `paid` without one is about to be. */
function isPayable({ checkout, hasNew }: ItemStand): boolean {
  if (checkout === 'paid') return !hasNew;
  return checkout === 'creating' || checkout === 'open' || checkout === 'pending';
}

/** Goes on only where the old one still is what the plan was made for. */
function withOld(old: StepFacts['old'], goOn: (old: OldSide) => MigrationStep): MigrationStep {
  if (old === 'unknown') return { kind: 'ask_again', because: 'the old provider does not answer' };
  if (old === 'gone') return attention('old_missing', 'the old provider does not know it any more');
  if (old.isEnding) return end('left', 'canceled', 'it was cancelled at the old provider');
  if (old.status === 'past_due') return end('kept', 'past_due', 'it is unpaid there: that is settled first');
  if (old.status === 'paused') return end('kept', 'paused', 'it is paused there');
  return goOn(old);
}

function nextReminderMs({ notifiedAt, remindersSent }: ItemStand, afterMinutes: readonly number[]): number {
  const minutes = afterMinutes.toSorted((a, b) => a - b)[remindersSent];
  return notifiedAt === null || minutes === undefined
    ? Number.POSITIVE_INFINITY
    : Date.parse(notifiedAt) + minutes * minuteMs;
}

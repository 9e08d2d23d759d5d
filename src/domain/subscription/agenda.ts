import { nextReminderAt } from './dunning.ts';
import type { Collection } from './customer-step.ts';
import type { LifecyclePolicy } from './lifecycle-policy.ts';
import { isOver } from './transition.ts';
import type { SubscriptionStatus } from './truth.ts';

/** Something that a subscription's workflow does by the clock. */
export interface AgendaItem {
  /**
   * `look`: read the provider, for something should have happened. `operation`: carry out a change that waits with us.
   * `end_grace`: the late payer's time is over. `issue_voucher`: the next period's, ahead of it. `look_back`: ask a
   * provider that did not begin it whether it has after all.
   */
  readonly kind:
    'look' | 'notify_trial_end' | 'remind_payment' | 'end_grace' | 'issue_voucher' | 'operation' | 'look_back';
  readonly at: string;
  /** Of an `operation`. */
  readonly changeId: string | null;
}

/** All instants ISO 8601 UTC. */
export interface AgendaInput {
  readonly status: SubscriptionStatus;
  readonly collection: Collection;
  readonly currentPeriodEnd: string | null;
  readonly trialEnd: string | null;
  readonly cancelAt: string | null;
  readonly resumesAt: string | null;
  readonly pastDueAt: string | null;
  readonly graceEndsAt: string | null;
  readonly remindersSent: number;
  readonly trialNotifiedAt: string | null;
  /** Of the voucher that is out; null: none is. */
  readonly voucherExpiresAt: string | null;
  /** When the next voucher is to be issued; null: it is out, or none is wanted. */
  readonly voucherDueAt: string | null;
  /** The next change that waits with us. */
  readonly operation: { readonly changeId: string; readonly at: string } | null;
  /** When a provider that was left is looked at again, be it over or not; absent: none was. */
  readonly lookBackAt?: string | null;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Providers take up to an hour to finalize a renewal; asking sooner would only read the old period. */
const renewalSlackMs = 1.5 * hourMs;
/** How often the provider is asked for what should have happened and has not. */
const overdueGapMs = 6 * hourMs;
/** A pause may outlast its period by months. */
const pausedGapMs = 24 * hourMs;
/** An unfinished beginning lapses at the provider within a day. */
const incompleteGapMs = hourMs;

/**
 * What is to be done next if nothing is heard before. What is due already has its own instant, in the past; looks never
 * have.
 *
 * @returns null: only a message can bring news.
 */
export function nextAgendaItem(row: AgendaInput, policy: LifecyclePolicy, nowMs: number): AgendaItem | null {
  const back = row.lookBackAt == null ? null : item('look_back', row.lookBackAt);
  if (isOver(row.status)) return back;
  const items = [back, ...graceItems(row, policy, nowMs), operationOf(row), trialNotice(row, policy, nowMs)];
  items.push(nextVoucher(row), nextLook(row, nowMs));
  return items.filter((item) => item !== null).toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at))[0] ?? null;
}

function graceItems(row: AgendaInput, policy: LifecyclePolicy, nowMs: number): readonly (AgendaItem | null)[] {
  const { pastDueAt, graceEndsAt } = row;
  if (row.status !== 'past_due' || pastDueAt === null || graceEndsAt === null) return [];
  const end = item('end_grace', graceEndsAt);
  // After an outage nobody is reminded of what ends right now.
  if (Date.parse(graceEndsAt) <= nowMs) return [end];
  const reminderAt = nextReminderAt({ pastDueAt, graceEndsAt }, row.remindersSent, policy);
  return [end, reminderAt === null ? null : item('remind_payment', reminderAt)];
}

function operationOf({ operation }: AgendaInput): AgendaItem | null {
  return operation && { kind: 'operation', at: operation.at, changeId: operation.changeId };
}

/** Nobody is told of a charge that will not come. */
function trialNotice(row: AgendaInput, policy: LifecyclePolicy, nowMs: number): AgendaItem | null {
  const { status, trialEnd, trialNotifiedAt, cancelAt } = row;
  if (status !== 'trialing' || trialEnd === null || trialNotifiedAt !== null || cancelAt !== null) return null;
  if (policy.trialNoticeDays === 0 || Date.parse(trialEnd) <= nowMs) return null;
  return item('notify_trial_end', before(trialEnd, policy.trialNoticeDays));
}

function nextVoucher({ collection, voucherDueAt }: AgendaInput): AgendaItem | null {
  return collection !== 'voucher' || voucherDueAt === null ? null : item('issue_voucher', voucherDueAt);
}

/** After whatever should happen by itself; again and again while it has not. */
function nextLook(row: AgendaInput, nowMs: number): AgendaItem | null {
  if (row.status === 'incomplete') return item('look', new Date(nowMs + incompleteGapMs).toISOString());
  const awaited = awaitedInstants(row).map((instant) => Date.parse(instant) + renewalSlackMs);
  if (awaited.length === 0) return null;
  const isOverdue = awaited.some((instant) => instant <= nowMs);
  const ahead = awaited.filter((instant) => instant > nowMs);
  const gap = row.status === 'paused' ? pausedGapMs : overdueGapMs;
  const at = Math.min(...ahead, isOverdue ? nowMs + gap : Number.POSITIVE_INFINITY);
  return item('look', new Date(at).toISOString());
}

function awaitedInstants(row: AgendaInput): readonly string[] {
  const { status, collection, currentPeriodEnd, trialEnd, cancelAt, resumesAt, voucherExpiresAt } = row;
  const periodEnd = collection === 'none' ? null : currentPeriodEnd;
  return [periodEnd, status === 'trialing' ? trialEnd : null, cancelAt, resumesAt, voucherExpiresAt].filter(
    (instant) => instant !== null,
  );
}

function item(kind: Exclude<AgendaItem['kind'], 'operation'>, at: string): AgendaItem {
  return { kind, at, changeId: null };
}

function before(instant: string, days: number): string {
  return new Date(Date.parse(instant) - days * dayMs).toISOString();
}

import type { AgendaInput } from '../../src/domain/subscription/agenda.ts';
import type { LifecyclePolicy } from '../../src/domain/subscription/lifecycle-policy.ts';
import { isOver } from '../../src/domain/subscription/transition.ts';
import { anyPolicy, type Chance } from './chance.ts';
import { createRandomProvider, type ProviderTruth, type RandomProvider } from './random-provider.ts';
import { calendarPeriod, dayMs, hourMs, iso, must, yearMs, type Rules } from './rules.ts';

interface Row extends AgendaInput {
  readonly currentPeriodStart: string | null;
  readonly observedAt: string | null;
  readonly isDisputed: boolean;
}

/** An answer of the provider, asked for at one time and arriving at another. */
interface Answer {
  readonly askedAt: number;
  readonly truth: ProviderTruth;
}

/** How late we may be by the agenda: asked for 1.5 hours after a due time, then every 6. */
const slackMs = 8 * hourMs;
const never = Number.POSITIVE_INFINITY;

/**
 * One subscription that a provider renews, from its first day to its end, with facts that are lost, doubled, late and out
 * of order, and with reads that are overtaken. Ours is the row; the workflow's part is played here.
 *
 * @returns how long it lived, in years.
 * @throws {Broken}
 */
export function liveCollected(rules: Rules, chance: Chance, startMs: number): number {
  const policy = anyPolicy(chance);
  const facts: number[] = [];
  const provider = createRandomProvider({ chance, startMs, tell });
  const endMs = startMs + chance.between(0.2, 8) * yearMs;
  let row: Row = rowOf(startMs, provider.read());
  let inFlight: Answer & { readonly arrivesAt: number } = { arrivesAt: never, askedAt: 0, truth: provider.read() };
  let [now, lookedAt, doneAt, doneTimes] = [startMs, startMs, 0, 0];
  tell(startMs);

  while (now < endMs) {
    const item = rules.nextAgendaItem(row, policy, now);
    const itemAt = item === null ? never : Math.max(now, Date.parse(item.at));
    const factAt = facts[0] ?? never;
    now = Math.min(itemAt, factAt, provider.nextAt(), inFlight.arrivesAt);
    if (now > endMs) break;
    watch();
    if (now === provider.nextAt()) provider.happen();
    else if (now === inFlight.arrivesAt) arrive();
    else if (now === factAt) hear();
    else if (item !== null) act(item.kind);
  }
  must(new Set(provider.charged).size === provider.charged.length, 'one charge per period', () =>
    provider.charged.map(iso).join(' '),
  );
  return (Math.min(now, endMs) - startMs) / yearMs;

  function tell(atMs: number): void {
    for (let copies = chance.oneOf([1, 1, 2, 3]); copies > 0; copies -= 1) {
      if (chance.of(0.15)) continue; // lost
      const delay = chance.of(0.8) ? chance.between(0, 60_000) : chance.between(0, chance.oneOf([hourMs, 5 * dayMs]));
      facts.push(atMs + delay);
    }
    facts.sort((a, b) => a - b);
  }

  function hear(): void {
    facts.shift();
    const isSlow = inFlight.arrivesAt === never && chance.of(0.1);
    if (isSlow) inFlight = { arrivesAt: now + chance.between(0, 3 * hourMs), askedAt: now, truth: provider.read() };
    else look();
  }

  function arrive(): void {
    const answer = inFlight;
    inFlight = { ...inFlight, arrivesAt: never };
    apply(answer);
  }

  function look(): void {
    lookedAt = now;
    apply({ askedAt: now, truth: provider.read() });
    if (!isOver(row.status)) inStep();
  }

  function act(kind: string): void {
    [doneAt, doneTimes] = [now, doneAt === now ? doneTimes + 1 : 0];
    must(doneTimes < 9, 'the agenda moves on', () => `${kind} again and again at ${iso(now)}`);
    look();
    if (kind === 'end_grace' && isGraceOver()) {
      provider.cancel();
      look();
    }
    if (kind === 'notify_trial_end' && row.status === 'trialing') row = { ...row, trialNotifiedAt: iso(now) };
    if (kind === 'remind_payment') remind();
  }

  function isGraceOver(): boolean {
    return row.status === 'past_due' && row.graceEndsAt !== null && Date.parse(row.graceEndsAt) <= now;
  }

  function remind(): void {
    const { pastDueAt, graceEndsAt } = row;
    if (row.status !== 'past_due' || pastDueAt === null || graceEndsAt === null) return;
    const remindersSent = rules.remindersDue({ pastDueAt, graceEndsAt }, policy, now);
    must(remindersSent > row.remindersSent, 'a reminder is a new one', () => `${remindersSent} at ${iso(now)}`);
    must(Date.parse(graceEndsAt) > now, 'nobody is reminded after the grace', () => iso(now));
    row = { ...row, remindersSent };
  }

  function apply({ askedAt, truth }: Answer): void {
    const before = row;
    const brought = { at: iso(askedAt), status: truth.status };
    const known = { at: row.observedAt ?? iso(startMs), status: row.status };
    if (rules.isLate(known, brought)) return apply({ askedAt: now, truth: provider.read() });
    const { to, effects } = rules.transitionOf(row.status, truth.status);
    if (!isOver(row.status)) row = { ...row, ...rowOf(startMs, truth), ...keptOf(row) };
    row = { ...row, status: to, observedAt: brought.at };
    if (effects.includes('close_grace')) row = { ...row, pastDueAt: null, graceEndsAt: null, remindersSent: 0 };
    if (effects.includes('open_grace')) row = { ...row, ...rules.graceFrom(iso(now), policy), remindersSent: 0 };
    must(
      !isOver(before.status) || before.status === row.status,
      'no resurrection',
      () => `${before.status} → ${row.status} at ${iso(now)}`,
    );
    checkAccess(rules, row, policy, now);
  }

  /** Right after a fresh read, ours says what theirs says. */
  function inStep(): void {
    const truth = provider.read();
    must(
      row.status === truth.status,
      'in step with the provider',
      () => `${row.status}, not ${truth.status}, at ${iso(now)}`,
    );
    if (row.status !== 'trialing') checkPeriod(row, provider);
  }

  /** At every moment, whatever comes next. */
  function watch(): void {
    if (isOver(row.status)) return;
    const graceEnds = row.graceEndsAt === null ? never : Date.parse(row.graceEndsAt);
    must(
      now <= graceEnds + slackMs,
      'every past due ends',
      () => `${row.status} at ${iso(now)}, grace until ${row.graceEndsAt}`,
    );
    const periodEnd = row.currentPeriodEnd === null ? never : Date.parse(row.currentPeriodEnd);
    const isOverdue = row.status !== 'paused' && now > periodEnd + slackMs;
    must(
      !isOverdue || now - lookedAt <= slackMs,
      'what is overdue is looked at',
      () => `${iso(lookedAt)}, now ${iso(now)}`,
    );
  }
}

function checkPeriod(row: Row, provider: RandomProvider): void {
  const anchorMs = provider.anchorAt();
  const months = Math.round((Date.parse(row.currentPeriodStart ?? '') - anchorMs) / (30.4369 * dayMs));
  const index = provider.interval === 'yearly' ? Math.round(months / 12) : months;
  const { start, end } = calendarPeriod(anchorMs, provider.interval, index);
  const isOnIt = start === row.currentPeriodStart && end === row.currentPeriodEnd;
  const ours = () => `${row.currentPeriodStart} – ${row.currentPeriodEnd}`;
  must(isOnIt, "periods are the calendar's", () => `${ours()}, not ${start} – ${end}`);
}

function checkAccess(rules: Rules, row: Row, policy: LifecyclePolicy, nowMs: number): void {
  const { isAllowed, until } = rules.entitlementOf({ ...row, policy });
  const paysOrTries = row.status === 'active' || row.status === 'trialing';
  const isKept = row.status === 'past_due' && policy.pastDueAccess === 'keep';
  const expected = (paysOrTries || isKept) && !(row.isDisputed && policy.disputeAccess === 'revoke');
  must(isAllowed === expected, 'entitled when the policy says', () => `${row.status} at ${iso(nowMs)}: ${isAllowed}`);
  must(!isKept || !isAllowed || until === row.graceEndsAt, 'kept access ends with the grace', () => `${until}`);
}

/** The columns that a truth decides, made once per truth: most looks find the one that was known. */
function rowOf(startMs: number, truth: ProviderTruth): Row {
  const known = rows.get(truth);
  if (known) return known;
  const row = columnsOf(startMs, truth);
  rows.set(truth, row);
  return row;
}

const rows = new WeakMap<ProviderTruth, Row>();

function columnsOf(startMs: number, truth: ProviderTruth): Row {
  const at = (ms: number | null) => (ms === null ? null : iso(ms));
  return {
    ...{ status: truth.status, collection: 'provider', isDisputed: truth.isDisputed },
    ...{
      currentPeriodStart: iso(truth.periodStart),
      currentPeriodEnd: iso(truth.periodEnd),
      trialEnd: at(truth.trialEnd),
    },
    ...{ cancelAt: truth.cancelAtPeriodEnd ? iso(truth.periodEnd) : null, resumesAt: at(truth.resumesAt) },
    ...{ pastDueAt: null, graceEndsAt: null, remindersSent: 0, trialNotifiedAt: null },
    ...{ voucherExpiresAt: null, voucherDueAt: null, operation: null, observedAt: iso(startMs) },
  };
}

/** What is ours alone: no truth tells of it. */
function keptOf({ pastDueAt, graceEndsAt, remindersSent, trialNotifiedAt }: Row) {
  return { pastDueAt, graceEndsAt, remindersSent, trialNotifiedAt };
}

/** Something that a subscription's workflow does by the clock. */
export interface AgendaItem {
  /**
   * `look`: read the provider, for something should have happened. `operation`: carry out a change that waits with us.
   * `end_grace`: the late payer's time is over. `issue_voucher`: the next period's, ahead of it.
   */
  readonly kind: 'look' | 'notify_trial_end' | 'remind_payment' | 'end_grace' | 'issue_voucher' | 'operation';
  readonly at: string;
  /** Of an `operation`. */
  readonly changeId: string | null;
}

export interface AgendaInput {
  readonly currentPeriodEnd: string | null;
  readonly trialEnd: string | null;
  readonly cancelAt: string | null;
  readonly resumesAt: string | null;
}

const hourMs = 3_600_000;

/** Providers take up to an hour to finalize a renewal; asking sooner would only read the old period. */
const renewalSlackMs = 1.5 * hourMs;

/** What is to be done next if nothing is heard before; null: only a message can bring news. */
export function nextAgendaItem(row: AgendaInput, nowMs: number): AgendaItem | null {
  const due = [row.currentPeriodEnd, row.trialEnd, row.cancelAt, row.resumesAt]
    .filter((instant) => instant !== null)
    .map((instant) => Date.parse(instant) + renewalSlackMs);
  if (due.length === 0) return null;
  const next = due.filter((instant) => instant > nowMs).toSorted((a, b) => a - b)[0];
  return { kind: 'look', at: new Date(next ?? nowMs + 6 * hourMs).toISOString(), changeId: null };
}

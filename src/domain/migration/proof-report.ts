import { parse } from '../calendar/calendar.ts';
import type { PeriodState, ProofVerdict } from './proof.ts';
import type { ProofLine } from './proof-line.ts';

export const proofFormat = 'plinto-billing/migration-proof/1';

/**
 * What is one boundary: within one side minutes, for a provider collects renewals when it comes to them; where the right
 * to charge goes over seconds, for that date was set to the second.
 */
export const proofTolerance = { toleranceMinutes: 60, handoverSeconds: 60 } as const;

/** The same as a report names it. */
export const toldTolerance = {
  tolerance_minutes: proofTolerance.toleranceMinutes,
  handover_tolerance_seconds: proofTolerance.handoverSeconds,
} as const;

/** Money of one provider, currency and way of counting. Each charge stands in exactly one of these. */
export interface ProofMoney {
  readonly provider: string;
  readonly currency: string;
  readonly counts: string;
  readonly charges: number;
  readonly amount_minor: number;
  readonly refunded_minor: number;
}

export interface ProofTotals {
  readonly items: number;
  readonly verdicts: Readonly<Record<ProofVerdict, number>>;
  readonly periods: Readonly<Record<PeriodState, number>>;
  /** The longest time that nothing covers, and the longest that was taken for one boundary; 0: none. */
  readonly longest_gap_seconds: number;
  readonly longest_seam_seconds: number;
  /** Items whose customer has another subscription to the same offer at the old provider. */
  readonly also_billed: number;
  readonly money: readonly ProofMoney[];
}

/** The part that is signed: with the hash of the lines it stands for all of them. */
export interface ProofReport extends ProofTotals {
  readonly format: typeof proofFormat;
  readonly id: string;
  readonly migration_id: string;
  readonly migration_name: string;
  readonly project_id: string;
  readonly mode: 'live' | 'test';
  readonly from_provider: string;
  readonly to_provider: string | null;
  /** Each line is looked at from one of its intervals before this. */
  readonly migration_began_at: string;
  readonly as_of: string;
  readonly finished_at: string;
  readonly tolerance_minutes: number;
  readonly handover_tolerance_seconds: number;
  readonly grace_minutes: number;
  /** No gap, no overlap, and nothing that could not be read. */
  readonly is_clean: boolean;
  /** SHA-256 in hex over every line's canonical JSON, each followed by a line feed, in the report's order. */
  readonly lines_sha256: string;
  readonly key_id: string;
}

/** Reads a signed report again. @throws {Error} it is none of this format. */
export function readProofReport(text: string): ProofReport {
  const report: unknown = JSON.parse(text);
  if (isProofReport(report)) return report;
  throw new Error('this is no report of a proof');
}

function isProofReport(value: unknown): value is ProofReport {
  return typeof value === 'object' && value !== null && 'format' in value && value.format === proofFormat;
}

/** Adds lines up, one after another: a report of any length costs no more memory than its sums. */
export function createTally(): { add(line: ProofLine): void; totals(): ProofTotals } {
  const periods: Record<PeriodState, number> = {
    ...{ gap: 0, overlap: 0, unpaid: 0, refunded: 0, awaited: 0, paused: 0, free: 0, charged: 0 },
  };
  const verdicts: Record<ProofVerdict, number> = { ...periods, unproven: 0, nothing_due: 0 };
  const money = new Map<string, ProofMoney>();
  let items = 0;
  let alsoBilled = 0;
  let longestGap = 0;
  let longestSeam = 0;
  return {
    add(line) {
      items += 1;
      if (line.also_billed_by.length > 0) alsoBilled += 1;
      verdicts[line.verdict] += 1;
      longestSeam = Math.max(longestSeam, line.seam_seconds);
      for (const { state, start, end } of line.periods) {
        periods[state] += 1;
        if (state === 'gap') longestGap = Math.max(longestGap, Math.round((parse(end) - parse(start)) / 1_000));
      }
      for (const charge of line.charges) {
        const { provider, currency, counts } = charge;
        const key = `${provider}/${currency}/${counts}`;
        const sum = money.get(key) ?? { provider, currency, counts, charges: 0, amount_minor: 0, refunded_minor: 0 };
        money.set(key, {
          ...{ ...sum, charges: sum.charges + 1, amount_minor: sum.amount_minor + charge.amount_minor },
          refunded_minor: sum.refunded_minor + (charge.refunded_minor ?? 0),
        });
      }
    },
    totals: () => ({
      ...{ items, also_billed: alsoBilled },
      ...{ longest_gap_seconds: longestGap, longest_seam_seconds: longestSeam },
      ...{ verdicts: { ...verdicts }, periods: { ...periods } },
      money: [...money.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, sum]) => sum),
    }),
  };
}

export function isClean({ verdicts }: Pick<ProofTotals, 'verdicts'>): boolean {
  return verdicts.gap + verdicts.overlap + verdicts.unproven === 0;
}

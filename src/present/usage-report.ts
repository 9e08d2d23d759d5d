import type {
  UsageOfOrganizationAnswer,
  UsageReportAnswer,
  UsageReportItemAnswer,
  UsageReportSummaryAnswer,
} from '../api/schemas/usage-report.ts';
import type { UsageReport } from '../db/entities/usage.ts';
import {
  countByProvider,
  sumUp,
  type ItemCount,
  type MeterCount,
  type OrganizationCounts,
  type RejectionCount,
} from '../db/queries/usage-report-breakdown.ts';
import type { ItemRow } from '../db/queries/usage-report-rows.ts';
import { rejectionOf, unmeteredCode } from '../domain/usage/rejection.ts';
import type { UsageCounts, UsageDifference, UsageReportPhase } from '../domain/usage/report.ts';
import { isoOrNull } from './values.ts';

/** What a summary is made of besides the row. */
export interface ReportStanding {
  /** Of events. */
  readonly counts: UsageCounts;
  /** Of this report, by provider. */
  readonly items: readonly ItemCount[];
  /** Until when the report before it reaches. */
  readonly from: Date | null;
}

export interface ReportBreakdown {
  readonly meters: readonly MeterCount[];
  readonly organizations: readonly OrganizationCounts[];
  readonly rejections: readonly RejectionCount[];
  /** Events that no meter counts. */
  readonly unmetered: number;
  /** By id: the keys of the meters that differ. */
  readonly meterKeys: ReadonlyMap<string, string>;
}

export function presentUsageReportSummary(row: UsageReport, standing: ReportStanding): UsageReportSummaryAnswer {
  const { counts, items, from } = standing;
  return {
    ...{ id: row.id, status: row.status, phase: row.phase, cause: row.cause, actor: row.actor },
    why: whyOf(row, counts),
    ...countsOf(counts),
    meter_events: sumUp(items, 'events'),
    items: sumUp(items, 'items'),
    differing: row.differences?.length ?? null,
    failure: failureOf(row),
    from: isoOrNull(from),
    to: isoOrNull(row.coveredUntil),
    created_at: row.createdAt.toISOString(),
    started_at: isoOrNull(row.startedAt),
    finished_at: isoOrNull(row.finishedAt),
  };
}

export function presentUsageReport(
  row: UsageReport,
  standing: ReportStanding,
  breakdown: ReportBreakdown,
): UsageReportAnswer {
  return {
    ...presentUsageReportSummary(row, standing),
    by_provider: countByProvider(standing.items).map(({ provider, events, items }) => ({ provider, ...events, items })),
    by_meter: presentMeters(breakdown.meters),
    by_organization: breakdown.organizations.map(presentUsageOfOrganization),
    rejected_by_code: presentRejections(breakdown),
    differences: (row.differences ?? []).map((each) => presentDifference(each, breakdown.meterKeys)),
  };
}

export function presentUsageOfOrganization(row: OrganizationCounts): UsageOfOrganizationAnswer {
  return { organization_id: row.organizationId, ...countsOf(row) };
}

export function presentUsageItem(row: ItemRow): UsageReportItemAnswer {
  const rejection = row.status === 'rejected' ? rejectionOf(row.code ?? 'rejected', row.detail) : null;
  return {
    ...{ id: row.id, report_id: row.reportId, organization_id: row.organizationId },
    ...{ meter_id: row.meterId, meter: row.meter, unit: row.unit },
    bucket: iso(row.bucket),
    value: row.value,
    ...{ provider: row.provider, provider_customer_id: row.providerCustomerId },
    ...{ events: row.events, quantity: row.quantity },
    occurred_at: iso(row.occurredAt),
    ...{ status: row.status, counted_as: row.countedAs, code: row.code, detail: row.detail },
    why: rejection?.why ?? waitsFor[row.status] ?? null,
    fix: rejection?.fix ?? null,
    replaces: row.replaces,
    attempts: row.attempts,
    sent_at: row.sentAt && iso(row.sentAt),
    reported_at: row.reportedAt && iso(row.reportedAt),
    updated_at: iso(row.updatedAt),
  };
}

const waitsFor: Readonly<Partial<Record<ItemRow['status'], string>>> = {
  sending: 'It was sent; whether it arrived is not known yet.',
  unknown: 'Its answer was lost. The provider is asked what it has before it is told again.',
  replaced: 'A later correction took its place at the provider.',
};

function countsOf({ received, reported, rejected, pending }: UsageCounts): UsageCounts {
  return { received, reported, rejected, pending };
}

function presentMeters(rows: readonly MeterCount[]): UsageReportAnswer['by_meter'] {
  return [...new Set(rows.map(({ meterId }) => meterId))].flatMap((meterId) => {
    const own = rows.filter((each) => each.meterId === meterId);
    const [meter] = own;
    if (meter === undefined) return [];
    const of = (countedAs: ItemCount['countedAs']) => own.find((each) => each.countedAs === countedAs);
    const events = (countedAs: ItemCount['countedAs']) => of(countedAs)?.events ?? 0;
    const quantity = (countedAs: ItemCount['countedAs']) => of(countedAs)?.quantity ?? '0';
    const isSum = meter.aggregation === 'sum' || meter.aggregation === 'count';
    const [reported, rejected, pending] = [events('reported'), events('rejected'), events('pending')];
    return [
      {
        ...{ meter_id: meterId, meter: meter.key, aggregation: meter.aggregation, unit: meter.unit },
        ...{ received: reported + rejected + pending, reported, rejected, pending },
        quantity: isSum
          ? { reported: quantity('reported'), rejected: quantity('rejected'), pending: quantity('pending') }
          : null,
      },
    ];
  });
}

function presentRejections({ rejections, unmetered }: ReportBreakdown): UsageReportAnswer['rejected_by_code'] {
  const none = { provider: null, code: unmeteredCode, detail: null, items: 0, events: unmetered };
  return [...rejections, ...(unmetered > 0 ? [none] : [])].map(({ provider, code, detail, items, events }) => {
    const shown = code ?? 'rejected';
    const { why, fix } = rejectionOf(shown, detail);
    return { provider, code: shown, items, events, detail, why, fix };
  });
}

function presentDifference(row: UsageDifference, keys: ReadonlyMap<string, string>) {
  return {
    ...{ provider: row.provider, organization_id: row.organizationId },
    ...{ meter_id: row.meterId, meter: keys.get(row.meterId) ?? row.meterId },
    ...{ from: row.from, to: row.to, ours: row.ours, theirs: row.theirs },
  };
}

function failureOf({ failureCode, failureDetail }: UsageReport): UsageReportSummaryAnswer['failure'] {
  if (failureCode === null) return null;
  const detail = failureDetail?.['message'];
  return { code: failureCode, detail: typeof detail === 'string' ? detail : null };
}

const doing: Readonly<Record<UsageReportPhase, string>> = {
  collect: 'gathers what was used',
  send: 'tells the providers',
  compare: 'asks the providers what they have',
  done: 'is done',
};

function whyOf(row: UsageReport, counts: UsageCounts): string {
  const { received, reported, rejected, pending } = counts;
  const story = `${received} events: ${reported} reported, ${rejected} rejected, ${pending} pending.`;
  switch (row.status) {
    case 'requested':
      return row.startedAt === null ? 'It waits for a worker.' : `It waits for a worker. ${story}`;
    case 'running':
      return `It ${doing[row.phase]}. ${story}`;
    case 'succeeded':
      return [story, ...remarks(row, counts)].join(' ');
    case 'failed':
      return `It failed (${row.failureCode ?? 'internal_error'}) where it ${doing[row.phase]}. ${story}`;
  }
}

function remarks({ differences }: UsageReport, { rejected, pending }: UsageCounts): readonly string[] {
  const differing = differences?.length ?? 0;
  return [
    ...(rejected > 0 ? ['rejected_by_code says why, and what to do before a retry.'] : []),
    ...(pending > 0 ? ['What is pending is not known to have arrived, or is sent with the next report.'] : []),
    ...(differing > 0 ? [`${differing} meters at providers say something else than they were told.`] : []),
  ];
}

function iso(at: Date | string): string {
  return new Date(at).toISOString();
}

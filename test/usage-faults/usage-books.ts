import type { Expected } from './expect.ts';
import type { ReportAnswer } from './reports.ts';

/** What somebody says that one organization has used of one meter. */
export interface Figure {
  readonly organizationId: string;
  readonly meter: string;
  /** A plain decimal without zeros at its end. */
  readonly value: string;
}

/** Everything that is compared once nothing is under way any more. */
export interface UsageBooks {
  readonly expected: Expected;
  /** Rows of events, by organization. */
  readonly stored: Readonly<Record<string, number>>;
  /** As our API tells it. */
  readonly ours: readonly Figure[];
  /** As the providers tell it. */
  readonly theirs: readonly Figure[];
  /** Hours whose rollup is not what its events add up to. */
  readonly miscounted: Readonly<Record<string, number>>;
  readonly reports: readonly ReportAnswer[];
  /** As answers said: accepted for the first time. */
  readonly accepted: number;
}

/** Everything that must hold, as faults; empty: every event was counted once here and once there. Pure. */
export function compareUsage(books: UsageBooks): readonly string[] {
  return [...storedFaults(books), ...ourFaults(books), ...theirFaults(books), ...reportFaults(books)];
}

/** Each event is one row, however often it was sent. */
function storedFaults({ expected, stored, accepted }: UsageBooks): readonly string[] {
  const sent = total(Object.values(expected.events));
  const names = new Set([...Object.keys(expected.events), ...Object.keys(stored)]);
  return [
    ...[...names].flatMap((id) => {
      const [wanted, found] = [expected.events[id] ?? 0, stored[id] ?? 0];
      return wanted === found ? [] : [`${id} has ${found} events, ${wanted} different ones were sent`];
    }),
    ...(accepted > sent ? [`${accepted} events were accepted as new, ${sent} different ones were sent`] : []),
  ];
}

function ourFaults({ expected, ours, miscounted }: UsageBooks): readonly string[] {
  const told = byName(ours);
  return [
    ...expected.meters.flatMap(({ organizationId, meter, value }) => {
      const found = told.get(`${organizationId} ${meter}`);
      return found === value ? [] : [`${organizationId} has used ${found ?? 'nothing'} of ${meter}, not ${value}`];
    }),
    ...Object.entries(miscounted).flatMap(([meter, hours]) =>
      hours === 0 ? [] : [`${hours} hours of ${meter} are not what their events add up to`],
    ),
  ];
}

/** A provider that counts a meter has our figure; one that cannot has none. */
function theirFaults({ expected, theirs }: UsageBooks): readonly string[] {
  const told = byName(theirs);
  return expected.meters.flatMap(({ organizationId, meter, value, isBilled }) => {
    const found = told.get(`${organizationId} ${meter}`) ?? '0';
    const wanted = isBilled ? value : '0';
    return found === wanted
      ? []
      : [`the provider of ${organizationId} has counted ${found} of ${meter}, not ${wanted}`];
  });
}

/** No event is in two reports, none is in no report, and each stands where it must. */
function reportFaults({ expected, reports }: UsageBooks): readonly string[] {
  const faults = reports.flatMap((report) => {
    const { id, status, received, reported, rejected, pending } = report;
    const sum = reported + rejected + pending;
    return [
      ...(status === 'succeeded' ? [] : [`report ${id} is ${status}: ${report.why}`]),
      ...(sum === received ? [] : [`report ${id} received ${received} events and accounts for ${sum}`]),
      ...(pending === 0 ? [] : [`report ${id} has ${pending} events pending`]),
    ];
  });
  const last = reports.at(-1);
  const compared = [
    ['received', total(Object.values(expected.events))],
    ['reported', expected.reported],
    ['rejected', expected.rejected],
  ] as const;
  return [
    ...faults,
    ...compared.flatMap(([count, wanted]) => {
      const found = total(reports.map((report) => report[count]));
      return found === wanted ? [] : [`all reports together ${count} ${found} events, not ${wanted}`];
    }),
    ...(last && last.differing !== 0
      ? [`the last report ${last.id} found ${last.differing ?? 'no answer about'} differences at providers`]
      : []),
  ];
}

function byName(figures: readonly Figure[]): ReadonlyMap<string, string> {
  return new Map(figures.map(({ organizationId, meter, value }) => [`${organizationId} ${meter}`, value]));
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

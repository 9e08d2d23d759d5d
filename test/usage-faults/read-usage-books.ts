import type pg from 'pg';
import type { Target } from '../../bench/stack/target.ts';
import { createPatientCaller, isAnswered } from '../support/patient-caller.ts';
import type { Expected } from './expect.ts';
import { meters } from './meters.ts';
import type { UsagePlan } from './plan.ts';
import { readProviderFigures } from './provider-figures.ts';
import type { ReportAnswer } from './reports.ts';
import { read } from './stage.ts';
import type { Figure, UsageBooks } from './usage-books.ts';

const dayMs = 86_400_000;

/** Both sides' figures as they stand. */
export async function readUsageBooks(input: {
  readonly target: Target;
  readonly database: pg.Pool;
  readonly plan: UsagePlan;
  readonly expected: Expected;
  readonly reports: readonly ReportAnswer[];
  readonly accepted: number;
}): Promise<UsageBooks> {
  const { target, database, plan, expected, reports, accepted } = input;
  // Wider than anything that was sent.
  const window = { from: new Date(Date.now() - dayMs), to: new Date(Date.now() + dayMs) };
  const meterIds = await readMeterIds(target);
  return {
    ...{ expected, reports, accepted },
    stored: await countStored(database),
    ours: await readOurFigures(target, plan, window),
    theirs: await readProviderFigures(target, database, meterIds, window),
    miscounted: await recountAll(target, meterIds),
  };
}

interface MeterAnswer {
  readonly id: string;
  readonly key: string;
}

/** Keys by id. */
async function readMeterIds(target: Target): Promise<ReadonlyMap<string, string>> {
  const page = await read<{ readonly data: readonly MeterAnswer[] }>(target, '/billing/meters?limit=100');
  return new Map(page.data.map(({ id, key }) => [id, key]));
}

async function countStored(database: pg.Pool): Promise<Readonly<Record<string, number>>> {
  const { rows } = await database.query<{ readonly organization_id: string; readonly events: number }>(
    'select organization_id, count(*)::float8 as events from usage_events group by organization_id',
  );
  return Object.fromEntries(rows.map(({ organization_id: id, events }) => [id, events]));
}

async function readOurFigures(
  target: Target,
  { organizations }: UsagePlan,
  { from, to }: { readonly from: Date; readonly to: Date },
): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const { id } of organizations)
    for (const { key } of meters) {
      const range = `from=${from.toISOString()}&to=${to.toISOString()}&group_by=month`;
      const path = `/billing/usage?organization_id=${id}&meter=${key}&${range}`;
      const { total } = await read<{ readonly total: string }>(target, path);
      figures.push({ organizationId: id, meter: key, value: total });
    }
  return figures;
}

interface Recount {
  readonly different: number;
}

async function recountAll(
  target: Target,
  meterIds: ReadonlyMap<string, string>,
): Promise<Readonly<Record<string, number>>> {
  const different: Record<string, number> = {};
  const headers = { authorization: `Bearer ${target.ops_key}`, 'content-type': 'application/json' };
  for (const [id, key] of meterIds) {
    const path = `/api/v1/ops/meters/${id}/recount`;
    const call = createPatientCaller(target);
    const counted = await call.until<Recount>('POST', path, { headers, body: '{}' }, isAnswered);
    different[key] = counted.different;
  }
  return different;
}

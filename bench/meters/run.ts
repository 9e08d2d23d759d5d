import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { z } from 'zod';
import { createReport, type Report } from '../report/report.ts';
import { summarize, type Summary } from '../report/statistics.ts';
import type { Target } from '../stack/target.ts';
import { countAll, removeEvents, storeEvents, untilRolled } from './events.ts';
import type { BenchInput } from '../stack/bench-input.ts';

export interface MeterBenchInput extends BenchInput {
  /** A stack that is thrown away afterwards keeps what was made up. */
  readonly isOwn: boolean;
  readonly count: number;
}

const readings = 100;
const limitMs = 200;
const tailEvents = 50_000;
const answer = z.object({ total: z.string(), events: z.number() });

/** A month's total of one organization with many events, beside counting them: from rollups, and with a tail that waits. */
export async function runMeterBench(input: MeterBenchInput): Promise<Report> {
  const { target, count, print } = input;
  const organizationId = `bench_${randomUUID().slice(0, 8)}`;
  const database = new pg.Client({ connectionString: target.database_url });
  const holder = new pg.Client({ connectionString: target.database_url });
  await Promise.all([database.connect(), holder.connect()]);
  try {
    await database.query(`insert into organizations (project_id, live, id) values ('default', false, $1)`, [
      organizationId,
    ]);
    const month = thisMonth();
    const began = performance.now();
    await storeEvents(database, { organizationId, count, ...month, prefix: 'e' }, print);
    const storedMs = performance.now() - began;
    const rolledMs = storedMs + (await untilRolled(database));
    await database.query('analyze usage_events, usage_rollups');
    print(`${count} events are stored and counted in ${Math.round(rolledMs / 1_000)} s`);
    const rolled = await read(target, organizationId, month);
    const floor = await countAll(database, organizationId);
    // A transaction that stays open holds the mark, as an import does: what comes meanwhile is counted when it is read.
    await holder.query('begin');
    await holder.query('select pg_current_xact_id()');
    await storeEvents(database, { organizationId, count: tailEvents, ...month, prefix: 't' }, print);
    const tail = await read(target, organizationId, month);
    await holder.query('rollback');
    const caughtUpMs = await untilRolled(database);
    const after = await read(target, organizationId, month);
    const isRight = rolled.total === floor.total && tail.total === after.total && after.total !== rolled.total;
    return reportOf(input, { storedMs, rolledMs, rolled, floorMs: floor.ms, tail, caughtUpMs, isRight });
  } finally {
    if (!input.isOwn) await removeEvents(database, organizationId);
    await Promise.all([database.end(), holder.end()]);
  }
}

interface Measured {
  readonly storedMs: number;
  readonly rolledMs: number;
  readonly rolled: Reading;
  readonly floorMs: number;
  readonly tail: Reading;
  readonly caughtUpMs: number;
  readonly isRight: boolean;
}

interface Reading {
  readonly total: string;
  readonly summary: Summary;
}

async function read(target: Target, organizationId: string, { fromMs, toMs }: Month): Promise<Reading> {
  const path = `/api/v1/billing/usage?organization_id=${organizationId}&meter=api_calls&group_by=month`;
  const range = `&from=${new Date(fromMs).toISOString()}&to=${new Date(toMs).toISOString()}`;
  const times: number[] = [];
  let total = '';
  for (let index = 0; index < readings; index += 1) {
    const began = performance.now();
    const response = await fetch(`${target.api_url}${path}${range}`, {
      headers: { authorization: `Bearer ${target.secret_key}` },
    });
    if (!response.ok) throw new Error(`usage was answered with ${response.status}`);
    total = answer.parse(await response.json()).total;
    times.push(performance.now() - began);
  }
  return { total, summary: summarize(times, 0) };
}

interface Month {
  readonly fromMs: number;
  readonly toMs: number;
}

function thisMonth(): Month {
  const now = new Date();
  const startOf = (months: number) => Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + months);
  return { fromMs: startOf(0), toMs: startOf(1) };
}

function reportOf({ whose, count }: MeterBenchInput, measured: Measured): Report {
  const { storedMs, rolledMs, rolled, floorMs, tail, caughtUpMs, isRight } = measured;
  const perSecond = (events: number, ms: number) => Math.round((events / ms) * 1_000);
  return createReport({
    bench: 'meters',
    method: [
      `On ${whose}: ${count} events of one organization and month, stored by SQL in transactions of 50,000; ${readings} readings`,
      'of the monthly total through GET /billing/usage, one after the other.',
      `Stored at ${perSecond(count, storedMs)}/s; counted by the relay beside that, done after ${Math.round(rolledMs / 1_000)} s.`,
      `Floor: sum(quantity) over the same events by their index, once: ${Math.round(floorMs)} ms.`,
      `Tail: ${tailEvents} events that an open transaction keeps out of the rollups; counted ${Math.round(caughtUpMs)} ms after its end.`,
    ],
    rows: [
      { what: 'full count of the events', summary: summarize([floorMs], 0) },
      { what: 'monthly total, rollups', summary: rolled.summary },
      { what: `monthly total, ${tailEvents} events uncounted`, summary: tail.summary },
    ],
    facts: { count, storedMs, rolledMs, floorMs, caughtUpMs, total: rolled.total },
    targets: [
      {
        what: 'monthly total p99',
        limit: `<= ${limitMs} ms`,
        measured: `${rolled.summary.p99.toFixed(1)} ms`,
        isHeld: rolled.summary.p99 <= limitMs,
      },
      { what: 'totals equal a full count', limit: 'yes', measured: isRight ? 'yes' : 'no', isHeld: isRight },
    ],
  });
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { UsageReport } from '../db/entities/usage.ts';
import {
  listCompared,
  noteDifferences,
  sumTold,
  type Compared,
  type ComparedPlace,
} from '../db/queries/usage-compare.ts';
import { agrees } from '../domain/usage/decimal.ts';
import type { UsageDifference } from '../domain/usage/report.ts';
import { hoursOf } from './ask-usage.ts';
import { findUsageReport, type UsageReportRef } from './begin-usage-report.ts';
import { createPatience } from './compare-patience.ts';
import type { ActivityDeps } from './deps.ts';
import { providerMeterOf } from './provider-meter.ts';
import { accountOf } from './provider-account.ts';
import { refusalCode, type UsageDesk } from './usage-desk.ts';

const pageSize = 50;
const beginning: ComparedPlace = ['', '', ''];

export interface CompareUsageInput extends UsageReportRef {
  readonly provider: string;
  /** What the page before answered; null: from the beginning. */
  readonly cursor: ComparedPlace | null;
  /** Whether only what differed before is looked at: providers count a little later than they receive. */
  readonly isAgain: boolean;
}

export interface ComparedUsage {
  /** null: it was the last page. */
  readonly cursor: ComparedPlace | null;
  readonly compared: number;
  /** Of this page. */
  readonly differ: number;
}

/** Asks a provider what it has counted of a page of what a report told it, and writes what differs. Safe to repeat. */
export function createCompareUsage(deps: ActivityDeps) {
  return async function compareUsage(input: CompareUsageInput): Promise<ComparedUsage> {
    const { projectId, live, provider, reportId } = input;
    const em = () => deps.orm.em.fork();
    const report = await findUsageReport(em(), input);
    const page = await listCompared(em(), {
      ...{ reportId, provider, after: input.cursor ?? beginning, limit: pageSize },
    });
    const wanted = input.isAgain ? page.filter((each) => differed(report, provider, each)) : page;
    const cursor = page.length < pageSize ? null : placeOf(page.at(-1));
    if (wanted.length === 0) return { cursor, compared: 0, differ: 0 };
    const { client } = await accountOf({ ...deps, providers: deps.background }, projectId, live, provider);
    if (!client.usage) return { cursor, compared: 0, differ: 0 };
    const desk: UsageDesk = { em, usage: client.usage, scope: { projectId, live, provider }, sleep };
    const found = await lookAt(desk, wanted);
    await noteDifferences(em(), report, { provider, at: wanted, found });
    return { cursor, compared: wanted.length, differ: found.length };
  };
}

function differed({ differences }: UsageReport, provider: string, { organizationId, meterId }: Compared): boolean {
  return (differences ?? []).some(
    (each) => each.provider === provider && each.organizationId === organizationId && each.meterId === meterId,
  );
}

async function lookAt(desk: UsageDesk, page: readonly Compared[]): Promise<readonly UsageDifference[]> {
  const patiently = createPatience(desk.sleep);
  const found: UsageDifference[] = [];
  for (const each of page) {
    const { organizationId, meterId, providerCustomerId, fromMs, toMs } = each;
    const { provider } = desk.scope;
    const providerMeterId = await providerMeterOf(desk.em(), desk.usage, { ...desk.scope, meterId });
    const theirs = await patiently(() =>
      desk.usage.quantity({ providerMeterId, providerCustomerId, ...hoursOf({ fromMs, toMs }) }),
    ).catch(nothingThere);
    const ours = await sumTold(desk.em(), desk.scope, each);
    const [from, to] = [new Date(fromMs).toISOString(), new Date(toMs).toISOString()];
    if (!agrees(ours, theirs)) found.push({ provider, organizationId, meterId, from, to, ours, theirs });
  }
  return found;
}

/** Of a customer or a meter that it does not know, the provider has counted nothing. */
function nothingThere(error: unknown): string {
  if (refusalCode(error) === null) throw error;
  return '0';
}

function placeOf(last: Compared | undefined): ComparedPlace | null {
  return last ? [last.organizationId, last.meterId, last.providerCustomerId] : null;
}

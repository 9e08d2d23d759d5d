import { setTimeout as sleep } from 'node:timers/promises';
import type { Target } from '../../bench/stack/target.ts';
import type { PlanClock } from '../faults/plan-clock.ts';
import type { Answered } from '../support/patient-caller.ts';
import { read } from './stage.ts';

/** As `GET /billing/usage-reports` has them. */
export interface ReportAnswer {
  readonly id: string;
  readonly status: string;
  readonly received: number;
  readonly reported: number;
  readonly rejected: number;
  readonly pending: number;
  /** Providers' meters that say something else. */
  readonly differing: number | null;
  readonly why: string;
}

const path = '/billing/usage-reports';
const everyMs = 1_000;

/** Asks for a report again and again, also while one runs or nobody answers, until the plan is over. */
export async function askForReports(
  target: Target,
  clock: Pick<PlanClock, 'until'>,
  lengthMs: number,
  onAnswer: (answered: Answered) => void,
): Promise<void> {
  for (let atMs = everyMs; atMs < lengthMs; atMs += everyMs) {
    await clock.until(atMs);
    await requestReport(target, onAnswer);
  }
}

async function requestReport(target: Target, onAnswer: (answered: Answered) => void): Promise<void> {
  try {
    const answer = await fetch(`${target.api_url}/api/v1${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${target.secret_key}`, 'content-type': 'application/json' },
      body: '{}',
      signal: AbortSignal.timeout(15_000),
    });
    const { code } = (await answer.json()) as { readonly code?: string };
    onAnswer({ status: answer.status, code: answer.ok ? null : (code ?? null) });
  } catch {
    onAnswer({ status: 0, code: null });
  }
}

/** A report tells providers by the thousand; what is still open after that will stay so. */
const longestMs = 300_000;

/** Has what is left reported, and waits until nothing is under way. @returns every report, oldest first. */
export async function finishReports(
  target: Target,
  expectedEvents: number,
  onAnswer: (answered: Answered) => void,
  print: (line: string) => void,
): Promise<readonly ReportAnswer[]> {
  for (let startMs = Date.now(), saidMs = 0; ; await sleep(500)) {
    const reports = await listReports(target);
    const open = reports.find(({ status }) => status === 'requested' || status === 'running');
    const received = reports.reduce((sum, report) => sum + report.received, 0);
    const pending = reports.reduce((sum, report) => sum + report.pending, 0);
    const isDone = open === undefined && received >= expectedEvents && pending === 0;
    const nowMs = Date.now() - startMs;
    if (isDone || nowMs > longestMs) return reports;
    if (open === undefined && received < expectedEvents) await requestReport(target, onAnswer);
    if (nowMs - saidMs > 5_000) {
      saidMs = nowMs;
      const state = open === undefined ? 'no report is open' : open.why;
      print(
        `${Math.round(nowMs / 1_000)} s after the faults: ${received} of ${expectedEvents} events, ${pending} pending; ${state}`,
      );
    }
  }
}

interface Page {
  readonly data: readonly ReportAnswer[];
  readonly next_cursor: string | null;
}

async function listReports(target: Target): Promise<readonly ReportAnswer[]> {
  const reports: ReportAnswer[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const query: string = cursor === '' ? '?limit=100' : `?limit=100&cursor=${encodeURIComponent(cursor)}`;
    const page: Page = await read(target, `${path}${query}`);
    reports.push(...page.data);
    cursor = page.next_cursor;
  }
  return reports.toReversed();
}

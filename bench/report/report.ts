import { cpus, release, totalmem, type } from 'node:os';
import type { Summary } from './statistics.ts';

export interface Row {
  readonly what: string;
  readonly summary: Summary;
}

export interface Target {
  readonly what: string;
  readonly limit: string;
  readonly measured: string;
  readonly isHeld: boolean;
}

export interface Report {
  readonly bench: string;
  readonly at: string;
  readonly machine: {
    readonly cores: number;
    readonly cpu: string;
    readonly memoryGb: number;
    readonly system: string;
  };
  readonly node: string;
  /** How it was measured, in sentences. */
  readonly method: readonly string[];
  readonly rows: readonly Row[];
  readonly facts: Readonly<Record<string, unknown>>;
  readonly targets: readonly Target[];
}

/** Adds to the figures where and when they were taken. */
export function createReport(parts: Omit<Report, 'at' | 'machine' | 'node'>): Report {
  const cores = cpus();
  const machine = {
    cores: cores.length,
    cpu: cores[0]?.model.trim() ?? 'unknown',
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
  };
  return { at: new Date().toISOString(), machine, node: process.version, ...parts };
}

/** The report as plain text in padded columns. */
export function renderReport(report: Report): string {
  const { machine } = report;
  const latencies = [
    ['ms, from the intended send time', 'n', 'errors', 'p50', 'p90', 'p99', 'max'],
    ...report.rows.map(({ what, summary }) => [
      what,
      String(summary.count),
      String(summary.errors),
      ...[summary.p50, summary.p90, summary.p99, summary.max].map((ms) => ms.toFixed(1)),
    ]),
  ];
  const targets = [
    ['target', 'limit', 'measured', ''],
    ...report.targets.map(({ what, limit, measured, isHeld }) => [what, limit, measured, isHeld ? 'held' : 'MISSED']),
  ];
  return [
    `${report.bench}: ${machine.cores} cores, ${machine.memoryGb} GB, node ${report.node}, ${report.at}`,
    ...report.method.map((line) => `  ${line}`),
    '',
    ...(report.rows.length === 0 ? [] : [padded(latencies, 'right'), '']),
    padded(targets, 'left'),
  ].join('\n');
}

function padded(rows: readonly (readonly string[])[], side: 'left' | 'right'): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 || side === 'left' ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

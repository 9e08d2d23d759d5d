import Table from 'cli-table3';
import { amountText } from '../present/amount-text.ts';
import { at, isList, isObject, numberAt, textAt, type Json } from './json.ts';

/** One column of a table, or one line of a sheet. */
export interface Column {
  readonly title: string;
  /** Where it stands in the row, or how it is made of it. */
  readonly of: string | ((row: Json) => string);
  /** Long text: it takes what the others leave, and wraps. */
  readonly wraps?: boolean;
}

const nothing = '–';
const instant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/;

/** A value as people read it: money with its currency, times to the minute in UTC, `–` for nothing. */
export function show(value: Json | undefined): string {
  if (value === null || value === undefined || value === '') return nothing;
  if (typeof value === 'string') return instant.test(value) ? `${value.slice(0, 16).replace('T', ' ')}Z` : value;
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') return String(value);
  if (isList(value)) return value.length === 0 ? nothing : value.map((each) => show(each)).join(', ');
  return money(value) ?? JSON.stringify(value);
}

/** Of `{ amount_minor, currency }`. */
function money(value: Json): string | null {
  const [amount, currency] = [numberAt(value, 'amount_minor'), textAt(value, 'currency')];
  return amount === null || currency === null ? null : amountText(amount, currency, 'en');
}

/** @param share 0 to 1 */
export function percent(share: number | null, digits = 1): string {
  return share === null ? nothing : `${(100 * share).toFixed(digits)} %`;
}

/** @returns `350 ms`, `12.3 s`, `4.0 min`. */
export function duration(ms: number | null): string {
  if (ms === null) return nothing;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  return ms < 120_000 ? `${(ms / 1_000).toFixed(1)} s` : `${(ms / 60_000).toFixed(1)} min`;
}

function cell(row: Json, { of }: Column): string {
  return typeof of === 'string' ? show(at(row, of)) : of(row);
}

const bare = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '' },
  ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
  ...{ left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '  ' },
};

/**
 * Rows below their titles. Without a `width` (a pipe, a file) a row is one line, however long, so that `grep` and `awk`
 * find it whole.
 */
export function table(columns: readonly Column[], rows: readonly Json[], width: number | null): string {
  const cells = rows.map((row) => columns.map((column) => oneLine(cell(row, column))));
  const widths = columns.map((column, index) =>
    Math.max(column.title.length, ...cells.map((line) => [...(line[index] ?? '')].length)),
  );
  const made = new Table({
    head: columns.map(({ title }) => title.toUpperCase()),
    colWidths: fitted(columns, widths, width),
    wordWrap: width !== null,
    chars: bare,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
  });
  made.push(...cells);
  return made
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

function fitted(columns: readonly Column[], widths: readonly number[], width: number | null): number[] {
  if (width === null) return [...widths];
  const gaps = 2 * (columns.length - 1);
  const fixed = columns.reduce((sum, { wraps }, index) => sum + (wraps ? 0 : (widths[index] ?? 0)), gaps);
  const wrapping = columns.filter(({ wraps }) => wraps).length;
  const left = Math.max(24, Math.floor((width - fixed) / Math.max(1, wrapping)));
  return widths.map((natural, index) => (columns[index]?.wraps ? Math.min(natural, left) : natural));
}

const oneLine = (text: string): string => text.replaceAll(/\s*\n\s*/g, ' ');

/** One thing, line by line; lines about nothing are left out. */
export function sheet(lines: readonly Column[], row: Json): string {
  const shown = lines.map((line) => [line.title, cell(row, line)] as const).filter(([, text]) => text !== nothing);
  const longest = Math.max(0, ...shown.map(([title]) => title.length));
  return shown.map(([title, text]) => `${title.padEnd(longest)}  ${text}`).join('\n');
}

/** Every plain member of an answer, for things that have no sheet of their own. */
export function plainSheet(row: Json): string {
  if (!isObject(row)) return show(row);
  return sheet(
    Object.keys(row).map((name) => ({ title: name.replaceAll('_', ' '), of: name })),
    row,
  );
}

/** A table below its own title, after an empty line; nothing where there are no rows. */
export function section(
  title: string,
  columns: readonly Column[],
  rows: readonly Json[],
  width: number | null,
): readonly string[] {
  return rows.length === 0 ? [] : ['', title, table(columns, rows, width)];
}

/** Columns that are called what they show. */
export function columnsOf(...names: readonly string[]): readonly Column[] {
  return names.map((of) => ({ title: of.replaceAll('_', ' '), of }));
}

import { fieldRefusal } from '../error-codes.ts';

/** One line of an export of subscriptions. */
export interface NamedSubscription {
  readonly providerSubscriptionId: string;
  /** Empty: not told. */
  readonly providerCustomerId: string;
  readonly organizationId: string | null;
}

/**
 * Reads an export of subscriptions (RFC 4180, first line: names of columns). The same subscription twice counts once.
 *
 * @throws {BillingError} `migration_csv_invalid`, naming the line
 */
export function readSubscriptionCsv(text: string): readonly NamedSubscription[] {
  const [header, ...records] = recordsOf(text.replace(/^\uFEFF/, ''));
  const names = (header?.cells ?? []).map((name) => name.trim().toLowerCase());
  const column = (name: string) => names.indexOf(name);
  const [subscription, customer, organization] = [
    column('subscription_id'),
    column('customer_id'),
    column('organization_id'),
  ];
  if (subscription < 0) throw invalid('The first line must name a column subscription_id.');
  const found = new Map<string, NamedSubscription>();
  for (const { cells, line } of records) {
    const providerSubscriptionId = clean(cells[subscription]).replace(/^#/, '');
    if (providerSubscriptionId === '') throw invalid(`Line ${line} names no subscription.`);
    if (providerSubscriptionId.length > 128) throw invalid(`Line ${line}: the subscription's id is too long.`);
    found.set(providerSubscriptionId, {
      providerSubscriptionId,
      providerCustomerId: customer < 0 ? '' : clean(cells[customer]),
      organizationId: organization < 0 ? null : clean(cells[organization]) || null,
    });
  }
  if (found.size === 0) throw invalid('It names no subscription.');
  return [...found.values()];
}

/** Spreadsheets defuse what looks like a formula with an apostrophe. */
function clean(cell: string | undefined): string {
  return (cell ?? '').trim().replace(/^'/, '');
}

interface CsvRecord {
  readonly line: number;
  readonly cells: readonly string[];
}

/** Empty lines are none. */
function recordsOf(text: string): readonly CsvRecord[] {
  const records: CsvRecord[] = [];
  const cell = /(?:"([^"]*(?:""[^"]*)*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)/y;
  let cells: string[] = [];
  let line = 1;
  let begun = 1;
  while (cell.lastIndex < text.length) {
    const match = cell.exec(text);
    if (match === null) throw invalid(`Line ${line} has a quote that is not closed, or text beside one.`);
    const [whole, quoted, plain = '', end = ''] = match;
    cells.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    line += (whole.match(/\r\n|\n|\r/g) ?? []).length;
    if (end !== ',') {
      if (cells.some((value) => value.trim() !== '')) records.push({ line: begun, cells });
      cells = [];
      begun = line;
    }
  }
  if (cells.some((value) => value.trim() !== '')) records.push({ line: begun, cells });
  return records;
}

function invalid(detail: string) {
  return fieldRefusal('migration_csv_invalid', '/csv', detail);
}

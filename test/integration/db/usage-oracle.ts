import { createHash } from 'node:crypto';
import type { Meter } from '../../../src/db/entities/usage.ts';
import type { FilterClause } from '../../../src/domain/usage/meter.ts';

/** What is counted, said a second time and without SQL: sums in thousandths, over all events at once. */
export interface PlannedEvent {
  readonly organizationId: string;
  readonly eventId: string;
  readonly eventName: string;
  /** With three decimals at most. */
  readonly quantity: string;
  readonly properties: Readonly<Record<string, string | number | boolean>> | null;
  readonly corrects: string | null;
  readonly occurredAtMs: number;
}

export interface Figure {
  readonly value: string;
  readonly events: number;
}

export function countByHand(meter: Meter, events: readonly PlannedEvent[]): Figure {
  const counted = events.filter((event) => counts(meter, event));
  return { events: counted.length, value: valueOf(meter, counted, events) };
}

function valueOf(meter: Meter, counted: readonly PlannedEvent[], all: readonly PlannedEvent[]): string {
  const values = () => counted.map((event) => thousandths(numberOf(meter, event)));
  switch (meter.aggregation) {
    case 'sum':
      return decimal(values().reduce((sum, value) => sum + value, 0n));
    case 'count':
      return String(counted.reduce((sum, event) => sum + countOf(event, all), 0));
    case 'max':
      return decimal(values().reduce((most, value, index) => (index === 0 || value > most ? value : most), 0n));
    case 'last': {
      const [newest] = counted.toSorted((a, b) => b.occurredAtMs - a.occurredAtMs || (keyOf(a) < keyOf(b) ? 1 : -1));
      return newest ? decimal(thousandths(numberOf(meter, newest))) : '0';
    }
    case 'unique':
      return String(new Set(counted.map(({ properties }) => String(properties?.[meter.property ?? '']))).size);
  }
}

function counts(meter: Meter, event: PlannedEvent): boolean {
  if (event.eventName !== meter.eventName) return false;
  if (event.corrects !== null && !['sum', 'count'].includes(meter.aggregation)) return false;
  const value = meter.property === null ? null : event.properties?.[meter.property];
  if (meter.aggregation === 'unique' && value === undefined) return false;
  if (meter.aggregation !== 'unique' && meter.property !== null && typeof value !== 'number') return false;
  return meter.filter.every((clause) => fulfils(clause, event.properties?.[clause.property]));
}

function fulfils({ operator, value }: FilterClause, had: string | number | boolean | undefined): boolean {
  if (operator === 'exists') return (had !== undefined) === value;
  if (had === undefined) return operator === 'ne';
  if (Array.isArray(value)) return value.some((item: string | number) => order(had, item) === 0);
  const sign = order(had, typeof value === 'object' ? '' : value);
  return { eq: sign === 0, ne: sign !== 0, gt: sign > 0, gte: sign >= 0, lt: sign < 0, lte: sign <= 0, in: false }[
    operator
  ];
}

/** Numbers as numbers, everything else as text. */
function order(a: string | number | boolean, b: string | number | boolean): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b)));
}

function numberOf(meter: Meter, event: PlannedEvent): string {
  return meter.property === null ? event.quantity : String(event.properties?.[meter.property] ?? 0);
}

function countOf(event: PlannedEvent, all: readonly PlannedEvent[]): number {
  if (event.corrects === null) return 1;
  const corrected = all.find(
    ({ organizationId, eventId }) => organizationId === event.organizationId && eventId === event.corrects,
  );
  return corrected && thousandths(corrected.quantity) === -thousandths(event.quantity) ? -1 : 0;
}

function thousandths(text: string): bigint {
  const [whole = '0', fraction = ''] = text.replace('-', '').split('.');
  const size = BigInt(whole) * 1_000n + BigInt(fraction.padEnd(3, '0') || '0');
  return text.startsWith('-') ? -size : size;
}

export function decimal(value: bigint): string {
  const size = value < 0n ? -value : value;
  const fraction = String(size % 1_000n)
    .padStart(3, '0')
    .replace(/0+$/, '');
  return `${value < 0n ? '-' : ''}${size / 1_000n}${fraction && `.${fraction}`}`;
}

function keyOf({ organizationId, eventId }: PlannedEvent): string {
  const text = `1:ptest${organizationId.length}:${organizationId}${eventId}`;
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

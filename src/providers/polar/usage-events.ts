import type { UsageEventInput } from '../port-catalog.ts';

/** Polar takes 10 MiB; the rest is for the frame around the events. */
const MAX_BODY_BYTES = 9 * 1024 * 1024;

export interface SizedEvent {
  readonly eventId: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * One event as Polar takes it. `external_id` is unique per organization for ever, so that it is counted once.
 *
 * @returns null when the quantity cannot be said exactly: Polar's numbers are JSON's, exact to 15 digits or so.
 */
export function usageEvent(event: UsageEventInput): SizedEvent | null {
  const quantity = exactNumber(event.quantity);
  if (quantity === null) return null;
  return {
    eventId: event.eventId,
    body: {
      name: event.eventName,
      // Not the external id: Polar would take one it does not know and bill nobody.
      customer_id: event.providerCustomerId,
      external_id: event.eventId,
      timestamp: event.timestamp,
      metadata: { ...fitting(event.properties), quantity },
    },
  };
}

/** @returns null when the number is not the decimal that was written. */
export function exactNumber(decimal: string): number | null {
  const match = /^([+-]?)0*(\d+)(?:\.(\d*?)0*)?$/.exec(decimal.trim());
  if (!match) return null;
  const value = Number(decimal);
  const [, sign, whole = '', fraction = ''] = match;
  const canonical = `${sign === '-' && value !== 0 ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
  return plainDecimal(value) === canonical ? value : null;
}

/** A number as a decimal without an exponent. */
export function plainDecimal(value: number): string {
  const text = String(value);
  const match = /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (!match) return text;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  if (point >= digits.length) return `${sign}${digits}${'0'.repeat(point - digits.length)}`;
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** Metadata: 50 keys of 40 characters, text of 1–500. */
function fitting(properties: UsageEventInput['properties']): Record<string, string | number | boolean> {
  const entries = Object.entries(properties)
    .filter(([key, value]) => key.length <= 40 && value !== '')
    .slice(0, 49);
  return Object.fromEntries(
    entries.map(([key, value]) => [key, typeof value === 'string' ? value.slice(0, 500) : value]),
  );
}

/** Batches that Polar takes by size, in order. */
export function batchesOf(
  events: readonly SizedEvent[],
  maxBytes = MAX_BODY_BYTES,
): readonly (readonly SizedEvent[])[] {
  const batches: SizedEvent[][] = [];
  let room = 0;
  for (const event of events) {
    const size = Buffer.byteLength(JSON.stringify(event.body)) + 1;
    const last = batches.at(-1);
    if (last && size <= room) {
      last.push(event);
      room -= size;
    } else {
      batches.push([event]);
      room = maxBytes - size;
    }
  }
  return batches;
}

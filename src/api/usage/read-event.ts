import { futureSlackMs, oldestEventMs, quantityDigits, type UsageEvent } from '../../domain/usage/event.ts';
import { readQuantity } from '../../domain/usage/quantity.ts';
import { readTimestamp } from '../../domain/usage/timestamp.ts';
import { findCardNumber } from '../card-scan.ts';
import { wrong, type EventFault } from './event-fault.ts';
import { areProperties, findPropertyFault, isRecord, isStorable } from './read-properties.ts';

export interface EventContext {
  readonly nowMs: number;
  /** Whose events they are where they do not say; null: they must. */
  readonly organizationId: string | null;
  /** An id for an event without one. */
  readonly makeId: (raw: unknown, index: number) => string;
  /** Whether the text could hold a card number at all: then each event is looked through. */
  readonly isSuspect: boolean;
}

const fields: ReadonlySet<string> = new Set([
  'organization_id',
  'event_name',
  'quantity',
  'properties',
  'event_id',
  'timestamp',
  'corrects',
]);

const organizationForm = /^[A-Za-z0-9_-]{1,64}$/;
const plainId = /^[\x20-\x7e]{1,200}$/;
const printableId = /^\P{C}{1,200}$/u;
const maxEventBytes = 16 * 1024;
const maxName = 200;

/**
 * Reads one event as it was sent. By hand: a schema library takes longer over a batch than PostgreSQL takes to store it.
 *
 * @returns the event, or the first thing that is wrong with it.
 */
export function readEvent(raw: unknown, index: number, context: EventContext): UsageEvent | EventFault {
  if (!isRecord(raw)) return { code: 'validation_failed', pointer: '', detail: 'The event must be an object.' };
  const forbidden = findForbidden(raw, context.isSuspect);
  if (forbidden !== null) return forbidden;
  const organizationId = raw['organization_id'] ?? context.organizationId;
  if (organizationId === null)
    return { code: 'organization_required', pointer: '/organization_id', detail: 'organization_id is required.' };
  if (typeof organizationId !== 'string' || !organizationForm.test(organizationId))
    return wrong('organization_id', 'must be 1 to 64 of A–Z, a–z, 0–9, _ and -.');
  const eventName = raw['event_name'];
  if (eventName === undefined) return wrong('event_name', 'is required.');
  if (typeof eventName !== 'string' || eventName === '' || eventName.length > maxName || !isStorable(eventName))
    return wrong('event_name', `must be text of 1 to ${maxName} characters.`);
  const eventId = raw['event_id'] === undefined ? context.makeId(raw, index) : raw['event_id'];
  if (!isEventId(eventId)) return wrong('event_id', 'must be text of 1 to 200 printable characters.');
  const corrects = raw['corrects'] ?? null;
  if (corrects !== null && (!isEventId(corrects) || corrects === eventId))
    return wrong('corrects', 'must be the id of another event.');
  const quantity = quantityOf(raw['quantity'], corrects !== null);
  if (typeof quantity !== 'string') return quantity;
  const occurredAtMs = timeOf(raw['timestamp'], context.nowMs);
  if (typeof occurredAtMs !== 'number') return occurredAtMs;
  const properties = raw['properties'] ?? null;
  if (properties !== null && !areProperties(properties))
    return findPropertyFault(properties) ?? wrong('properties', 'must be an object.');
  if (properties !== null && isTooLarge(raw, properties)) return tooLarge;
  return { organizationId, eventId, eventName, quantity, properties, corrects, occurredAtMs };
}

export const tooLarge: EventFault = {
  code: 'validation_failed',
  pointer: '',
  detail: `The event must have at most ${maxEventBytes} bytes.`,
};

/** Before all else, so that no later sentence repeats a card number. */
function findForbidden(raw: Readonly<Record<string, unknown>>, isSuspect: boolean): EventFault | null {
  const found = isSuspect ? findCardNumber(raw) : null;
  if (found !== null)
    return {
      code: 'card_data_refused',
      pointer: found,
      detail: `${found.slice(1) || 'The event'} looks like a card number. Nothing of the event was stored.`,
    };
  for (const name in raw)
    if (!fields.has(name)) {
      const told = name.slice(0, 64).toWellFormed();
      return { code: 'validation_failed', pointer: `/${told}`, detail: `${told} is no field of an event.` };
    }
  return null;
}

function isEventId(value: unknown): value is string {
  return typeof value === 'string' && (plainId.test(value) || printableId.test(value));
}

function quantityOf(sent: unknown, isCorrection: boolean): string | EventFault {
  if (sent === undefined) return isCorrection ? wrong('quantity', 'is required: the difference.') : '1';
  const quantity = readQuantity(sent);
  if (quantity === null) {
    const { whole, fraction } = quantityDigits;
    return wrong(
      'quantity',
      `must be a decimal of at most ${whole} digits before and ${fraction} after the point, without an exponent; as text where it has more than 15 digits.`,
    );
  }
  if (quantity.startsWith('-') && !isCorrection)
    return wrong('quantity', 'must not be negative, unless corrects names the event whose quantity it takes away.');
  return quantity;
}

function timeOf(sent: unknown, nowMs: number): number | EventFault {
  if (sent === undefined) return nowMs;
  const ms = typeof sent === 'string' && sent.length <= 40 ? readTimestamp(sent) : null;
  if (ms === null) return wrong('timestamp', 'must be a time with its zone, such as 2026-11-22T09:30:00Z.');
  if (ms > nowMs + futureSlackMs)
    return { code: 'timestamp_in_future', pointer: '/timestamp', detail: 'timestamp is more than 5 minutes ahead.' };
  if (ms < nowMs - oldestEventMs)
    return { code: 'timestamp_too_old', pointer: '/timestamp', detail: 'timestamp is more than 366 days ago.' };
  return ms;
}

/** Measured only where it could be: everything beside the properties is short, and a character takes 6 bytes at most. */
function isTooLarge(raw: object, properties: Readonly<Record<string, unknown>>): boolean {
  let units = 0;
  for (const name in properties) {
    const value = properties[name];
    units += name.length + (typeof value === 'string' ? value.length : 4);
  }
  return units > maxEventBytes / 8 && Buffer.byteLength(JSON.stringify(raw)) > maxEventBytes;
}

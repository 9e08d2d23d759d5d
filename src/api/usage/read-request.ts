import type { IncomingHttpHeaders } from 'node:http';
import { mayHoldCardNumber } from '../card-scan.ts';
import { fieldRefusal, refusal } from '../error-codes.ts';
import { fromCloudEvent, fromHeaders, inTheirWords, type Translated } from './cloud-events.ts';
import type { EventFault } from './event-fault.ts';
import { isRecord } from './read-properties.ts';

/** What a request brought, unread. */
export interface SentEvents {
  readonly isBatch: boolean;
  readonly events: readonly unknown[];
  /** Once for all events; undefined: each says its own. */
  readonly organizationId?: unknown;
  /** Whether the text could hold a card number. */
  readonly isSuspect: boolean;
  /** From the form that was sent to ours. */
  readonly translate: (sent: unknown) => Translated;
  /** A fault in the words of the form that was sent. */
  readonly tell: (fault: EventFault) => EventFault;
}

const maxEvents = 1_000;
const plain = { translate: (event: unknown): Translated => ({ event }), tell: (fault: EventFault) => fault };
const cloud = { translate: fromCloudEvent, tell: inTheirWords };

/**
 * Which of the forms a request has: one event or a batch of ours, or CloudEvents (structured, batched, binary).
 *
 * @throws {BillingError} `invalid_json`, `validation_failed`
 */
export function readRequest(headers: IncomingHttpHeaders, text: string): SentEvents {
  const type = headers['content-type'] ?? '';
  const isSuspect = mayHoldCardNumber(text);
  if (type.startsWith('application/cloudevents-batch')) {
    const events = checkCount(parse(text, isSuspect), '');
    return { ...cloud, isBatch: true, events, isSuspect };
  }
  if (type.startsWith('application/cloudevents'))
    return { ...cloud, isBatch: false, events: [parse(text, isSuspect)], isSuspect };
  if (headers['ce-specversion'] !== undefined) {
    const event = fromHeaders(headers, text === '' ? undefined : parse(text, isSuspect));
    return { ...cloud, isBatch: false, events: [event], isSuspect: true };
  }
  const body = parse(text, isSuspect);
  if (!isRecord(body) || body['events'] === undefined) return { ...plain, isBatch: false, events: [body], isSuspect };
  for (const name in body)
    if (name !== 'events' && name !== 'organization_id')
      throw fieldRefusal(
        'validation_failed',
        `/${name.slice(0, 64).toWellFormed()}`,
        'There is no such field beside events.',
      );
  const events = checkCount(body['events'], '/events');
  return { ...plain, isBatch: true, events, organizationId: body['organization_id'], isSuspect };
}

/** A number of so many characters may have more digits than a double keeps. */
const longQuantity = /"quantity"\s*:\s*-?[0-9][0-9.eE+-]{15}/;

/**
 * @param isSuspect Whether the text has a long run of digits.
 * @throws {BillingError} `invalid_json`; it does not quote the text, as the engine's own message would.
 */
export function parse(text: string, isSuspect: boolean): unknown {
  try {
    const isLossy = isSuspect && longQuantity.test(text);
    const value: unknown = isLossy ? JSON.parse(text, keepExact) : JSON.parse(text);
    return value;
  } catch {
    throw refusal('invalid_json', 'The body is not JSON.');
  }
}

/** Makes a quantity that lost digits no number at all, so that it is refused. The engine hands over what was written. */
function keepExact(name: string, value: unknown, ...[context]: readonly unknown[]): unknown {
  if (name !== 'quantity' || typeof value !== 'number' || !isRecord(context)) return value;
  return context['source'] === String(value) ? value : Number.NaN;
}

function checkCount(events: unknown, pointer: string): readonly unknown[] {
  if (Array.isArray(events) && events.length > 0 && events.length <= maxEvents) return events;
  throw fieldRefusal('validation_failed', pointer, `A batch is a list of 1 to ${maxEvents} events.`);
}

import type { IncomingHttpHeaders } from 'node:http';
import { wrong, type EventFault } from './event-fault.ts';
import { isRecord } from './read-properties.ts';

const attributeForm = /^[a-z0-9]+$/;
const jsonType = /^application\/(?:[a-z0-9.+-]+\+)?json\b/i;
const ours = {
  id: 'event_id',
  subject: 'organization_id',
  type: 'event_name',
  time: 'timestamp',
  corrects: 'corrects',
};

/** An event of ours, unread, or why it is none. */
export type Translated = { readonly event: unknown } | { readonly fault: EventFault };

/**
 * A CloudEvent as an event of ours, unread: `subject` is the organization, `type` the event's name, `data` the quantity and
 * the properties. Attributes that we do not know are extensions, which the specification allows; they are not kept.
 *
 * @see CloudEvents 1.0.2, "JSON Event Format"
 */
export function fromCloudEvent(sent: unknown): Translated {
  if (!isRecord(sent)) return { event: sent };
  const { source, id, data = {} } = sent;
  if (sent['specversion'] !== '1.0') return { fault: wrong('specversion', 'must be "1.0".') };
  if (typeof source !== 'string' || source === '') return { fault: wrong('source', 'is required.') };
  if (id === undefined) return { fault: wrong('id', 'is required.') };
  const odd = Object.keys(sent).find((name) => !attributeForm.test(name));
  if (odd === 'data_base64' || !isJson(sent['datacontenttype']))
    return { fault: wrong('datacontenttype', 'must be application/json, and the data in data.') };
  if (odd !== undefined)
    return {
      fault: wrong(odd.slice(0, 64).toWellFormed(), 'is no attribute: those have lower case letters and digits.'),
    };
  if (!isRecord(data)) return { fault: wrong('data', 'must be an object.') };
  const { quantity, ...properties } = data;
  const event: Record<string, unknown> = { ...(quantity !== undefined && { quantity }), properties };
  for (const [theirs, name] of Object.entries(ours)) if (sent[theirs] !== undefined) event[name] = sent[theirs];
  return { event };
}

function isJson(type: unknown): boolean {
  return type === undefined || (typeof type === 'string' && jsonType.test(type));
}

/** The event of a request whose attributes are headers (binary mode); its body is `data`. */
export function fromHeaders(headers: IncomingHttpHeaders, data: unknown): Readonly<Record<string, unknown>> {
  const event: Record<string, unknown> = { datacontenttype: headers['content-type'] ?? 'application/json' };
  for (const [name, value] of Object.entries(headers))
    if (name.startsWith('ce-') && typeof value === 'string') event[name.slice(3)] = decode(value);
  return data === undefined ? event : { ...event, data };
}

/** Says which attribute is wrong, where a fault names our field. */
export function inTheirWords(fault: EventFault): EventFault {
  for (const [theirs, name] of Object.entries(ours))
    if (fault.pointer === `/${name}`)
      return { ...fault, pointer: `/${theirs}`, detail: fault.detail.replace(name, theirs) };
  return {
    ...fault,
    pointer: fault.pointer.replace(/^\/quantity/, '/data/quantity').replace(/^\/properties/, '/data'),
    detail: fault.detail.replace(/^quantity/, 'data/quantity').replace(/^properties/, 'data'),
  };
}

/** Header values are percent-encoded where they are not plain. */
function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

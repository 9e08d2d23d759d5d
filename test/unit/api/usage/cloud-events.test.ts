import { describe, expect, it } from 'vitest';
import { fromCloudEvent, inTheirWords } from '../../../../src/api/usage/cloud-events.ts';
import { readEvent } from '../../../../src/api/usage/read-event.ts';
import { readRequest } from '../../../../src/api/usage/read-request.ts';

const event = { specversion: '1.0', id: 'evt_1', source: '/api', type: 'api_call', subject: 'org_1' };
const context = { nowMs: Date.parse('2026-11-22T10:00:00Z'), organizationId: null, makeId: () => 'x', isSuspect: true };
const faultOf = (sent: unknown) => {
  const translated = fromCloudEvent(sent);
  const read = 'fault' in translated ? translated.fault : readEvent(translated.event, 0, context);
  return 'pointer' in read ? inTheirWords(read) : read;
};

describe('a CloudEvent', () => {
  it('is an event of ours: subject, type, id, time and data', () => {
    const data = { quantity: '2.5', region: 'eu' };
    const sent = { ...event, time: '2026-11-22T09:30:00Z', datacontenttype: 'application/json', data };
    expect(fromCloudEvent({ ...sent, traceparent: '00-ab-cd-01', corrects: 'evt_0' })).toEqual({
      event: {
        ...{ event_id: 'evt_1', organization_id: 'org_1', event_name: 'api_call', timestamp: '2026-11-22T09:30:00Z' },
        ...{ quantity: '2.5', properties: { region: 'eu' }, corrects: 'evt_0' },
      },
    });
  });

  it('comes structured, in batches and in headers', () => {
    const structured = readRequest({ 'content-type': 'application/cloudevents+json' }, JSON.stringify(event));
    expect(structured).toMatchObject({ isBatch: false, events: [event] });
    const type = 'application/cloudevents-batch+json; charset=utf-8';
    expect(readRequest({ 'content-type': type }, JSON.stringify([event, event]))).toMatchObject({ isBatch: true });
    const headers = Object.fromEntries(Object.entries(event).map(([name, value]) => [`ce-${name}`, value]));
    const binary = readRequest({ 'content-type': 'application/json', ...headers }, '{"quantity":3,"region":"eu"}');
    expect(binary.events.map(binary.translate)).toEqual([
      {
        event: {
          ...{ event_id: 'evt_1', organization_id: 'org_1', event_name: 'api_call', quantity: 3 },
          properties: { region: 'eu' },
        },
      },
    ]);
  });

  it.each([
    [{ ...event, specversion: '0.3' }, '/specversion'],
    [{ ...event, source: undefined }, '/source'],
    [{ ...event, id: undefined }, '/id'],
    [{ ...event, id: '' }, '/id'],
    [{ ...event, subject: 'a b' }, '/subject'],
    [{ ...event, type: 7 }, '/type'],
    [{ ...event, time: 'now' }, '/time'],
    [{ ...event, data: 'text' }, '/data'],
    [{ ...event, data: { quantity: -1 } }, '/data/quantity'],
    [{ ...event, data: { deep: {} } }, '/data/deep'],
    [{ ...event, data_base64: 'AA==' }, '/datacontenttype'],
    [{ ...event, datacontenttype: 'text/xml' }, '/datacontenttype'],
    [{ ...event, Extension: 1 }, '/Extension'],
  ])('is refused in its own words: %j', (sent, pointer) => {
    const fault = faultOf(sent);
    expect(fault).toMatchObject({ pointer });
    expect(JSON.stringify(fault)).toContain(`"detail":"${pointer.slice(1)} `);
  });
});

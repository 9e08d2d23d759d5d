import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findCardNumber, mayHoldCardNumber } from '../../../../src/api/card-scan.ts';
import { readEvent } from '../../../../src/api/usage/read-event.ts';
import { readRequest } from '../../../../src/api/usage/read-request.ts';

const nowMs = Date.parse('2026-11-22T10:00:00Z');
const context = { nowMs, organizationId: null, makeId: () => 'ue_made', isSuspect: true };
const good = { organization_id: 'org_1', event_name: 'api_call' };
const read = (more: Record<string, unknown>) => readEvent({ ...good, ...more }, 0, context);

describe('an event', () => {
  it('gets what it leaves out', () => {
    expect(read({})).toEqual({
      ...{ organizationId: 'org_1', eventId: 'ue_made', eventName: 'api_call', quantity: '1' },
      ...{ properties: null, corrects: null, occurredAtMs: nowMs },
    });
    const { organization_id: organizationId, ...nameless } = good;
    expect(readEvent(nameless, 0, { ...context, organizationId })).toMatchObject({ organizationId });
  });

  it('keeps what it says', () => {
    const properties = { region: 'eu', tokens: 12.5, cached: false, __proto: 'x', naïve: '✓' };
    const sent = { event_id: 'evt ✓', quantity: '-0.50', corrects: 'evt-0', timestamp: '2026-11-22T11:30:00.5+02:00' };
    expect(read({ ...sent, properties })).toMatchObject({
      ...{ eventId: 'evt ✓', quantity: '-0.50', corrects: 'evt-0', properties },
      occurredAtMs: Date.parse('2026-11-22T09:30:00.500Z'),
    });
  });

  it.each([
    [{ quantity: -1 }, '/quantity', 'validation_failed'],
    [{ quantity: '-0.5' }, '/quantity', 'validation_failed'],
    [{ quantity: 'NaN' }, '/quantity', 'validation_failed'],
    [{ quantity: 1e30 }, '/quantity', 'validation_failed'],
    [{ quantity: '1e30' }, '/quantity', 'validation_failed'],
    [{ quantity: `1${'0'.repeat(30)}` }, '/quantity', 'validation_failed'],
    [{ quantity: true }, '/quantity', 'validation_failed'],
    [{ quantity: null }, '/quantity', 'validation_failed'],
    [{ corrects: 'evt_1' }, '/quantity', 'validation_failed'],
    [{ corrects: 'evt_1', event_id: 'evt_1', quantity: 1 }, '/corrects', 'validation_failed'],
    [{ organization_id: undefined }, '/organization_id', 'organization_required'],
    [{ organization_id: 'a b' }, '/organization_id', 'validation_failed'],
    [{ organization_id: 7 }, '/organization_id', 'validation_failed'],
    [{ event_name: undefined }, '/event_name', 'validation_failed'],
    [{ event_name: 'a\0b' }, '/event_name', 'validation_failed'],
    [{ event_name: ['api_call'] }, '/event_name', 'validation_failed'],
    [{ event_id: '' }, '/event_id', 'validation_failed'],
    [{ event_id: 'a\nb' }, '/event_id', 'validation_failed'],
    [{ event_id: '\ud800' }, '/event_id', 'validation_failed'],
    [{ event_id: 'x'.repeat(201) }, '/event_id', 'validation_failed'],
    [{ event_id: 1 }, '/event_id', 'validation_failed'],
    [{ timestamp: 'yesterday' }, '/timestamp', 'validation_failed'],
    [{ timestamp: '2026-11-22' }, '/timestamp', 'validation_failed'],
    [{ timestamp: '2026-11-22T09:30:00' }, '/timestamp', 'validation_failed'],
    [{ timestamp: '2026-02-29T09:30:00Z' }, '/timestamp', 'validation_failed'],
    [{ timestamp: 1763726010 }, '/timestamp', 'validation_failed'],
    [{ timestamp: '2026-11-22T10:05:01Z' }, '/timestamp', 'timestamp_in_future'],
    [{ timestamp: '2025-11-21T09:59:59Z' }, '/timestamp', 'timestamp_too_old'],
    [{ properties: [] }, '/properties', 'validation_failed'],
    [{ properties: { a: { b: 1 } } }, '/properties/a', 'validation_failed'],
    [{ properties: { a: null } }, '/properties/a', 'validation_failed'],
    [{ properties: { 'a/b': 'x'.repeat(5_000_000) } }, '/properties/a~1b', 'validation_failed'],
    [{ properties: { a: 2 ** 53 } }, '/properties/a', 'validation_failed'],
    [{ properties: { a: Infinity } }, '/properties/a', 'validation_failed'],
    [{ properties: { a: '\udc00' } }, '/properties/a', 'validation_failed'],
    [{ properties: { ['k'.repeat(41)]: 1 } }, '/properties', 'validation_failed'],
    [
      { properties: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`k${i}`, i])) },
      '/properties',
      'validation_failed',
    ],
    [
      { properties: Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`k${i}`, '✓'.repeat(400)])) },
      '',
      'validation_failed',
    ],
    [{ organisation: 'org_1' }, '/organisation', 'validation_failed'],
    [{ properties: { note: '4242 4242 4242 4242' } }, '/properties/note', 'card_data_refused'],
    [{ '4242424242424242': 1 }, '/', 'card_data_refused'],
  ])('is refused with %j', (more, pointer, code) => {
    const refused = read(more);
    expect(refused).toMatchObject({ pointer, code });
    const told = JSON.stringify(refused);
    expect(told).not.toContain('4242');
    expect(told.length).toBeLessThan(400);
    expect(told).toContain(pointer.length > 1 ? `${pointer.slice(1)} ` : 'event ');
  });

  it.each([null, 'text', 7, [good]])('is no %j', (raw) => {
    expect(readEvent(raw, 0, context)).toMatchObject({ code: 'validation_failed', pointer: '' });
  });

  it('may be 5 minutes ahead and 366 days old', () => {
    for (const timestamp of ['2026-11-22T10:05:00Z', '2025-11-21T10:00:00Z'])
      expect(read({ timestamp })).toMatchObject({ occurredAtMs: Date.parse(timestamp) });
  });
});

describe('the pass before the card scan', () => {
  it('never clears a text that holds a card number', () => {
    const separator = fc.constantFrom('', ' ', '-', '.', '/', ' - ', ' / ');
    const around = fc.string({ unit: 'grapheme', maxLength: 12 });
    const card = fc.constantFrom('4242424242424242', '378282246310005', '36227206271667', '6011111111111117');
    fc.assert(
      fc.property(card, separator, fc.integer({ min: 2, max: 6 }), around, around, (digits, between, size, a, b) => {
        const groups = digits.match(new RegExp(`\\d{1,${size}}`, 'g')) ?? [];
        const sent = { [a]: `${a} ${groups.join(between)} ${b}` };
        fc.pre(findCardNumber(sent) !== null);
        expect(mayHoldCardNumber(JSON.stringify(sent))).toBe(true);
      }),
    );
    expect(mayHoldCardNumber('{"quantity":4.242424242424242e15}')).toBe(true);
    expect(mayHoldCardNumber('{"quantity":42424242424e5}')).toBe(true);
  });

  it('clears what events are made of', () => {
    const sent = { ...good, quantity: 12, timestamp: '2026-11-22T09:30:00.123Z', event_id: 'req_01JD4ZQ5T0M9' };
    expect(mayHoldCardNumber(JSON.stringify({ events: [sent, sent] }))).toBe(false);
  });
});

describe('a request', () => {
  const json = { 'content-type': 'application/json' };

  it('does not lose digits of a number unnoticed', () => {
    const quantityOf = (digits: string) => {
      const sent = readRequest(json, `{"organization_id":"org_1","event_name":"e","quantity":${digits}}`);
      return readEvent(sent.events[0], 0, { ...context, isSuspect: false });
    };
    expect(quantityOf('9007199254740991')).toMatchObject({ quantity: '9007199254740991' });
    for (const digits of ['9007199254740993', '0.1000000000000000055', '100000000000000.0001', '1.00000000000000001e3'])
      expect(quantityOf(digits)).toMatchObject({ pointer: '/quantity' });
  });

  it('has one event or a list', () => {
    expect(readRequest(json, '{"event_name":"e"}')).toMatchObject({ isBatch: false, events: [{ event_name: 'e' }] });
    const batch = readRequest(json, '{"organization_id":"org_1","events":[{},{}]}');
    expect(batch).toMatchObject({ isBatch: true, events: [{}, {}], organizationId: 'org_1' });
  });

  it.each([
    ['{"events":[]}', 'validation_failed'],
    ['{"events":{}}', 'validation_failed'],
    [JSON.stringify({ events: Array.from({ length: 1_001 }, () => ({})) }), 'validation_failed'],
    ['{"events":[{}],"event":"x"}', 'validation_failed'],
    ['{"events":[', 'invalid_json'],
    ['', 'invalid_json'],
  ])('%.40s is refused', (text, code) => {
    expect(() => readRequest(json, text)).toThrow(expect.objectContaining({ code }));
  });
});

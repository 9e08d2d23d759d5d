import type { Payload } from '../support/patient-caller.ts';
import { decimalOfMilli, type PlannedEvent } from './events.ts';
import type { RequestPlan, UsagePlan } from './plan.ts';

/** How the API answered a request, whatever its form. */
export interface Taken {
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: number;
}

export interface PlannedRequest extends Payload {
  readonly path: string;
  /** Events in it, and how many of them must be refused. */
  readonly sent: number;
  readonly faulty: number;
  /** null: it was cut off, or is not over. */
  readonly read: (text: string) => Taken | null;
}

type Wire = Readonly<Record<string, unknown>>;

/** A request of the plan as the app sends it: every time the same bytes. */
export function requestOf(plan: UsagePlan, request: RequestPlan, startMs: number): PlannedRequest {
  const events = eventsOf(plan, request).map((event, at) => ({ event, at }));
  const wires = events.map(({ event, at }) => wireOf(event, startMs, at));
  const refused = request.hasFaulty ? faulty(request.index, plan.dose.seed) : [];
  const key = request.hasKey ? { 'idempotency-key': `uf-${plan.dose.seed}-${request.index}` } : {};
  const counts = { sent: wires.length + refused.length, faulty: refused.length };
  switch (request.kind) {
    case 'single':
      return { ...requestWith(key, 'application/json', JSON.stringify(wires[0])), ...counts, read: readSingle };
    case 'batch':
      return { ...batchOf([...wires, ...refused], key), ...counts };
    case 'cloud events': {
      const body = JSON.stringify(events.map(({ event }) => cloudEventOf(event, startMs)));
      return { ...requestWith(key, 'application/cloudevents-batch+json', body), ...counts, read: readBatch };
    }
    case 'import': {
      const lines = [...wires, ...refused].map((wire) => `${JSON.stringify(wire)}\n`).join('');
      const sent = requestWith(key, 'application/x-ndjson', lines);
      return { ...sent, ...counts, path: '/api/v1/billing/usage/import', read: readImport };
    }
  }
}

/** The same ids with other quantities: none of them may count. */
export function impersonationOf(plan: UsagePlan, request: RequestPlan, startMs: number): PlannedRequest {
  const events = eventsOf(plan, request).slice(0, 200);
  const wires = events.map((event) => wireOf({ ...event, milli: event.milli + 7_000_000 }, startMs, 0));
  return { ...batchOf(wires, {}), sent: wires.length, faulty: 0 };
}

/** Corrections of what the request sent first; null: none of it is corrected. */
export function correctionsOf(plan: UsagePlan, request: RequestPlan): PlannedRequest | null {
  const wires = eventsOf(plan, request, true).flatMap((event) =>
    event.correctionMilli === null ? [] : [correctionOf(event, event.correctionMilli)],
  );
  return wires.length === 0 ? null : { ...batchOf(wires, {}), sent: wires.length, faulty: 0 };
}

function eventsOf(plan: UsagePlan, { from, to }: RequestPlan, onlyFirst = false): readonly PlannedEvent[] {
  return [...plan.slots.subarray(from, to)].flatMap((index, offset) =>
    onlyFirst && plan.isFirst[from + offset] === 0 ? [] : [plan.event(index)],
  );
}

/** Quantities are written in every form that there is for them. */
function wireOf(event: PlannedEvent, startMs: number, at: number): Wire {
  const text = decimalOfMilli(event.milli);
  return {
    organization_id: event.organization.id,
    event_id: event.id,
    event_name: event.name,
    quantity: at % 2 === 0 ? text : Number(text),
    properties: event.properties,
    ...timeOf(event, startMs, 'timestamp'),
  };
}

function correctionOf(event: PlannedEvent, milli: number): Wire {
  const { organization, id, name, properties } = event;
  return {
    ...{ organization_id: organization.id, event_id: `${id}-fix`, event_name: name, corrects: id, properties },
    quantity: decimalOfMilli(milli),
  };
}

function cloudEventOf(event: PlannedEvent, startMs: number): Wire {
  return {
    ...{ specversion: '1.0', source: '/usage-faults', id: event.id, type: event.name, subject: event.organization.id },
    ...timeOf(event, startMs, 'time'),
    data: { quantity: decimalOfMilli(event.milli), ...event.properties },
  };
}

function timeOf({ agoS }: PlannedEvent, startMs: number, name: string): Wire {
  return agoS === null ? {} : { [name]: new Date(startMs - agoS * 1_000).toISOString() };
}

/** Each must be named, and the rest of the batch taken. */
function faulty(index: number, seed: number): readonly Wire[] {
  const event = { event_name: 'units', event_id: `uf-${seed}-faulty-${index}` };
  return [
    { ...event, organization_id: 'uf_nobody_is_called_that' },
    { ...event, organization_id: `uf_${seed}_polar_0`, quantity: '-1' },
  ];
}

const path = '/api/v1/billing/usage';

function batchOf(wires: readonly Wire[], key: Readonly<Record<string, string>>) {
  return { ...requestWith(key, 'application/json', JSON.stringify({ events: wires })), read: readBatch };
}

function requestWith(key: Readonly<Record<string, string>>, type: string, body: string) {
  return { path, headers: { ...key, 'content-type': type }, body };
}

function readSingle(text: string): Taken {
  const { duplicate = false } = JSON.parse(text) as { readonly duplicate?: boolean };
  return { accepted: duplicate ? 0 : 1, duplicates: duplicate ? 1 : 0, rejected: 0 };
}

function readBatch(text: string): Taken {
  const { accepted, duplicates, rejected } = JSON.parse(text) as {
    readonly accepted: number;
    readonly duplicates: number;
    readonly rejected: readonly unknown[];
  };
  return { accepted, duplicates, rejected: rejected.length };
}

/** Its last line says whether all was read. */
function readImport(text: string): Taken | null {
  const last = text.trimEnd().split('\n').at(-1) ?? '';
  try {
    const { done = false, ...taken } = JSON.parse(last) as Taken & { readonly done?: boolean };
    return done ? taken : null;
  } catch {
    return null;
  }
}

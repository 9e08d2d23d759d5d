import { uuid } from '../core/ids.ts';
import type { PolarContext } from './context.ts';
import type { Customer, CustomerMeter, Filter, FilterClause, Meter, ProductPrice, UsageEvent } from './objects.ts';

type Scalar = string | number | boolean;

const isScalar = (value: unknown): value is Scalar => ['string', 'number', 'boolean'].includes(typeof value);

/** A field of the event or, under its name or path, of its metadata; undefined for anything but a scalar. */
function propertyOf(event: UsageEvent, name: string): Scalar | undefined {
  if (name === 'name') return event.name;
  if (name === 'source') return event.source;
  if (name === 'timestamp') return Math.floor(Date.parse(event.timestamp) / 1000);
  let value: unknown = event.metadata;
  for (const part of name.replace(/^metadata\./, '').split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return isScalar(value) ? value : undefined;
}

/** SQL's LIKE: `%` is any text and `_` any character; without either, a substring, as the dashboard's "contains". */
function isLike(value: Scalar, pattern: string): boolean {
  const escaped = pattern.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  const source = /[%_]/.test(pattern) ? `^${escaped.replaceAll('%', '.*').replaceAll('_', '.')}$` : escaped;
  return new RegExp(source, 's').test(String(value));
}

function holds(clause: FilterClause, event: UsageEvent): boolean {
  const value = propertyOf(event, clause.property);
  if (clause.operator === 'ne') return String(value) !== String(clause.value);
  if (value === undefined) return clause.operator === 'not_like';
  switch (clause.operator) {
    case 'eq':
      return String(value) === String(clause.value);
    case 'gt':
      return Number(value) > Number(clause.value);
    case 'gte':
      return Number(value) >= Number(clause.value);
    case 'lt':
      return Number(value) < Number(clause.value);
    case 'lte':
      return Number(value) <= Number(clause.value);
    case 'like':
      return isLike(value, String(clause.value));
    case 'not_like':
      return !isLike(value, String(clause.value));
  }
}

export function matches(filter: Filter, event: UsageEvent): boolean {
  const one = (clause: FilterClause | Filter): boolean =>
    'conjunction' in clause ? matches(clause, event) : holds(clause, event);
  return filter.conjunction === 'and' ? filter.clauses.every(one) : filter.clauses.some(one);
}

export function aggregate({ func, property = '' }: Meter['aggregation'], events: readonly UsageEvent[]): number {
  if (func === 'count') return events.length;
  const values = events.map((event) => propertyOf(event, property)).filter((value) => value !== undefined);
  if (func === 'unique') return new Set(values.map(String)).size;
  const numbers = values.map(Number).filter(Number.isFinite);
  if (numbers.length === 0) return 0;
  if (func === 'max') return Math.max(...numbers);
  if (func === 'min') return Math.min(...numbers);
  const sum = numbers.reduce((total, value) => total + value, 0);
  return func === 'avg' ? sum / numbers.length : sum;
}

/** Events that name the customer by Polar's id or by the app's own, whenever they arrived. */
function eventsOf(polar: PolarContext, customer: Customer): UsageEvent[] {
  const byId = polar.usage.findBy('customer', `id:${customer.id}`);
  const byExternal =
    customer.external_id === null ? [] : polar.usage.findBy('customer', `external:${customer.external_id}`);
  return [...byId, ...byExternal].filter(({ source }) => source === 'user');
}

export function ensureCustomerMeter(polar: PolarContext, customerId: string, meterId: string): CustomerMeter {
  const known = polar.customerMeters.findBy('customer', customerId).find((own) => own.meter_id === meterId);
  if (known) return known;
  return polar.customerMeters.put({
    id: uuid(),
    created_at: polar.now(),
    modified_at: null,
    customer_id: customerId,
    meter_id: meterId,
    credited_units: 0,
    since_ms: 0,
  });
}

/** The customer's meters, with one more for each that its events have reached by now. */
export function customerMetersOf(polar: PolarContext, customer: Customer): CustomerMeter[] {
  const events = eventsOf(polar, customer);
  for (const meter of polar.meters.all()) {
    if (meter.archived_at === null && events.some((event) => matches(meter.filter, event)))
      ensureCustomerMeter(polar, customer.id, meter.id);
  }
  return polar.customerMeters.findBy('customer', customer.id);
}

interface Standing {
  consumed_units: number;
  credited_units: number;
  balance: number;
}

export function standingOf(polar: PolarContext, own: CustomerMeter): Standing {
  const meter = polar.meters.get(own.meter_id);
  const customer = polar.customers.get(own.customer_id);
  const events =
    meter && customer
      ? eventsOf(polar, customer).filter((event) => event.received_ms >= own.since_ms && matches(meter.filter, event))
      : [];
  const consumed = meter ? aggregate(meter.aggregation, events) : 0;
  return { consumed_units: consumed, credited_units: own.credited_units, balance: own.credited_units - consumed };
}

/** Keeps what the meter did itself among the events, as `GET /v1/events/` shows it. */
export function recordSystemEvent(
  polar: PolarContext,
  input: { name: string; label: string; customerId: string; metadata: UsageEvent['metadata'] },
): void {
  polar.usage.put({
    id: uuid(),
    created_at: polar.now(),
    modified_at: null,
    name: input.name,
    source: 'system',
    timestamp: polar.now(),
    received_ms: polar.sandbox.clock.nowMs(),
    customer_id: input.customerId,
    external_customer_id: null,
    external_id: null,
    parent_id: null,
    label: input.label,
    metadata: input.metadata,
  });
}

export function creditMeter(
  polar: PolarContext,
  customerId: string,
  credit: { meterId: string; units: number; rollover: boolean },
): void {
  const own = ensureCustomerMeter(polar, customerId, credit.meterId);
  own.credited_units = Math.max(0, own.credited_units + credit.units);
  own.modified_at = polar.now();
  polar.customerMeters.put(own);
  const metadata = { meter_id: credit.meterId, units: credit.units, rollover: credit.rollover };
  recordSystemEvent(polar, { name: 'meter.credited', label: 'Meter Credited', customerId, metadata });
}

/** A new period: usage starts from nothing, and unused credit stays only where it rolls over. */
export function resetMeter(polar: PolarContext, customerId: string, meterId: string, rollsOver: boolean): void {
  const own = ensureCustomerMeter(polar, customerId, meterId);
  const { balance } = standingOf(polar, own);
  Object.assign(own, {
    credited_units: rollsOver ? Math.max(0, Math.floor(balance)) : 0,
    since_ms: polar.sandbox.clock.nowMs(),
    modified_at: polar.now(),
  });
  polar.customerMeters.put(own);
  const metadata = { meter_id: meterId };
  recordSystemEvent(polar, { name: 'meter.reset', label: 'Meter Reset', customerId, metadata });
}

/** What the usage beyond the credit costs, in minor units: the price per unit may have twelve decimal places. */
export function meteredAmount(price: ProductPrice, standing: Standing): number {
  const billable = Math.max(0, -standing.balance);
  const amount = Math.round(billable * Number(price.unit_amount ?? 0));
  return price.cap_amount == null ? amount : Math.min(amount, price.cap_amount);
}

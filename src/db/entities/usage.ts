import { defineEntity, p, type InferEntity } from '@mikro-orm/core';
import type { Aggregation, FilterClause, LimitBehavior, WhenUnreadable } from '../../domain/usage/meter.ts';
import type {
  UsageDifference,
  UsageItemStatus,
  UsageReportPhase,
  UsageReportStatus,
} from '../../domain/usage/report.ts';
import { owned } from './owned.ts';
import { runColumns } from './run-columns.ts';

export const MeterEntity = defineEntity({
  name: 'Meter',
  tableName: 'meters',
  properties: {
    id: p.text().primary(),
    /** Unique per project and mode; limits of plans are named by it, and providers know it as the event's name. */
    key: p.text(),
    name: p.text(),
    eventName: p.text(),
    filter: p.json().$type<readonly FilterClause[]>(),
    aggregation: p.text().$type<Aggregation>(),
    property: p.text().strictNullable(),
    unit: p.text(),
    limitBehavior: p.text().$type<LimitBehavior>(),
    whenUnreadable: p.text().$type<WhenUnreadable>(),
    status: p.text().$type<'active' | 'archived'>(),
    version: p.integer().version(),
    ...owned,
  },
});
export type Meter = InferEntity<typeof MeterEntity>;

/** Where a meter was pushed to. */
export const ProviderMeterEntity = defineEntity({
  name: 'ProviderMeter',
  tableName: 'provider_meters',
  properties: {
    meterId: p.text().primary(),
    provider: p.text().primary(),
    providerMeterId: p.text(),
    ...owned,
  },
});

/** Transaction ids are `xid8`: decimals as text here, never numbers. */
export const UsageReportEntity = defineEntity({
  name: 'UsageReport',
  tableName: 'usage_reports',
  properties: {
    id: p.text().primary(),
    cause: p.text().$type<'schedule' | 'request'>(),
    actor: p.text(),
    status: p.text().$type<UsageReportStatus>(),
    phase: p.text().$type<UsageReportPhase>(),
    /** It covers the events of `[fromXid, toXid)`; null until it has begun. */
    fromXid: p.text().columnType('xid8').strictNullable(),
    toXid: p.text().columnType('xid8').strictNullable(),
    /** When that was taken: events that were accepted later are in the next one. */
    coveredUntil: p.datetime().strictNullable(),
    /** Up to where events have become items. */
    cursor: p.text().columnType('xid8').strictNullable(),
    received: p.bigint('number'),
    differences: p.json().$type<readonly UsageDifference[]>().strictNullable(),
    version: p.integer().version(),
    ...runColumns,
    ...owned,
  },
});
export type UsageReport = InferEntity<typeof UsageReportEntity>;

/** What one provider is told once. Its id is the provider's name for it: what comes there twice counts once. */
export const UsageReportItemEntity = defineEntity({
  name: 'UsageReportItem',
  tableName: 'usage_report_items',
  properties: {
    id: p.text().primary(),
    reportId: p.text(),
    organizationId: p.text(),
    meterId: p.text(),
    /** The hour, or the beginning of the subscription's period where that lies within the hour. */
    bucket: p.datetime(),
    /** Of a meter that counts different values: the value, hashed and as it is. */
    valueKey: p.uuid().strictNullable(),
    value: p.text().strictNullable(),
    /** null: nobody bills the organization. */
    provider: p.text().strictNullable(),
    providerCustomerId: p.text().strictNullable(),
    /** How many of the report's events it is made of. */
    events: p.bigint('number'),
    /** A decimal as text. Of a replacement: the whole that now stands at the provider. */
    quantity: p.decimal('string'),
    /** Of the newest of its events. */
    occurredAt: p.datetime(),
    status: p.text().$type<UsageItemStatus>(),
    /** Why it was rejected, as a code; the provider's own where it gave one. */
    code: p.text().strictNullable(),
    detail: p.text().strictNullable(),
    replaces: p.text().strictNullable(),
    /** Of a meter that takes the last: the event it is of, which settles ties. */
    lastKey: p.uuid().strictNullable(),
    attempts: p.integer(),
    /** Grows when the provider refuses what it had received: the name it was told under is spent there. */
    generation: p.integer(),
    /** When it was first sent since it was last known not to be there. */
    sentAt: p.datetime().strictNullable(),
    reportedAt: p.datetime().strictNullable(),
    version: p.integer().version(),
    ...owned,
  },
});

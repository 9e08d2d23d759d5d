import type { MeterAnswer, MeterPushAnswer, OperatorMeterAnswer, RecountAnswer } from '../api/schemas/meter.ts';
import type { Meter } from '../db/entities/usage.ts';
import type { Recount } from '../db/queries/recount-usage.ts';
import type { FilterClause } from '../domain/usage/meter.ts';
import type { MeterPushReport } from '../workflows/messages.ts';

export function presentMeter(row: Meter): MeterAnswer {
  return {
    id: row.id,
    key: row.key,
    name: row.name,
    event_name: row.eventName,
    filter: row.filter.map(presentClause),
    aggregation: row.aggregation,
    property: row.property,
    unit: row.unit,
    limit_behavior: row.limitBehavior,
    when_unreadable: row.whenUnreadable,
    status: row.status,
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
  };
}

/** @param providerIds Provider → its id. */
export function presentOperatorMeter(row: Meter, providerIds: Readonly<Record<string, string>>): OperatorMeterAnswer {
  return { ...presentMeter(row), provider_ids: { ...providerIds } };
}

function presentClause({ property, operator, value }: FilterClause): MeterAnswer['filter'][number] {
  return { property, operator, value: isList(value) ? [...value] : value };
}

function isList(value: FilterClause['value']): value is readonly (string | number)[] {
  return Array.isArray(value);
}

export function presentRecount(meterId: string, found: Recount, repaired: boolean): RecountAnswer {
  return {
    meter_id: meterId,
    hours: found.hours,
    different: found.different,
    repaired,
    differences: found.differences.map(({ organizationId, hour, kept, counted }) => ({
      organization_id: organizationId,
      hour,
      kept: kept && { ...kept },
      counted: counted && { ...counted },
    })),
  };
}

export function presentMeterPush(id: string, report: MeterPushReport): MeterPushAnswer {
  const { steps, expected, dryRun, isDone } = report;
  const count = (action: string) => steps.filter((step) => step.action === action).length;
  const made = `${count('create')} ${dryRun ? 'would be made' : 'made'}`;
  return {
    id,
    status: isDone ? 'done' : 'running',
    dry_run: dryRun,
    why: `${steps.length} of ${expected} looked at, ${made}, ${count('conflict')} need a person, ${count('not_supported')} cannot be counted there`,
    steps: steps.map(({ meterId, meterKey, provider, action, because }) => ({
      meter_id: meterId,
      meter: meterKey,
      provider,
      action,
      why: because,
    })),
  };
}
